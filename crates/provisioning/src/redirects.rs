//! The redirect URIs that a server can keep: plain URIs. A `regexp=` pattern of a WSO2 client that lists plain URIs is expanded,
//! and another pattern is left out.

use protocol::uri::{PATTERN_MARKER, RedirectForm};
use protocol::values::ApplicationType;
use protocol::{ClientMetadata, RedirectUri};

/// The redirect URIs of a copy.
pub(crate) struct PlainRedirects {
    pub(crate) uris: Vec<String>,
    /// True if a pattern was left out.
    pub(crate) is_incomplete: bool,
}

impl PlainRedirects {
    /// Adds the forms without a port of a native client's http URIs on loopback. Keycloak takes any port for them, as RFC 8252
    /// §7.3 demands, and takes a registered port literally.
    pub(crate) fn with_any_loopback_port(mut self, metadata: &ClientMetadata) -> Self {
        if metadata.application_type != Some(ApplicationType::Native) {
            return self;
        }
        let portless: Vec<String> = self
            .uris
            .iter()
            .filter_map(|uri| without_loopback_port(uri))
            .collect();
        for uri in portless {
            if !self.uris.contains(&uri) {
                self.uris.push(uri);
            }
        }
        self
    }

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

/// Returns an http URI on loopback without its port, or `None` for another URI and for a URI without a port.
fn without_loopback_port(uri: &str) -> Option<String> {
    let host = ["http://localhost:", "http://127.0.0.1:"]
        .into_iter()
        .find(|host| uri.starts_with(host))?;
    let rest = uri.strip_prefix(host)?;
    let rest = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    Some(format!("{}{rest}", host.trim_end_matches(':')))
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
