//! Registration at the standard door: who may, what may be asked, what is agreed, and every way to be told no.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod support;

#[path = "register/access.rs"]
mod access;
#[path = "register/application_types.rs"]
mod application_types;
#[path = "register/bodies.rs"]
mod bodies;
#[path = "register/choices.rs"]
mod choices;
#[path = "register/fetched.rs"]
mod fetched;
#[path = "register/fetches.rs"]
mod fetches;
#[path = "register/hosts_and_schemes.rs"]
mod hosts_and_schemes;
#[path = "register/jsonb.rs"]
mod jsonb;
#[path = "register/keys.rs"]
mod keys;
#[path = "register/metadata.rs"]
mod metadata;
#[path = "register/nul.rs"]
mod nul;
#[path = "register/published_clients.rs"]
mod published_clients;
#[path = "register/redirect_hosts.rs"]
mod redirect_hosts;
#[path = "register/redirect_uris.rs"]
mod redirect_uris;
#[path = "register/scopes.rs"]
mod scopes;
#[path = "register/sectors.rs"]
mod sectors;
#[path = "register/statement_claims.rs"]
mod statement_claims;
#[path = "register/statements.rs"]
mod statements;
#[path = "register/unused.rs"]
mod unused;
