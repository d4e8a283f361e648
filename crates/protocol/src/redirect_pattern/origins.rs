//! The origins with which the matches of a pattern begin.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Hir, HirKind};

use super::grammar::NEST_MAX;
use crate::RedirectUri;
use crate::uri::RedirectForm;

/// The reason for refusing a pattern with matches on arbitrary hosts.
pub const UNBOUND: &str =
    "has a pattern with an alternative that does not begin with https://host/";

const UNREADABLE: &str = "has a pattern that does not compile";

const FRAGMENT: &str = "has a pattern with a fragment";

/// Returns the origins of the matches, each as the redirect URI `https://host[:port]/`, or with http on loopback.
///
/// # Errors
/// The pattern does not compile, has a fragment, or has a match without a written origin. The reason continues `redirect_uris`.
pub fn origins(pattern: &str) -> Result<Vec<RedirectUri>, &'static str> {
    let hir = ParserBuilder::new()
        .nest_limit(NEST_MAX)
        .build()
        .parse(pattern)
        .map_err(|_| UNREADABLE)?;
    if has_fragment(&hir) {
        return Err(FRAGMENT);
    }
    let prefixes = Extractor::new()
        .kind(ExtractKind::Prefix)
        .limit_class(1)
        .limit_repeat(1)
        .limit_literal_len(300)
        .limit_total(50)
        .extract(&hir);
    let prefixes = prefixes
        .literals()
        .filter(|prefixes| !prefixes.is_empty())
        .ok_or(UNBOUND)?;
    prefixes
        .iter()
        .map(|prefix| origin(prefix.as_bytes()).ok_or(UNBOUND))
        .collect()
}

/// Returns true if the pattern contains a literal `#`. A redirect URI has no fragment. RFC 6749 §3.1.2.
fn has_fragment(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&b'#'),
        HirKind::Capture(group) => has_fragment(&group.sub),
        HirKind::Repetition(repeated) => has_fragment(&repeated.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(has_fragment),
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => false,
    }
}

/// Returns the origin at the beginning of a literal, if a redirect URI may have it.
fn origin(literal: &[u8]) -> Option<RedirectUri> {
    let (scheme, rest) = std::str::from_utf8(literal).ok()?.split_once("://")?;
    let (authority, _) = rest.split_once('/')?;
    // Patterns are case-sensitive, and no user agent writes a scheme in upper case.
    if scheme != scheme.to_ascii_lowercase() {
        return None;
    }
    RedirectUri::parse(format!("{scheme}://{authority}/"))
        .ok()
        .filter(|uri| {
            matches!(
                uri.form(),
                RedirectForm::Https | RedirectForm::HttpsLocalhost | RedirectForm::HttpLoopback
            )
        })
}
