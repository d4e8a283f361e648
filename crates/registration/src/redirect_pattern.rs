//! `regexp=` redirect URIs, as WSO2 clients register them: every match must stay on origins that are written out.

use protocol::uri::{PATTERN_MARKER, RedirectForm};
use protocol::{ClientMetadata, Invalid, LegacyRedirects, RedirectUri};
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Hir, HirKind};

use crate::Registration;

/// How large a compiled pattern may be, in bytes.
const COMPILED_MAX: usize = 64 * 1024;

/// How deep groups may stand inside one another.
const NEST_MAX: u32 = 32;

/// Judges the patterns among the redirect URIs, and settles the application type of a client that has one: what holds for
/// a redirect URI (OIDC Registration §2) holds for every origin of a pattern. `may_introduce` says whether the caller may
/// bring new ones: only accounts may.
///
/// # Errors
/// When there is one that must not be registered.
pub fn check(
    asked: &mut ClientMetadata,
    registration: &Registration,
    legacy: LegacyRedirects<'_>,
    may_introduce: bool,
) -> Result<(), Invalid> {
    let uris = asked.redirect_uris.as_deref().unwrap_or_default();
    if uris.iter().all(|uri| uri.form() != RedirectForm::Pattern) {
        return Ok(());
    }
    let refuse = |reason| Invalid::new("redirect_uris", reason);
    let mut standing_for = Vec::new();
    for uri in uris {
        if uri.form() != RedirectForm::Pattern {
            standing_for.push(uri.clone());
            continue;
        }
        let permitted = match legacy {
            LegacyRedirects::Refused => false,
            LegacyRedirects::Accepted => may_introduce,
            LegacyRedirects::Kept(_) => legacy.allows(uri),
        };
        if !permitted {
            return Err(refuse("has a pattern, which only an account may register at a WSO2 door"));
        }
        compile(uri).map_err(refuse)?;
        standing_for.extend(origins(uri).map_err(refuse)?);
    }
    let spelled_out = ClientMetadata { redirect_uris: Some(standing_for), ..asked.clone() };
    let agreed = registration.provider.admit(spelled_out, &registration.terms(legacy))?;
    asked.application_type.clone_from(&agreed.members().application_type);
    Ok(())
}

/// Compiles a pattern, which is matched as a whole.
///
/// # Errors
/// The rest of a sentence that begins with `redirect_uris`.
pub fn compile(uri: &RedirectUri) -> Result<Regex, &'static str> {
    RegexBuilder::new(&format!(r"\A(?:{})\z", pattern(uri)?)).size_limit(COMPILED_MAX).nest_limit(NEST_MAX).build().map_err(|_| UNREADABLE)
}

/// The origins every match of a pattern begins with, each as the redirect URI `https://host[:port]/`, or with http on
/// loopback.
///
/// # Errors
/// The rest of a sentence that begins with `redirect_uris`.
pub fn origins(uri: &RedirectUri) -> Result<Vec<RedirectUri>, &'static str> {
    let hir = regex_syntax::ParserBuilder::new().nest_limit(NEST_MAX).build().parse(&pattern(uri)?).map_err(|_| UNREADABLE)?;
    if has_fragment(&hir) {
        return Err(FRAGMENT);
    }
    let prefixes =
        Extractor::new().kind(ExtractKind::Prefix).limit_class(1).limit_repeat(1).limit_literal_len(300).limit_total(50).extract(&hir);
    let prefixes = prefixes.literals().filter(|prefixes| !prefixes.is_empty()).ok_or(UNBOUND)?;
    prefixes.iter().map(|prefix| origin(prefix.as_bytes()).ok_or(UNBOUND)).collect()
}

/// The hosts a redirect URI can lead to; those of a pattern are its origins'. OIDC Registration §5.
pub fn hosts(uri: &RedirectUri) -> Vec<Option<String>> {
    match origins(uri) {
        Ok(origins) => origins.iter().map(RedirectUri::host).collect(),
        Err(_) => vec![uri.host()],
    }
}

const UNREADABLE: &str = "has a pattern that does not compile";

const UNBOUND: &str = "has a pattern whose every alternative must begin with a complete https://host/";

const FRAGMENT: &str = "has a pattern with a fragment";

/// Whether a `#` is written out: what is behind it is a fragment, which a redirect URI has none of. RFC 6749 §3.1.2.
fn has_fragment(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&b'#'),
        HirKind::Capture(group) => has_fragment(&group.sub),
        HirKind::Repetition(repeated) => has_fragment(&repeated.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(has_fragment),
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => false,
    }
}

fn pattern(uri: &RedirectUri) -> Result<String, &'static str> {
    let pattern = uri.as_str().strip_prefix(PATTERN_MARKER).ok_or("has an element that is not a pattern")?;
    literal_hosts(pattern).ok_or(UNBOUND)
}

/// The origin a literal begins with, when it could be a redirect URI's.
fn origin(literal: &[u8]) -> Option<RedirectUri> {
    let (scheme, rest) = std::str::from_utf8(literal).ok()?.split_once("://")?;
    let (authority, _) = rest.split_once('/')?;
    // A pattern is matched by case, and no user agent writes a scheme in upper case.
    if scheme != scheme.to_ascii_lowercase() {
        return None;
    }
    RedirectUri::parse(format!("{scheme}://{authority}/"))
        .ok()
        .filter(|uri| matches!(uri.form(), RedirectForm::Https | RedirectForm::HttpsLocalhost | RedirectForm::HttpLoopback))
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
        let uri = RedirectUri::parse(format!("regexp={text}")).expect(text);
        origins(&uri).and_then(|_| compile(&uri))
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
        assert!(pattern("https://a.example/[^#]*").is_ok());
    }

    #[test]
    fn the_hosts_of_a_pattern_are_those_of_its_alternatives() {
        let hosts = |text: &str| hosts(&RedirectUri::parse(text.to_owned()).unwrap()).into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(hosts("regexp=(https://a.example/cb|http://localhost:8080/.*)"), ["a.example", "localhost"]);
        assert_eq!(hosts("regexp=https://a.example/(x|y)"), ["a.example"]);
        assert_eq!(hosts("https://a.example/cb"), ["a.example"]);
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
            "HTTPS://a.example/",
            "(https://a.example/|Https://a.example/cb)",
            "https://a.example/#.*",
            r"https://a.example/\#x",
            "https://a.example/(cb|x#y)",
            "https://a.example/cb[#]",
            "https://a.example/(cb(#.*)?)",
            r"https://a.example/\x23",
            r"https://a.example\.evil",
            r"https://a.example\d/",
            "(((((((((((((((((((((((((((((((((((((((((((((((((((",
        ] {
            assert!(pattern(text).is_err(), "{text}");
        }
    }
}
