//! `regexp=` redirect URIs: the grammar, the judged form, and its vectors for other programs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what it expects"
)]

use std::fmt::Write;
use std::fs;
use std::path::Path;

use protocol::redirect_pattern::{RedirectPattern, hosts_of};
use protocol::{ClientMetadata, RedirectUri};
use serde_json::{Value, json};

fn uri(pattern: &str) -> RedirectUri {
    RedirectUri::parse(format!("regexp={pattern}")).expect(pattern)
}

fn refused(pattern: &str) -> &'static str {
    RedirectPattern::parse(&uri(pattern)).expect_err(pattern)
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(&fs::read_to_string(root().join("interop/patterns.json")).unwrap())
        .unwrap()
}

fn texts(vector: &Value, member: &str) -> Vec<String> {
    serde_json::from_value(vector[member].clone()).unwrap()
}

const ESCAPE: &str = "has a pattern with a backslash before a character that is not an operator";
const ANCHOR: &str =
    "has a pattern with an anchor that is neither its first nor its last character";
const GROUP: &str = "has a pattern with a group that begins with (? but not with (?:";
const PARENTHESIS: &str = "has a pattern with an unmatched parenthesis";
const QUANTIFIER: &str =
    "has a pattern with a quantifier that does not follow a character, a class or a group";
const TWICE: &str = "has a pattern with two quantifiers in a row";
const BARE: &str = "has a pattern with an unescaped brace or closing bracket";
const BOUNDS: &str = "has a pattern with braces that are not {n}, {n,} or {n,m}, with n at most m and no leading zero";
const TOO_OFTEN: &str = "has a pattern with more than 1000 repetitions";
const EMPTY: &str = "has a pattern with an empty character class";
const OPEN: &str = "has a pattern with an unclosed character class";
const NAMED: &str = "has a pattern with a named character class";
const RANGE: &str = "has a pattern with a range that is not of lower-case letters, of upper-case letters or of digits, in ascending order";
const OTHER: &str = "has a pattern with a character class of other characters than letters, digits, ranges of them, _ . / : = % @ + , ? #, and - at its end";

/// Constructs that engines read differently, by the reason for their refusal.
const REFUSED: &[(&str, &[&str])] = &[
    (
        ESCAPE,
        &[
            r"\d", r"\w", r"\s", r"\b", r"\B", r"\z", r"\A", r"\p{L}", r"\x41", r"\u0041",
            r"\Qx\E", r"(x)\1", r"\-", r"\_", r"\a", r"x\",
        ],
    ),
    (
        ANCHOR,
        &[
            "^", "x^y", "(^x)", "(x|^y)", "x$y", "(x$)", "(x$|y)", "$$", "x$*",
        ],
    ),
    (
        GROUP,
        &[
            "(?i)x", "(?i:x)", "(?P<n>x)", "(?<n>x)", "(?=x)", "(?!x)", "(?<=x)", "(?<!x)",
            "(?>x)", "(?#x)", "(?x)", "(?|x)", "(?)", "(?",
        ],
    ),
    (PARENTHESIS, &["(x", "x)", "((x)", "(", ")"]),
    (
        QUANTIFIER,
        &["(*)", "(+x)", "(?:*)", "x|*", "(|+)", "(*FAIL)"],
    ),
    (
        TWICE,
        &[
            "x*?", "x+?", "x??", "x*+", "x++", "x?+", "x**", "x{2}?", "x{2}+", "x{2}{3}", "x*{2}",
            "(x)*?", "[x]+?",
        ],
    ),
    (
        BARE,
        &["({2})", "x|{2}", "}", "x}", "x]", "]", "x{2}}", "({,2})"],
    ),
    (
        BOUNDS,
        &[
            "x{", "x{}", "x{x}", "x{,2}", "x{,}", "x{2,1}", "x{2", "x{2,", "x{2,3", "x{-1}",
            "x{01}", "x{1,02}", "x{1,2,3}", "x{+1}",
        ],
    ),
    (
        TOO_OFTEN,
        &[
            "x{1001}",
            "x{0,1001}",
            "x{1001,}",
            "x{99999999999999999999}",
            "(x{100}){11}",
            "((x{2,}y){20}z){26}",
            "(x{0,}){1001}",
        ],
    ),
    (
        "has a pattern with a repetition of zero times",
        &["x{0}", "x{0,0}", "(x){0}"],
    ),
    (EMPTY, &["[]", "[^]", "[]x]", "[^]x]"]),
    (OPEN, &["[", "[x", "[^", "[a-z"]),
    (NAMED, &["[:alpha:]", "[^:alpha:]", "[::]"]),
    (
        RANGE,
        &[
            "[z-a]", "[a-Z]", "[A-z]", "[0-z]", "[9-0]", "[.-a]", "[+--]", "[a-.]", "[--a]",
            r"[a\-z]",
        ],
    ),
    (
        OTHER,
        &[
            "[a[b]|.*|c]",
            "[[:alpha:]]",
            "[a&&b]",
            "[a&b]",
            "[a~b]",
            "[a~~b]",
            r"[\d]",
            r"[\]]",
            "[a^b]",
            "[-a]",
            "[^-a]",
            "[a-b-c]",
            "[a|b]",
            "[(]",
            "[*]",
            "[$]",
            "[!]",
            "[{]",
            "[a-",
            "[ab\"]",
        ],
    ),
];

