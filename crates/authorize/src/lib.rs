//! The authorization hop, for authorization servers that cannot ask who a client is.
//!
//! The browser brings its authorization request here first. The client of the request is found, its document is read and written
//! into the authorization server if need be, and the browser is sent on with the request as it came: of its parameters only
//! `client_id` is read, and none is written again.

mod client_id;
mod counts;
mod document;
mod handler;
mod headers;
mod location;
mod outcome;
mod page;
mod routes;
mod state;

pub use client_id::{MalformedClientId, read_client_id};
pub use counts::{ClientKind, HopCounts, HopOutcome};
pub use location::location;
pub use routes::{endpoint, is_endpoint, mount, path};
pub use state::{Hop, HopServices};
