//! `regexp=` redirect URIs, as WSO2 clients register them: every match must stay on origins that are written out.

use protocol::uri::{PATTERN_MARKER, RedirectForm};
use protocol::{ClientMetadata, Invalid, LegacyRedirects, RedirectUri};
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::literal::{ExtractKind, Extractor};

/// How large a compiled pattern may be, in bytes.
const COMPILED_MAX: usize = 64 * 1024;

/// How deep groups may stand inside one another.
const NEST_MAX: u32 = 32;

/// Judges the patterns among the redirect URIs. `may_introduce` says whether the caller may bring new ones: only
/// accounts may.
///
/// # Errors
/// When there is one that must not be registered.
pub fn check(asked: &ClientMetadata, legacy: LegacyRedirects<'_>, may_introduce: bool) -> Result<(), Invalid> {
    for uri in asked.redirect_uris.iter().flatten().filter(|uri| uri.form() == RedirectForm::Pattern) {
        let permitted = match legacy {
            LegacyRedirects::Refused => false,
            LegacyRedirects::Accepted => may_introduce,
            LegacyRedirects::Kept(_) => legacy.allows(uri),
        };
        if !permitted {
            return Err(Invalid::new("redirect_uris", "has a pattern, which only an account may register at a WSO2 door"));
        }
        compile(uri).map_err(|reason| Invalid::new("redirect_uris", reason))?;
    }
    Ok(())
}

/// Compiles a pattern that is matched as a whole, after seeing that every match begins with a complete origin that
/// could be a redirect URI's.
///
/// # Errors
/// The rest of a sentence that begins with `redirect_uris`.
pub fn compile(uri: &RedirectUri) -> Result<Regex, &'static str> {
    let pattern = uri.as_str().strip_prefix(PATTERN_MARKER).ok_or("has an element that is not a pattern")?;
    let pattern = literal_hosts(pattern).ok_or(UNBOUND)?;
    let regex = RegexBuilder::new(&format!(r"\A(?:{pattern})\z"))
        .size_limit(COMPILED_MAX)
        .nest_limit(NEST_MAX)
        .build()
        .map_err(|_| "has a pattern that does not compile")?;
    let hir = regex_syntax::ParserBuilder::new()
        .nest_limit(NEST_MAX)
        .build()
        .parse(&pattern)
        .map_err(|_| "has a pattern that does not compile")?;
    let prefixes =
        Extractor::new().kind(ExtractKind::Prefix).limit_class(1).limit_repeat(1).limit_literal_len(300).limit_total(50).extract(&hir);
    let prefixes = prefixes.literals().ok_or(UNBOUND)?;
    if prefixes.is_empty() || !prefixes.iter().all(|prefix| has_origin(prefix.as_bytes())) {
        return Err(UNBOUND);
    }
    Ok(regex)
}

const UNBOUND: &str = "has a pattern whose every alternative must begin with a complete https://host/";

/// Whether a literal begins with `https://host[:port]/`, or with http on loopback, as a redirect URI may.
fn has_origin(literal: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(literal) else { return false };
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let Some((authority, _)) = rest.split_once('/') else { return false };
    RedirectUri::parse(format!("{scheme}://{authority}/"))
        .is_ok_and(|uri| matches!(uri.form(), RedirectForm::Https | RedirectForm::HttpsLocalhost | RedirectForm::HttpLoopback))
}

/// Escapes the dots between the labels of every host: an unescaped one would also match any other character there, and so
/// somebody else's host. Nothing, when a host is not written out up to the slash behind it.
fn literal_hosts(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let mut end = 0;
        let mut escaped = false;
        for character in after.chars() {
            match character {
                '.' if !escaped => out.push_str("\\."),
                '.' | '\\' | '-' | ':' => out.push(character),
                _ if character.is_ascii_alphanumeric() && !escaped => out.push(character),
                _ => break,
            }
            escaped = character == '\\' && !escaped;
            end += character.len_utf8();
        }
        rest = after.get(end..).filter(|rest| rest.starts_with('/'))?;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Result<Regex, &'static str> {
        compile(&RedirectUri::parse(format!("regexp={text}")).expect(text))
    }

    #[test]
    fn alternatives_that_begin_with_a_complete_origin_are_accepted() {
        let regex = pattern("(https://a.example/cb|https://b.example:8443/x/.*)").unwrap();
        assert!(regex.is_match("https://a.example/cb"));
        assert!(regex.is_match("https://b.example:8443/x/y?z=1"));
        for other in
            ["https://a.example/cb2", "xhttps://a.example/cb", "https://axexample/cb", "https://a.example/cb\n", "https://evil.example/x"]
        {
            assert!(!regex.is_match(other), "{other}");
        }
        assert!(pattern(r"https://(?:a|b)/cb").is_err());
        assert!(pattern(r"https://a\.example/cb/[0-9]{1,3}").is_ok());
        assert!(pattern("^https://a.example/(x|y)$").is_ok());
        assert!(pattern("http://localhost:8080/cb.*").is_ok());
        assert!(pattern("(a+)+").is_err());
        assert!(pattern("https://a.example/(a+)+$").is_ok());
    }

    #[test]
    fn patterns_that_could_lead_anywhere_are_refused() {
        for text in [
            ".*",
            "https://.*",
            "https://[^/]+/cb",
            "https://a.example",
            "https://a.example.*",
            "(https://a.example/cb|)",
            "(https://a.example/cb|.*)",
            "(https://a.example/cb|javascript:alert(1))",
            "https://*.example/",
            "https://a.exa[m]ple/",
            "(?i)https://a.example/",
            "http://a.example/cb",
            "https://user@a.example/",
            "https://a.example(/cb)?",
            "https://a.example/{1000}{1000}{1000}",
            "(",
            "[",
            "https?://a.example/cb",
            r"\w+",
            "https://a.example:99999/",
            r"https://a.example\.evil",
            r"https://a.example\d/",
            "(((((((((((((((((((((((((((((((((((((((((((((((((((",
        ] {
            assert!(pattern(text).is_err(), "{text}");
        }
    }
}
