//! Dynamic client registration (OIDC Registration 1.0, RFC 7591) and management (RFC 7592), at the standard endpoints and at
//! those that WSO2 clients know.
//!
//! Each route has a handler in `handlers` or `wso2`. It takes an authenticated caller from `registrant` or `managed_client`, asks
//! [`admission`] what is agreed, has `issue` and the store make the client, and answers with `response`. `refusal` has the answer to
//! everything that goes wrong, and `outcome` records it.

#![warn(missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use access::{PasswordVerifier, RefusalLog, RegistrationLimiter};
use admission::Policy;
use outbound::Fetcher;
use protocol::member::Reason;
use protocol::uri::EndpointUri;
use protocol::{Clock, Issuer, ProviderMetadata};
use store::Store;

pub mod counts;
mod endpoint;
mod handlers;
mod issue;
mod managed_client;
mod outcome;
mod refusal;
mod registrant;
mod response;
mod steps;
mod update;
mod wso2;

pub use counts::RegistrationCounts;
pub use endpoint::{ENDPOINT, EndpointKind, WSO2_ENDPOINTS, addresses, mount};
use refusal::Refusal;

/// Who may register. RFC 7591 §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nobody: the endpoint is not advertised.
    Closed,
    /// Accounts and holders of an initial access token.
    Protected,
    /// Anybody, at the standard door.
    Open,
}

/// Fills a buffer with random bytes.
pub type Random = Arc<dyn Fn(&mut [u8]) -> Result<(), String> + Send + Sync>;

/// Registration at one provider: its rules, and what they work on.
pub struct Registration {
    /// The rules of the provider, its issuer among them.
    pub policy: Policy,
    /// Who may register.
    pub access: Access,
    /// How long client secrets are good for; for ever, when absent.
    pub secret_lifetime: Option<Duration>,
    /// How long clients are; for ever, when absent.
    pub client_lifetime: Option<Duration>,
    /// Where clients are kept.
    pub store: Store,
    /// What fetches sector documents.
    pub fetcher: Fetcher,
    /// What time it is.
    pub clock: Clock,
    /// Where identifiers, secrets and tokens come from.
    pub random: Random,
    /// The limits on registrations, updates and deletions.
    pub limiter: Arc<RegistrationLimiter>,
    /// The verifier of account passwords.
    pub passwords: Arc<PasswordVerifier>,
    /// The refusals that are not in the audit trail yet.
    pub refusals: Arc<RefusalLog>,
    /// The counts of registrations, for the metrics.
    pub counts: RegistrationCounts,
}

/// Adds to the provider's document what registration offers. OIDC Discovery §3.
///
/// # Errors
/// When the issuer's own address is no endpoint.
pub fn advertise(
    issuer: &Issuer,
    access: Access,
    provider: &mut ProviderMetadata,
) -> Result<(), Reason> {
    if access != Access::Closed {
        provider.registration_endpoint = Some(EndpointUri::parse(issuer.endpoint(ENDPOINT))?);
    }
    Ok(())
}
