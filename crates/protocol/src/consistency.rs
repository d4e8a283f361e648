//! Whether what a client shows of itself belongs to where it takes people.

use crate::ClientMetadata;
use crate::localized::Localized;
use crate::uri::{authority, split_port};

impl ClientMetadata {
    /// Whether every page and picture a consent page could show, in every language, has the scheme and the host of a redirect
    /// URI. A client says of itself what it likes, and one that shows somebody else's pages is worth a warning. RFC 7591 §5.
    pub fn is_consistent(&self) -> bool {
        let pages = [
            &self.client_uri,
            &self.logo_uri,
            &self.tos_uri,
            &self.policy_uri,
        ];
        let mut shown = pages
            .into_iter()
            .flatten()
            .flat_map(Localized::iter)
            .map(|(_, page)| page.as_str());
        // Their texts are compared, since what was admitted is read by every parser as it is written.
        shown.all(|page| {
            let Some((scheme, host)) = site(page) else {
                return false;
            };
            let mut sites = self
                .redirect_uris
                .iter()
                .flatten()
                .filter_map(|uri| site(uri.as_str()));
            sites.any(|(other, its)| {
                scheme.eq_ignore_ascii_case(other) && host.eq_ignore_ascii_case(its)
            })
        })
    }
}

/// Scheme and host as written, of a URI that has a host.
fn site(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    Some((scheme, split_port(authority(rest.strip_prefix("//")?)).0))
}
