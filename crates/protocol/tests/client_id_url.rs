//! Client identifiers that are URLs of documents. CIMD §3.

use proptest::prelude::*;
use protocol::client_id_url::{ClientIdUrl, ClientIdUrlError, looks_like_document_id};
use url::Url;

fn long(bytes: usize) -> String {
    let begin = "https://app.example/";
    format!("{begin}{}", "c".repeat(bytes - begin.len()))
}

/// A URL is accepted in its normal form alone: https, a path, no dot segment, no fragment, no user information, and no query, which
/// SHOULD NOT be there; a port is allowed. CIMD §3.
#[test]
fn cimd_3_spellings() {
    use ClientIdUrlError::{
        DotSegment, Length, NormalForm, Path, QueryOrFragment, Scheme, UserInformation,
    };
    let table = [
        ("https://app.example/oauth/client.json", None),
        ("https://app.example:8443/c", None),
        ("https://127.0.0.1:8443/c", None),
        ("https://[2001:db8::1]/c", None),
        ("https://[::1]:8443/c", None),
        ("https://xn--bcher-kva.example/c", None),
        ("https://app.example/a/", None),
        ("https://app.example/%7Ec", None),
        ("https://app.example/%7ec", None),
        ("https://app.example/a%2Fb", None),
        ("https://app.example//c", None),
        ("https://app.example/.../c", None),
        ("https://app.example/.well-known/c", None),
        ("https://my_app.example/c", None),
        ("https://app.example/a@b:c;d=e,f", None),
        ("https://app.example", Some(Path)),
        ("https://app.example/", Some(Path)),
        ("https://app.example:8443", Some(Path)),
        ("https://app.example:8443/", Some(Path)),
        ("https://app.example/./c", Some(DotSegment)),
        ("https://app.example/a/../c", Some(DotSegment)),
        ("https://app.example/%2e/c", Some(DotSegment)),
        ("https://app.example/a/%2E%2e/c", Some(DotSegment)),
        ("https://app.example/a/.%2e/c", Some(DotSegment)),
        ("https://app.example/a/%2E./c", Some(DotSegment)),
        ("https://app.example/c/..", Some(DotSegment)),
        ("https://app.example/c/.", Some(DotSegment)),
        ("https://app.example/.", Some(DotSegment)),
        ("https://app.example/a\\..\\c", Some(DotSegment)),
        ("https://app.example:443/c", Some(NormalForm)),
        ("https://app.example:08443/c", Some(NormalForm)),
        ("https://app.example:/c", Some(NormalForm)),
        ("https://app.example:65536/c", Some(NormalForm)),
        ("https://App.example/c", Some(NormalForm)),
        ("HTTPS://app.example/c", Some(NormalForm)),
        ("Https://app.example/c", Some(NormalForm)),
        ("https://app.example./c", Some(NormalForm)),
        ("https://app..example/c", Some(NormalForm)),
        ("https://app\"&.example/c", Some(NormalForm)),
        ("https://127.1/c", Some(NormalForm)),
        ("https://2130706433/c", Some(NormalForm)),
        ("https://0x7f.0.0.1/c", Some(NormalForm)),
        ("https://[::ffff:127.0.0.1]/c", Some(NormalForm)),
        ("https://[::FFFF:7f00:1]/c", Some(NormalForm)),
        ("https://[0:0:0:0:0:0:0:1]/c", Some(NormalForm)),
        ("https://bücher.example/c", Some(NormalForm)),
        ("https://app.example/bücher", Some(NormalForm)),
        ("https://app.example/a\tb", Some(NormalForm)),
        ("https://app.example/a\r\nb", Some(NormalForm)),
        ("https://app.example/a b", Some(NormalForm)),
        ("https://app.example/c ", Some(NormalForm)),
        ("https://app.example/c\n", Some(NormalForm)),
        ("https://app.example/a\\b", Some(NormalForm)),
        ("https://app.example/\u{0}", Some(NormalForm)),
        ("https://app.example/<script>", Some(NormalForm)),
        ("https://app.example/100%", Some(NormalForm)),
        ("https://app.example/%zz", Some(NormalForm)),
        ("https://app.example/a|b^c", Some(NormalForm)),
        ("https:///c", Some(NormalForm)),
        ("https:////c", Some(NormalForm)),
        ("https://:8443/c", Some(NormalForm)),
        ("https://u@app.example/c", Some(UserInformation)),
        ("https://u:p@app.example/c", Some(UserInformation)),
        ("https://@app.example/c", Some(UserInformation)),
        (
            "https://app.example\\@evil.example/c",
            Some(UserInformation),
        ),
        ("https://app.example/c?x", Some(QueryOrFragment)),
        ("https://app.example/c?", Some(QueryOrFragment)),
        ("https://app.example/c#f", Some(QueryOrFragment)),
        ("https://app.example/c#", Some(QueryOrFragment)),
        ("https://app.example?x", Some(QueryOrFragment)),
        ("http://app.example/c", Some(Scheme)),
        ("https:/app.example/c", Some(Scheme)),
        ("https:app.example/c", Some(Scheme)),
        (" https://app.example/c", Some(Scheme)),
        ("0123456789abABCD", Some(Scheme)),
        ("", Some(Scheme)),
    ];
    for (text, refusal) in table {
        let parsed = ClientIdUrl::parse(text);
        assert_eq!(parsed.as_ref().err().copied(), refusal, "{text}");
        if let Ok(url) = parsed {
            assert_eq!(url.as_str(), text);
        }
    }
    assert!(ClientIdUrl::parse(&long(2048)).is_ok());
    assert_eq!(ClientIdUrl::parse(&long(2049)), Err(Length));
}