#[test]
fn constructs_outside_the_grammar_are_refused() {
    for (reason, constructs) in REFUSED {
        for construct in *constructs {
            assert_eq!(
                refused(&format!("https://a.example/{construct}")),
                *reason,
                "{construct}"
            );
            assert_eq!(
                refused(&format!("https://a.example/|https://b.example/{construct}")),
                *reason,
                "{construct}"
            );
        }
    }
    assert_eq!(refused("^^https://a.example/"), ANCHOR);
    assert_eq!(refused("*https://a.example/"), QUANTIFIER);
    assert_eq!(refused("^*https://a.example/"), QUANTIFIER);
    assert_eq!(refused("{2}https://a.example/"), BARE);
    let deep = |groups: usize| {
        format!(
            "https://a.example/{}x{}",
            "(".repeat(groups),
            ")".repeat(groups)
        )
    };
    assert_eq!(
        refused(&deep(33)),
        "has a pattern with groups that are nested too deeply"
    );
    assert_eq!(
        refused("https://a.example/(((x{10}){10}){10}.{1000})"),
        "has a pattern that is too large when it is compiled"
    );
}

/// The origin of every alternative is written out. RFC 9700 §4.1.1.
#[test]
fn patterns_without_a_complete_origin_are_refused() {
    const UNBOUND: &str =
        "has a pattern with an alternative that does not begin with https://host/";
    for text in [
        ".*",
        "https://.*",
        "https://[^/]+/cb",
        "https://a.example",
        "https://a.example.*",
        "(https://a.example/cb|)",
        "(https://a.example/cb|.*)",
        r"(https://a.example/cb|javascript:alert\(1\))",
        "https://*.example/",
        "https://a.exa[m]ple/",
        "http://a.example/cb",
        "https://user@a.example/",
        "https://a.example(/cb)?",
        "https://a.example/?",
        "https://a.example/*",
        "https?://a.example/cb",
        "https://a.example:99999/",
        "HTTPS://a.example/",
        "(https://a.example/|Https://a.example/cb)",
        r"https://a.example\.evil",
        r"https:\/\/a.example\/cb",
        "https://(?:a|b)/cb",
        "(a+)+",
        "",
    ] {
        let refusal = RedirectUri::parse(format!("regexp={text}"))
            .ok()
            .map(|uri| RedirectPattern::parse(&uri));
        assert!(
            matches!(refusal, None | Some(Err(UNBOUND))),
            "{text} {refusal:?}"
        );
    }
    for text in [
        "https://a.example/#.*",
        "https://a.example/(cb|x#y)",
        "https://a.example/cb[#]",
        "https://a.example/(cb(#.*)?)",
    ] {
        assert_eq!(refused(text), "has a pattern with a fragment", "{text}");
    }
    assert!(
        RedirectPattern::parse(&uri("https://a.example/[://b.example/]")).is_err(),
        "a host in a class"
    );
}

#[test]
fn ordinary_patterns_are_accepted() {
    for text in [
        "(https://a/cb|https://b/cb)",
        r"https://a\.example/cb/[0-9]{1,3}",
        "^https://a.example/(x|y)$",
        "http://localhost:8080/cb.*",
        "https://a.example/(a+)+$",
        "https://a.example/[^#]*",
        "https://a.example/(?://|x)(?:https://b.example/)?",
        r"https:\/\/a\.example\/cb",
        "https://a.example/[A-Za-z0-9_.-]+/cb",
        "https://a.example/[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}",
        "https://a.example/[-]|https://a.example/[^-]",
        "https://a.example/y{0,1}z{0,}w{1000}",
        "https://a.example/()(|x)(x|)*!\"'-&~,;<>=@_`%",
        r"https://a.example/\.\?\+\*\(\)\[\]\{\}\|\^\$\\\/",
    ] {
        let pattern = RedirectPattern::parse(&uri(text)).expect(text);
        let regex = pattern.regex().unwrap();
        assert!(
            !regex.is_match("https://evil.example/steal") && !regex.is_match("javascript:alert(1)"),
            "{text}"
        );
    }
}

