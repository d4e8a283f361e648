//! An authorization request at the hop: its query and its form, from their bytes to `Location`.

use authorize::{MalformedClientId, location, read_client_id};
use url::{Url, form_urlencoded};

const TARGETS: [&str; 3] = [
    "https://login.example/auth",
    "https://login.example/auth?realm=a",
    "https://login.example/auth?",
];

/// Checks that an address begins with the target and ends with the query, that it leads to the target's host and path, and that the
/// client identifier is the only one that a reader of forms finds.
pub fn holds(bytes: &[u8]) {
    let (query, body) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => bytes.split_at(end),
        None => (bytes, [].as_slice()),
    };
    let body = body.get(1..).unwrap_or_default();
    client_id(query, body);
    // The HTTP layer passes on no other bytes.
    let Some(query) = std::str::from_utf8(query).ok().filter(|query| {
        query
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    }) else {
        return;
    };
    for target in TARGETS {
        let location = location(target, query);
        let middle = location
            .strip_prefix(target)
            .and_then(|rest| rest.strip_suffix(query))
            .expect("prefix and suffix are unchanged");
        assert!(matches!(middle, "" | "?" | "&"), "{location}");
        let (there, url) = (Url::parse(target), Url::parse(&location));
        let (there, url) = (there.expect("a URL"), url.expect("a URL"));
        assert_eq!((url.origin(), url.path()), (there.origin(), there.path()));
    }
}

fn client_id(query: &[u8], body: &[u8]) {
    let all = form_urlencoded::parse(query).chain(form_urlencoded::parse(body));
    let found: Vec<String> = all
        .filter(|(name, _)| name == "client_id")
        .map(|(_, value)| value.into_owned())
        .collect();
    match (read_client_id(query, body), found.as_slice()) {
        (Ok(Some(read)), [only]) => assert_eq!(read, *only),
        (Ok(None), []) | (Err(MalformedClientId), [_, _, ..]) => {}
        (Ok(None), [only]) => assert!(only.is_empty(), "{only:?}"),
        (Err(MalformedClientId), [only]) => {
            assert!(only.contains(['\0', '\u{fffd}']), "{only:?}");
        }
        (read, found) => panic!("{read:?} {found:?}"),
    }
}
