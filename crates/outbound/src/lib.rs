//! Fetching what a client's metadata points at (`sector_identifier_uri`, `jwks_uri`), for a caller nobody trusts.
//!
//! An address in metadata is written by a stranger and followed by this server, which stands in places the stranger
//! cannot reach. So an address is judged as text, its name is resolved once, every address it resolves to is judged, and
//! the connection goes to exactly those addresses; whatever fails, and wherever, the stranger is told the same sentence.
//!
//! | module | what it holds |
//! |---|---|
//! | [`address`] | which IP addresses belong to the public Internet |
//! | [`allowed`] | the private destinations an operator permits |
//! | [`settings`] | trust and limits |
//! | [`fetcher`] | the fetch, for callers that wait for it |
//! | `queue`, `worker` | the threads that fetch, and the callers' turns |
//! | [`refused`] | the one failure |

#![warn(missing_docs)]

pub mod address;
pub mod allowed;
mod cache;
mod exchange;
pub mod fetcher;
mod freshness;
mod lookup;
mod queue;
pub mod refused;
pub mod settings;
mod target;
pub mod tls;
mod worker;

pub use allowed::{Allowed, AllowedError};
pub use fetcher::Fetcher;
pub use lookup::Lookup;
pub use queue::Caller;
pub use refused::{FetchLimit, Refused};
pub use settings::{Limits, Settings, SettingsError};
pub use target::{check_address_of, check_host_of};
