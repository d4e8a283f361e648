//! The redirect URIs that a server can keep: plain URIs. A `regexp=` pattern of a WSO2 client that lists plain URIs is expanded,
//! and another pattern is left out.

use protocol::uri::{PATTERN_MARKER, RedirectForm};
use protocol::{ClientMetadata, RedirectUri};

/// The redirect URIs of a copy.
pub(crate) struct PlainRedirects {
    pub(crate) uris: Vec<String>,
    /// True if a pattern was left out.
    pub(crate) is_incomplete: bool,
}

impl PlainRedirects {
    pub(crate) fn new(metadata: &ClientMetadata) -> Self {
        let (mut uris, mut is_incomplete) = (Vec::new(), false);
        for uri in metadata.redirect_uris.iter().flatten() {
            match uri.form() {
                RedirectForm::Pattern => match alternatives(uri) {
                    Some(plain) => uris.extend(plain),
                    None => is_incomplete = true,
                },
                _ => uris.push(uri.as_str().to_owned()),
            }
        }
        Self {
            uris,
            is_incomplete,
        }
    }
}

/// Returns the URIs of a pattern that is an alternation of plain URIs, for example `regexp=(https://a/cb|https://b/cb)`. A dot
/// stands for itself.
fn alternatives(uri: &RedirectUri) -> Option<Vec<String>> {
    let pattern = uri.as_str().strip_prefix(PATTERN_MARKER)?;
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let pattern = pattern.strip_suffix('$').unwrap_or(pattern);
    let pattern = pattern
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(pattern);
    let plain = |text: &str| {
        let text = text.replace("\\.", ".").replace("\\/", "/");
        let is_plain =
            !text.contains(['\\', '(', ')', '[', ']', '{', '}', '*', '+', '?', '^', '$']);
        let uri = RedirectUri::parse(text).ok().filter(|_| is_plain)?;
        (uri.form() != RedirectForm::Schemeless).then(|| uri.as_str().to_owned())
    };
    pattern.split('|').map(plain).collect()
}
