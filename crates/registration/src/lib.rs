//! Dynamic client registration (OIDC Registration 1.0, RFC 7591) and management (RFC 7592), at the standard endpoints and at
//! those that WSO2 clients know.
//!
//! Each route has a handler in `handlers` or `wso2`. It takes an authenticated caller from `registrant` or `managed_client`, asks
//! [`admission`] what is agreed, has `issue` and the store make the client, and answers with `response`. `refusal` has the answer to
//! everything that goes wrong, and `outcome` records it.

use std::sync::Arc;
use std::time::Duration;

use admission::Policy;
use arc_swap::ArcSwap;
use protocol::Issuer;
use provisioning::Provisioner;

pub mod counts;
mod endpoint;
mod handlers;
mod issue;
mod managed_client;
mod outcome;
mod refusal;
mod registrant;
mod response;
mod routes;
mod services;
mod steps;
mod update;
mod wso2;

pub use counts::RegistrationCounts;
pub use endpoint::{ENDPOINT, EndpointKind, WSO2_ENDPOINTS, addresses, advertise};
use refusal::Refusal;
pub use routes::mount;
pub use services::Services;

/// The callers that may register. RFC 7591 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationAccess {
    /// None: the endpoint is not advertised.
    Closed,
    /// Accounts and holders of an initial access token.
    Protected,
    /// Every caller, at the registration endpoint.
    Open,
}

/// Registration at a provider.
pub struct Registration {
    /// The issuer.
    pub issuer: Issuer,
    /// The rules of the provider. A request uses the same ones from admission to its answer.
    pub policy: ArcSwap<Policy>,
    /// The callers that may register.
    pub access: RegistrationAccess,
    /// The lifetime of client secrets; without it, they do not expire.
    pub secret_lifetime: Option<Duration>,
    /// The lifetime of clients; without it, they do not expire.
    pub client_lifetime: Option<Duration>,
    /// The provisioner of the authorization server's copies, if clients are written there.
    pub provisioner: Option<Arc<Provisioner>>,
    /// The objects that all providers share.
    pub services: Services,
    /// The counts of registrations, for the metrics.
    pub counts: RegistrationCounts,
}
