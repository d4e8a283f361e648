//! The origins that every match of a pattern begins with.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Hir, HirKind};

use super::NEST_MAX;
use crate::RedirectUri;
use crate::uri::RedirectForm;

/// The rest of a sentence about a pattern that may lead anywhere.
pub const UNBOUND: &str =
    "has a pattern with an alternative that does not begin with https://host/";

const UNREADABLE: &str = "has a pattern that does not compile";

const FRAGMENT: &str = "has a pattern with a fragment";

/// The origins that every match begins with, each as the redirect URI `https://host[:port]/`, or with http on loopback.
///
/// # Errors
/// The rest of a sentence that begins with `redirect_uris`.
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

/// True if a `#` is written out: what is behind it is a fragment, which a redirect URI has none of. RFC 6749 §3.1.2.
fn has_fragment(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.contains(&b'#'),
        HirKind::Capture(group) => has_fragment(&group.sub),
        HirKind::Repetition(repeated) => has_fragment(&repeated.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(has_fragment),
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => false,
    }
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
        .filter(|uri| {
            matches!(
                uri.form(),
                RedirectForm::Https | RedirectForm::HttpsLocalhost | RedirectForm::HttpLoopback
            )
        })
}
