//! Percent-encoding. RFC 3986 §2.1.

use std::borrow::Cow;
use std::fmt::Write;

/// Decodes a text once. A `+` stays a plus, since it means a space in HTML forms only, and `acct:a+b@example.com` must arrive as it
/// was sent.
///
/// Returns `None` if a percent sign is not followed by two hexadecimal digits, or the octets are not UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    String::from_utf8(octets(text)?).ok().map(Cow::Owned)
}

/// Escapes every octet that is not unreserved, and no other. RFC 3986 §2.3, §6.2.2.
pub(crate) fn canonical(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for octet in octets(text).unwrap_or_default() {
        match octet {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(octet));
            }
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "%{octet:02X}");
            }
        }
    }
    escaped
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut runs = text.as_bytes().split(|byte| *byte == b'%');
    octets.extend_from_slice(runs.next().unwrap_or_default());
    for run in runs {
        let [high, low, rest @ ..] = run else {
            return None;
        };
        octets.push((digit(*high)? << 4) | digit(*low)?);
        octets.extend_from_slice(rest);
    }
    Some(octets)
}

/// Returns true if two hexadecimal digits follow every percent sign.
pub(crate) fn is_well_formed(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Percent-encoding is decoded once.
    #[test]
    fn percent_encoding_is_decoded_once() {
        for (text, decoded) in [
            ("", ""),
            ("a+b", "a+b"),
            ("acct%3Aalice%40example.com", "acct:alice@example.com"),
            ("%2540", "%40"),
            ("b%c3%BCcher", "bücher"),
            ("bücher%41", "bücherA"),
            ("%00", "\0"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(decoded), "{text}");
            assert!(is_well_formed(text), "{text}");
        }
    }

    /// An invalid percent-encoding is refused.
    #[test]
    fn invalid_escape_is_refused() {
        for text in ["%", "a%4", "%zz", "%+1", "%%41", "%4g"] {
            assert_eq!(decode(text), None, "{text}");
            assert!(!is_well_formed(text), "{text}");
        }
        assert_eq!(decode("%ff"), None);
        assert!(is_well_formed("%ff"));
    }

    #[test]
    fn a_text_has_one_canonical_form() {
        for (text, canonical) in [
            ("", ""),
            ("a-Z.0_~", "a-Z.0_~"),
            ("a+b@c/d%40%7e%ff", "a%2Bb%40c%2Fd%40~%FF"),
            ("bü", "b%C3%BC"),
        ] {
            assert_eq!(super::canonical(text), canonical);
            assert_eq!(super::canonical(canonical), canonical);
        }
    }
}
