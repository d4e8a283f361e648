//! The lookup: an authorization server asks who a client is, and whether a redirect URI may be used.
//!
//! It has a listener of its own, and answers nothing without a lookup token. Identifiers of clients are query parameters, since
//! URLs among them do not survive in paths.

mod answer;
mod authenticate;
mod caller;
mod client;
mod counts;
mod digest;
mod document;
mod query;
mod record;
mod refusal;
mod routes;
mod state;
mod uses;
mod verified_tokens;

pub use counts::LookupCounts;
pub use routes::{AUTHENTICATE, CLIENTS, USED, mount};
pub use state::Lookup;
