//! The connector `keycloak`: the admin API of Keycloak 26.
//!
//! The identifier of a copy in Keycloak is a UUID made of the issuer and the client identifier, so that no search is needed to
//! make or change it. Only a copy with our mark is ever changed or deleted by way of the list. Keycloak reads the scopes of a
//! client at its creation only; `scopes` changes them later, a call each.

mod copies;
mod realm_connector;
mod representation;
mod scope_names;
mod scopes;
mod session;

pub use realm_connector::{ADDITIONS, KeycloakConnector, LIMITS};
pub use session::KeycloakSettings;
