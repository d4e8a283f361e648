//! The comparison of the pages of a client with the hosts of its redirect URIs. RFC 7591 §5.
//!
//! Client metadata is self-asserted: a client can register the name, the logo and the policy of another party. An authorization
//! server may warn users of a client with pages on another host than its redirect URIs.

use crate::ClientMetadata;
use crate::localized::Localized;
use crate::uri::{authority, split_port};

impl ClientMetadata {
    /// Returns true if `client_uri`, `logo_uri`, `tos_uri` and `policy_uri`, in every language, have the scheme and the host of a
    /// redirect URI.
    pub fn is_consistent(&self) -> bool {
        let pages = [
            &self.client_uri,
            &self.logo_uri,
            &self.tos_uri,
            &self.policy_uri,
        ];
        let mut pages = pages
            .into_iter()
            .flatten()
            .flat_map(Localized::iter)
            .map(|(_, page)| page.as_str());
        // Comparing the texts is enough, because every parser reads an admitted URI as it is written.
        pages.all(|page| {
            let Some((scheme, host)) = scheme_and_host(page) else {
                return false;
            };
            let mut redirects = self
                .redirect_uris
                .iter()
                .flatten()
                .filter_map(|uri| scheme_and_host(uri.as_str()));
            redirects.any(|(other_scheme, other_host)| {
                scheme.eq_ignore_ascii_case(other_scheme) && host.eq_ignore_ascii_case(other_host)
            })
        })
    }
}

/// Returns scheme and host as written, if the URI has a host.
fn scheme_and_host(uri: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    Some((scheme, split_port(authority(rest.strip_prefix("//")?)).0))
}
