//! The paths that a proxy in front of both servers passes on, for a provider with an authorization server behind it.
//!
//! They come from the tables that the routes are mounted from. Left out are the addresses of WSO2 clients, and our keys, which the
//! server's document does not name.

use protocol::Issuer;
use webfinger::host_meta;

use super::ProviderOffer;

/// The paths of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxiedPaths {
    /// The paths on every host that WebFinger answers for.
    pub accounts: Vec<String>,
    /// The other paths on the issuer's host.
    pub provider: Vec<String>,
    /// The path below which are the addresses of clients, without a slash at its end.
    pub clients: String,
}

impl ProxiedPaths {
    /// Returns the paths of a provider.
    pub fn new(issuer: &Issuer, offer: &ProviderOffer) -> Self {
        let clients = format!("{}/{}", issuer.path(), registration::ENDPOINT);
        let mut provider = oidc_discovery::configuration_paths(issuer, &[]);
        let resource = oidc_discovery::protected_resource(issuer, &offer.metadata);
        provider.extend(resource.map(|(path, _)| path));
        provider.push(clients.clone());
        if offer.hop_target.is_some() {
            provider.push(authorize::path(issuer));
        }
        Self {
            accounts: [webfinger::PATH, host_meta::PATH, host_meta::JSON_PATH]
                .map(str::to_owned)
                .to_vec(),
            provider,
            clients,
        }
    }
}
