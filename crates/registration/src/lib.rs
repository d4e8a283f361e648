//! Dynamic client registration (OIDC Registration 1.0, RFC 7591) and management (RFC 7592), at the standard door and
//! at those WSO2 clients know.
//!
//! A request walks from [`handler`] through who is asking ([`initial`], [`managed`]), what is asked ([`wso2`],
//! [`update`]), what is agreed ([`admission`]) to what is kept and answered ([`issue`], [`response`]); every way to say no is in [`refusal`].

#![warn(missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Route, guard};
use admission::Policy;
use oauth_http::{cors, failure};
use outbound::Fetcher;
use protocol::member::Reason;
use protocol::uri::EndpointUri;
use protocol::{Clock, Issuer, ProviderMetadata};
use store::Store;

pub mod counts;
pub mod door;
mod fair_queue;
mod guesses;
pub mod handler;
pub mod initial;
pub mod issue;
pub mod login;
pub mod managed;
mod password_queue;
mod proofs;
pub mod refusal;
pub mod response;
pub mod throttle;
pub mod trail;
pub mod unregister;
pub mod update;
pub mod wso2;

pub use counts::Counts;
pub use door::Door;
pub use login::{LoginLimits, Logins};
pub use refusal::Refusal;
pub use throttle::Throttle;
pub use trail::Trail;

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
    /// How often anybody may register; all providers of a process share it.
    pub throttle: Arc<Throttle>,
    /// The limit on updates and deletions; all providers of a process share it.
    pub updates: Arc<Throttle>,
    /// How passwords are verified; all providers of a process share it.
    pub logins: Arc<Logins>,
    /// What was refused and is not written yet; all providers of a process share it.
    pub trail: Arc<Trail>,
    /// What became of registrations here.
    pub counts: Counts,
}

/// The name of the registration endpoint below the issuer.
pub const ENDPOINT: &str = "register";

/// The names of the WSO2 doors, with and without a slash at their end.
pub const WSO2_ENDPOINTS: [&str; 2] = ["identity/connect/register", "identity/register"];

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

/// What is at an address of registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The registration endpoint. RFC 7591 §3.
    Registration,
    /// The client configuration endpoint. RFC 7592 §2.
    Management,
    /// Registration for WSO2 clients, with and without a slash at its end.
    Wso2Registration,
    /// Unregistration for WSO2 clients.
    Wso2Unregistration,
}

/// Every address below the host, as a route's pattern: the standard door at the issuer's path, and the WSO2 doors below each
/// of `doors`, which are paths without a slash at their end.
pub fn addresses(issuer: &Issuer, doors: &[String]) -> Vec<(String, Place)> {
    let endpoint = format!("{}/{ENDPOINT}", issuer.path());
    let mut addresses = vec![
        (endpoint.clone(), Place::Registration),
        (format!("{endpoint}/{{client_id:.*}}"), Place::Management),
    ];
    for door in doors {
        addresses
            .extend(WSO2_ENDPOINTS.map(|path| (format!("{door}/{path}"), Place::Wso2Registration)));
        addresses.push((
            format!("{door}/identity/register/{{client_id:.+}}"),
            Place::Wso2Unregistration,
        ));
    }
    addresses
}

/// Mounts registration at its [`addresses`].
pub fn mount(config: &mut ServiceConfig, registration: &Data<Registration>, doors: &[String]) {
    for (path, place) in addresses(&registration.policy.issuer, doors) {
        let resource = match place {
            Place::Wso2Registration => web::resource([path.clone(), format!("{path}/")]),
            _ => web::resource(path),
        };
        let resource = resource.app_data(registration.clone());
        match place {
            Place::Registration => config.service(
                resource
                    .app_data(Door::Standard)
                    .wrap(cors::open())
                    .route(web::post().to(handler::register))
                    .route(cors::preflight("POST, OPTIONS"))
                    .default_service(failure::only("POST, OPTIONS")),
            ),
            Place::Management => config.service(
                resource
                    .app_data(Door::Standard)
                    .wrap(cors::open())
                    .route(get_or_head().to(handler::read))
                    .route(web::put().to(handler::update))
                    .route(web::delete().to(handler::delete))
                    .route(cors::preflight("GET, HEAD, PUT, DELETE, OPTIONS"))
                    .default_service(failure::only("GET, HEAD, PUT, DELETE, OPTIONS")),
            ),
            Place::Wso2Registration => config.service(
                resource
                    .app_data(Door::Wso2)
                    .route(web::post().to(handler::register))
                    .default_service(failure::only("POST")),
            ),
            Place::Wso2Unregistration => config.service(
                resource
                    .app_data(Door::Wso2)
                    .route(web::delete().to(unregister::unregister))
                    .default_service(failure::only("DELETE")),
            ),
        };
    }
}

fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
