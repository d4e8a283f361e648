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
//! | `api` | a call to a server's API |
//! | `redirects` | the redirect URIs that a server can keep |

mod api;
pub mod connector;
pub mod credential;
pub mod http;
pub mod keycloak;
mod redirects;
pub mod rfc7591;
pub mod template;

pub use connector::{
    Connector, ConnectorError, CopyHandle, DesiredClient, DesiredSecret, Finding, Limit, LimitRule,
    ListedCopy, Listing, ProvisionedClient,
};
pub use credential::CredentialFile;
pub use template::CopyTemplate;
