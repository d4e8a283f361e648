//! The hosts that a document may name: its own, the hosts that the operator lists, and loopback.
//! draft-ietf-oauth-client-id-metadata-document §8.1.
//!
//! A document on a host that many people publish on, or that was taken over, could otherwise send users and their codes anywhere.

use protocol::client_id_url::ClientIdUrl;
use protocol::token_terms::RedirectHostPattern;
use protocol::uri::is_loopback;
use protocol::{ClientMetadata, InvalidMember};
use url::Url;

/// The members with URLs to which codes, tokens or users are sent, or from which keys and requests come. Pages and pictures are free,
/// since those of real clients are on other hosts.
const LIMITED: [&str; 11] = [
    "redirect_uris",
    "claims_redirect_uris",
    "post_logout_redirect_uris",
    "frontchannel_logout_uri",
    "backchannel_logout_uri",
    "initiate_login_uri",
    "request_uris",
    "jwks_uri",
    "signed_jwks_uri",
    "backchannel_client_notification_endpoint",
    "credential_offer_endpoint",
];

/// The setting about the hosts of redirect URIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentRedirects {
    /// The host of the document, and the hosts that the operator lists.
    OwnHost,
    /// Any https host.
    Any,
}

/// The rules for the documents of a provider.
#[derive(Debug, Clone, Copy)]
pub struct DocumentRules<'a> {
    /// The hosts of https URLs.
    pub redirects: DocumentRedirects,
    /// The hosts that documents may name besides their own.
    pub hosts: &'a [RedirectHostPattern],
}

impl DocumentRules<'_> {
    /// Returns true if the hosts of redirect URIs are limited.
    pub(super) fn is_own_host(&self) -> bool {
        self.redirects == DocumentRedirects::OwnHost
    }

    /// Checks the URLs of agreed metadata.
    pub(super) fn check(
        &self,
        id: &ClientIdUrl,
        agreed: &ClientMetadata,
    ) -> Result<(), InvalidMember> {
        for (row, held) in agreed
            .present()
            .filter(|(row, _)| LIMITED.contains(&row.name))
        {
            for uri in held.addresses() {
                self.check_url(id, uri)
                    .map_err(|reason| InvalidMember::new(row.name, reason).by("other_host"))?;
            }
        }
        Ok(())
    }

    fn check_url(&self, id: &ClientIdUrl, uri: &str) -> Result<(), &'static str> {
        let Ok(url) = Url::parse(uri) else {
            return Err("has a URL that cannot be parsed");
        };
        let host = match url.scheme() {
            // The policy has judged private-use schemes.
            scheme if !matches!(scheme, "https" | "http") => return Ok(()),
            _ if is_loopback(&url) => return Ok(()),
            "http" => return Err("must use https, except on loopback"),
            _ => url.host_str().unwrap_or_default(),
        };
        let is_listed = || self.hosts.iter().any(|listed| listed.matches(host));
        if self.redirects == DocumentRedirects::Any || host == id.host() || is_listed() {
            return Ok(());
        }
        Err("must be on the host of the client_id, or on a host in the provider's document_hosts")
    }
}
