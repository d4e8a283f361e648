//! Writes clients into the client table of an authorization server, through the server's own API.
//!
//! A [`Connector`] speaks to a kind of server. Its calls are idempotent and may be repeated: an answer can be lost after the
//! server did the work. A connector blocks, and each of its calls ends at a deadline.
//!
//! | module | content |
//! |---|---|
//! | [`connector`] | the contract of a connector |
//! | [`http`] | Hydra's admin API, which a script in front of another server can implement |
//! | [`keycloak`] | Keycloak's admin API |
//! | [`rfc7591`] | the dynamic client registration of another server |
//! | [`credential`] | a credential that is read from a file at each use |
//! | [`template`] | members that lie under each copy |
//! | [`provisioner`] | the provisioner of a provider: limits and state |
//! | `requests` | a registration and an update while their caller waits |
//! | `deliverer` | the task that writes due copies, and deletions while their caller waits |
//! | `delivery`, `backoff` | the delivery of one copy, and the time until it is repeated |
//! | `desired`, `adopt` | the state that a copy must have, and the values that a server chose |
//! | `call` | a call to the server from async code |
//! | [`reconcile`], `comparison` | the comparison of all copies with the clients, and the repair of those that differ |
//! | [`settings`], [`provision_error`], [`counts`] | the settings, the errors of requests, the counts for the metrics |
//! | `breaker` | the circuit breaker of a target |
//! | `api` | a call to a server's API |
//! | `redirects` | the redirect URIs that a server can keep |

mod adopt;
mod api;
mod backoff;
mod breaker;
mod call;
mod comparison;
pub mod connector;
pub mod counts;
pub mod credential;
mod deliverer;
mod delivery;
mod desired;
pub mod http;
pub mod keycloak;
mod named_member;
pub mod provision_error;
pub mod provisioner;
pub mod reconcile;
mod redirects;
mod requests;
pub mod rfc7591;
pub mod settings;
pub mod template;
mod unchanged;

pub use connector::{
    Connector, ConnectorError, CopyHandle, DesiredClient, DesiredSecret, Finding, Limit, LimitRule,
    ListedCopy, Listing, ProvisionedClient,
};
pub use counts::ProvisionOutcome;
pub use credential::CredentialFile;
pub use provision_error::ProvisionError;
pub use provisioner::{Provisioner, TargetStatus};
pub use reconcile::{ReconcileOptions, ReconcileReport};
pub use settings::{OnDelete, ProvisionerServices, ProvisionerSettings, Ready};
pub use template::CopyTemplate;
