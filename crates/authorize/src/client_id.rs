//! Reads `client_id` from an authorization request. RFC 6749 §4.1.1.

use percent_encoding::percent_decode;

/// The parameter that is read.
const NAME: &[u8] = b"client_id";

/// An authorization request without a readable client: `client_id` occurs twice, is not UTF-8, or has U+0000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedClientId;

/// Returns the client identifier of a request, by its query and the form in its body. Names and values are decoded as those of a
/// form, so that every spelling of the name is found. An empty identifier counts as absent.
///
/// # Errors
/// The parameter occurs twice, or its value is no text.
pub fn read_client_id(query: &[u8], body: &[u8]) -> Result<Option<String>, MalformedClientId> {
    let mut found = None;
    for parameter in [query, body]
        .into_iter()
        .flat_map(|form| form.split(|byte| *byte == b'&'))
    {
        let mut parts = parameter.splitn(2, |byte| *byte == b'=');
        let name = parts.next().unwrap_or_default();
        if decode(name) != NAME {
            continue;
        }
        let value = decode(parts.next().unwrap_or_default());
        if found.replace(value).is_some() {
            return Err(MalformedClientId);
        }
    }
    let Some(value) = found.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    String::from_utf8(value)
        .ok()
        .filter(|value| !value.contains('\0'))
        .map(Some)
        .ok_or(MalformedClientId)
}

/// Decodes a name or a value of a form. A percent sign without two hexadecimal digits stays, as in the URL standard.
fn decode(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, body: &str) -> Result<Option<String>, MalformedClientId> {
        read_client_id(query.as_bytes(), body.as_bytes())
    }

    /// RFC 6749 §4.1.1, appendix B: the name is found in every spelling, in the query or in the body.
    #[test]
    fn client_id_is_found_in_every_spelling() {
        for (query, body) in [
            ("client_id=a%2Fb", ""),
            ("", "client_id=a/b"),
            ("x=1&client%5Fid=a%2fb&y", ""),
            ("%63lient_id=a/b", "y=client_id"),
            ("Client_id=c&client_id=a/b&client_id2=d", ""),
        ] {
            assert_eq!(
                read(query, body),
                Ok(Some("a/b".to_owned())),
                "{query} {body}"
            );
        }
        assert_eq!(
            read("client_id=a+b%zz%2", ""),
            Ok(Some("a b%zz%2".to_owned()))
        );
        assert_eq!(read("client_id=a=b", ""), Ok(Some("a=b".to_owned())));
    }

    /// RFC 6749 §3.1: a parameter without a value counts as left out; the server behind says so.
    #[test]
    fn absent_and_empty_client_ids_are_no_error() {
        for query in [
            "",
            "&",
            "client_id",
            "client_id=",
            "state=client_id",
            "client.id=a",
        ] {
            assert_eq!(read(query, ""), Ok(None), "{query}");
        }
    }

    /// RFC 6749 §3.1: a parameter must not be included more than once. The server behind might read the other one.
    #[test]
    fn two_client_ids_are_malformed() {
        for (query, body) in [
            ("client_id=a&client_id=b", ""),
            ("client_id=a&client_id=a", ""),
            ("client_id=a&client%5fid=", ""),
            ("client_id&client_id=a", ""),
            ("client_id=a", "client_id=a"),
        ] {
            assert_eq!(read(query, body), Err(MalformedClientId), "{query} {body}");
        }
    }

    /// Programs read bytes that are no text, and U+0000, differently.
    #[test]
    fn client_id_that_is_no_text_is_malformed() {
        for query in ["client_id=%ff", "client_id=a%00b", "client_id=%C3"] {
            assert_eq!(read(query, ""), Err(MalformedClientId), "{query}");
        }
        assert_eq!(read("client_id=%C3%A4", ""), Ok(Some("\u{e4}".to_owned())));
    }
}