#[test]
fn hosts_of_a_pattern_are_those_of_its_origins() {
    let hosts = |text: &str| {
        hosts_of(&RedirectUri::parse(text.to_owned()).unwrap())
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        hosts("regexp=(https://a.example/cb|http://localhost:8080/.*)"),
        ["a.example", "localhost"]
    );
    assert_eq!(hosts("regexp=https://a.example/(x|y)"), ["a.example"]);
    assert_eq!(hosts("https://a.example/cb"), ["a.example"]);
}

#[test]
fn judged_form_is_that_of_the_vectors() {
    for vector in vectors() {
        let sent = vector["regexp"].as_str().unwrap();
        let metadata = ClientMetadata {
            redirect_uris: Some(vec![uri(sent)]),
            ..ClientMetadata::default()
        };
        let judged: Value = serde_json::from_str(&metadata.judged_patterns().expect(sent)).unwrap();
        assert_eq!(
            judged,
            json!([{ "pattern": vector["pattern"], "origins": vector["origins"] }]),
            "{sent}"
        );
        let regex = RedirectPattern::parse(&uri(sent)).unwrap().regex().unwrap();
        let matched = |candidate: &String| {
            candidate.bytes().all(|byte| byte.is_ascii_graphic()) && regex.is_match(candidate)
        };
        for candidate in texts(&vector, "match") {
            assert!(matched(&candidate), "{sent} {candidate}");
            let origins = texts(&vector, "origins");
            assert!(
                origins
                    .iter()
                    .any(|origin| candidate.starts_with(&format!("{origin}/"))),
                "{sent} {candidate}"
            );
        }
        assert!(!texts(&vector, "no_match").iter().any(matched), "{sent}");
    }
}

/// An array has the form of every pattern, or there is none.
#[test]
fn judged_form_is_whole_or_absent() {
    let judged = |uris: &[&str]| {
        let uris = uris
            .iter()
            .map(|uri| RedirectUri::parse((*uri).to_owned()).unwrap())
            .collect();
        ClientMetadata {
            redirect_uris: Some(uris),
            ..ClientMetadata::default()
        }
        .judged_patterns()
    };
    let both = judged(&[
        "https://c.example/",
        "regexp=https://b.example/",
        "regexp=https://a.example/(x|y)",
    ]);
    let written = r#"[{"pattern":"^(?:https://b\\.example/)$","origins":["https://b.example"]},{"pattern":"^(?:https://a\\.example/(x|y))$","origins":["https://a.example"]}]"#;
    assert_eq!(both.as_deref(), Some(written));
    assert_eq!(judged(&["https://c.example/"]), None);
    assert_eq!(
        judged(&["regexp=https://b.example/", r"regexp=https://a.example/\d"]),
        None
    );
    assert_eq!(ClientMetadata::default().judged_patterns(), None);
}

/// The table of `docs/store.md` is the vectors. `UPDATE_PAGES=1 cargo test -p protocol --test redirect_patterns` writes it.
#[test]
fn store_page_prints_the_vectors() {
    const HEAD: &str = "| behind `regexp=` | `pattern` | `origins` | matched | not matched |\n|---|---|---|---|---|\n";
    let code = |text: &str| format!("`{}`", text.replace('|', "\\|"));
    let list = |texts: Vec<String>| {
        texts
            .iter()
            .map(|text| code(&json!(text).to_string()))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let mut table = HEAD.to_owned();
    for vector in vectors() {
        let text = |member: &str| code(vector[member].as_str().unwrap());
        let texts = |member: &str| list(texts(&vector, member));
        let (regexp, pattern) = (text("regexp"), text("pattern"));
        writeln!(
            table,
            "| {regexp} | {pattern} | {} | {} | {} |",
            texts("origins"),
            texts("match"),
            texts("no_match")
        )
        .unwrap();
    }
    let path = root().join("docs/store.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(HEAD).expect("the head of the table");
    let after = rest
        .split_once("\n\n")
        .map(|(_, after)| after)
        .expect("a paragraph behind the table");
    let wanted = format!("{before}{table}\n{after}");
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch for the person at the terminal, not a setting of the program"
    )]
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(
        kept == wanted,
        "docs/store.md has other vectors than interop/patterns.json"
    );
}
