//! `regexp=` redirect URIs.

pub mod backtracking;
pub mod candidates;
pub mod reading;
pub mod written;

use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use protocol::redirect_pattern::{RedirectPattern, grammar, hosts, origins_of_any};
use protocol::uri::{PATTERN_MARKER, RedirectForm};
use protocol::{ClientMetadata, RedirectUri};

use self::backtracking::matches_within;
use self::reading::Expression;

/// The number of matches of an accepted pattern that are looked at.
const MATCHES: usize = 8;

/// The maximum length of a text that is read twice, in bytes: the second readings are slow.
const LENGTH: usize = 100;

/// Texts that no pattern may match, unless they are written out in it.
pub const ELSEWHERE: [&str; 9] = [
    "https://evil.test/",
    "https://evil.test/https://a.example/",
    "https://a.example.evil.test/",
    "https://a.example@evil.test/",
    "https://a-example/",
    "https://aXexample/cb",
    "http://localhost.evil.test/",
    "javascript:alert(1)//https://a.example/",
    "//evil.test/",
];

/// Everything an accepted pattern matches begins with one of its origins, each of which is a redirect URI itself; and it is
/// read in one way.
pub fn holds(bytes: &[u8]) {
    let Ok(pattern) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(inner) = grammar::without_anchors(pattern) {
        assert!(regex_syntax::parse(pattern).is_ok(), "{pattern}");
        assert!(regex_syntax::parse(inner).is_ok(), "{inner}");
        Expression::read(inner);
    }
    let Ok(uri) = RedirectUri::parse(format!("{PATTERN_MARKER}{pattern}")) else {
        return;
    };
    assert_eq!(
        (uri.form(), uri.as_str().strip_prefix(PATTERN_MARKER)),
        (RedirectForm::Pattern, Some(pattern))
    );
    let Ok(judged) = RedirectPattern::parse(&uri) else {
        assert_eq!(column(&uri), None, "{pattern}");
        return;
    };
    let regex = judged.regex().expect("what is accepted compiles");
    let origins = judged.origins();
    assert!(!origins.is_empty(), "{pattern}");
    for origin in origins {
        assert_eq!(
            RedirectUri::parse(origin.as_str().to_owned()).as_ref(),
            Ok(origin),
            "{pattern}"
        );
        assert!(
            origin.host().is_some() && origin.as_str().ends_with('/'),
            "{pattern}: {origin:?}"
        );
    }
    assert_eq!(origins_of_any(&uri).as_deref(), Ok(origins), "{pattern}");
    let stays = |text: &str| {
        origins
            .iter()
            .any(|origin| text.starts_with(origin.as_str()))
    };

    // The judged form is the pattern between two anchors, its hosts' dots escaped, and is judged to be itself.
    let inner = judged
        .expression()
        .strip_prefix("^(?:")
        .and_then(|rest| rest.strip_suffix(")$"))
        .expect("the anchors");
    assert_eq!(
        grammar::without_anchors(pattern)
            .ok()
            .and_then(hosts::escape_dots)
            .as_deref(),
        Some(inner)
    );
    if let Ok(again) = RedirectUri::parse(format!("{PATTERN_MARKER}{inner}")) {
        assert!(column(&uri).is_some());
        assert_eq!(column(&again), column(&uri), "{pattern}");
    }

    let expression = Expression::read(inner);
    let mut runner = TestRunner::deterministic();
    let mut texts = candidates::candidates(&expression, runner.rng());
    for made_from in [pattern, inner] {
        let Ok(strategy) = string_regex(made_from) else {
            continue;
        };
        texts.extend(
            (0..MATCHES)
                .filter_map(|_| strategy.new_tree(&mut runner).ok())
                .map(|tree| tree.current()),
        );
    }
    for text in texts {
        let matched = regex.is_match(&text);
        if text.len() <= LENGTH {
            assert_eq!(matched, expression.matches(&text), "{pattern} and {text}");
            assert_eq!(
                matched,
                matches_within(1_000, &expression, &text).unwrap_or(matched),
                "{pattern} and {text}"
            );
        }
        assert!(!matched || stays(&text), "{pattern} leads to {text}");
    }
    // An engine that tries again would not come back from this.
    let long = format!(
        "{}{}!",
        origins.first().map_or("", RedirectUri::as_str),
        "a".repeat(16 * 1024)
    );
    assert!(!regex.is_match(&long) || stays(&long));
}

/// The column of a client with that redirect URI.
fn column(uri: &RedirectUri) -> Option<String> {
    ClientMetadata {
        redirect_uris: Some(vec![uri.clone()]),
        ..ClientMetadata::default()
    }
    .judged_patterns()
}
