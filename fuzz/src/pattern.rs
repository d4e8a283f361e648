//! `regexp=` redirect URIs.

use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use protocol::RedirectUri;
use protocol::uri::{PATTERN_MARKER, RedirectForm};
use registration::redirect_pattern;

/// How many matches of an accepted pattern are looked at.
const MATCHES: usize = 8;

/// Where no pattern may lead, unless it is written out in it.
const ELSEWHERE: [&str; 8] = [
    "https://evil.test/",
    "https://evil.test/https://a.example/",
    "https://a.example.evil.test/",
    "https://a.example@evil.test/",
    "https://a-example/",
    "http://localhost.evil.test/",
    "javascript:alert(1)//https://a.example/",
    "//evil.test/",
];

/// Everything an accepted pattern matches begins with one of its origins, each of which is a redirect URI itself.
pub fn holds(bytes: &[u8]) {
    let Ok(pattern) = std::str::from_utf8(bytes) else { return };
    let Ok(uri) = RedirectUri::parse(format!("{PATTERN_MARKER}{pattern}")) else { return };
    assert_eq!((uri.form(), uri.as_str().strip_prefix(PATTERN_MARKER)), (RedirectForm::Pattern, Some(pattern)));
    let (Ok(origins), Ok(regex)) = (redirect_pattern::origins(&uri), redirect_pattern::compile(&uri)) else { return };
    assert!(!origins.is_empty(), "{pattern}");
    for origin in &origins {
        assert_eq!(RedirectUri::parse(origin.as_str().to_owned()).as_ref(), Ok(origin), "{pattern}");
        assert!(origin.host().is_some() && origin.as_str().ends_with('/'), "{pattern}: {origin:?}");
    }
    let stays = |text: &str| origins.iter().any(|origin| text.starts_with(origin.as_str()));

    // The regex is the pattern between two anchors, its hosts' dots escaped.
    let whole = regex.as_str().strip_prefix(r"\A(?:").and_then(|rest| rest.strip_suffix(r")\z")).expect("the anchors");
    for made_from in [pattern, whole] {
        let Ok(strategy) = string_regex(made_from) else { continue };
        let mut runner = TestRunner::deterministic();
        for text in (0..MATCHES).filter_map(|_| strategy.new_tree(&mut runner).ok()).map(|tree| tree.current()) {
            assert!(!regex.is_match(&text) || stays(&text), "{pattern} leads to {text}");
        }
    }
    for text in ELSEWHERE {
        assert!(!regex.is_match(text) || stays(text), "{pattern} leads to {text}");
    }
    // An engine that tries again would not come back from this.
    let long = format!("{}{}!", origins.first().map_or("", RedirectUri::as_str), "a".repeat(16 * 1024));
    assert!(!regex.is_match(&long) || stays(&long));
}