/// Host and port are those of the URL as it is written.
#[test]
fn host_has_no_port_and_authority_has_it() {
    for (text, host, authority) in [
        ("https://app.example/c", "app.example", "app.example"),
        (
            "https://app.example:8443/c:1",
            "app.example",
            "app.example:8443",
        ),
        ("https://127.0.0.1:8443/c", "127.0.0.1", "127.0.0.1:8443"),
        (
            "https://[2001:db8::1]:8443/c",
            "[2001:db8::1]",
            "[2001:db8::1]:8443",
        ),
        ("https://[2001:db8::1]/c", "[2001:db8::1]", "[2001:db8::1]"),
    ] {
        let url = ClientIdUrl::parse(text).unwrap();
        assert_eq!((url.host(), url.authority()), (host, authority), "{text}");
    }
}

/// An identifier that begins with `https://` in any case is a URL, even one that is not valid.
/// CIMD §7.1.
#[test]
fn cimd_7_1_beginning_tells_url_identifiers() {
    for text in [
        "https://",
        "https://app.example/c",
        "HTTPS://x",
        "hTtPs://\u{0}",
    ] {
        assert!(looks_like_document_id(text), "{text}");
    }
    for text in [
        "",
        "https:/",
        "https:/x/y/z",
        "http://app.example/c",
        "xhttps://a",
        "018f3c2a9b",
        "httpſ://a/b",
    ] {
        assert!(!looks_like_document_id(text), "{text}");
    }
}

fn near_urls() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("app.example"),
        Just("127.0.0.1"),
        Just("127.1"),
        Just("[::1]"),
        Just("xn--bcher-kva"),
        Just("bücher"),
        Just("."),
        Just(".."),
        Just("%2e"),
        Just("%2E%2e"),
        Just("%7E"),
        Just("%"),
        Just("/"),
        Just("//"),
        Just("\\"),
        Just(":"),
        Just(":443"),
        Just(":8443"),
        Just("@"),
        Just("?"),
        Just("#"),
        Just("c"),
        Just("A"),
        Just("_"),
        Just("-"),
        Just(" "),
        Just("\t"),
        Just("\""),
        Just("'"),
        Just("|"),
        Just("^"),
        Just("é"),
        Just("\u{ad}"),
    ];
    let host = prop_oneof![
        Just("https://"),
        Just("https://app.example/"),
        Just("HTTPS://"),
        Just("https:/")
    ];
    (host, prop::collection::vec(part, 0..9))
        .prop_map(|(begin, parts)| begin.to_owned() + &parts.concat())
}

proptest! {
    /// An accepted identifier is what a URL parser makes of it, byte for byte, has the host that the parser finds, and has neither
    /// query, fragment nor user information. CIMD §3.
    #[test]
    fn cimd_3_accepted_urls_are_in_normal_form(text in prop_oneof![near_urls(), ".{0,40}", "https://[ -~]{0,30}"]) {
        if let Ok(id) = ClientIdUrl::parse(&text) {
            let url = Url::parse(&text).unwrap();
            prop_assert_eq!(url.as_str(), &text);
            prop_assert_eq!(url.host_str(), Some(id.host()));
            prop_assert_eq!(url.scheme(), "https");
            prop_assert!(url.path().len() > 1 && url.query().is_none() && url.fragment().is_none());
            prop_assert!(url.username().is_empty() && url.password().is_none());
            prop_assert!(text.is_ascii() && looks_like_document_id(&text));
        }
    }
}
