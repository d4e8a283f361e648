//! Fetches the documents that client metadata names (`sector_identifier_uri`, `jwks_uri`), for callers that are not trusted.
//!
//! A client chooses the address, and this server, which may reach private networks, follows it. So the address is checked as
//! text, its name is resolved once, every resolved address is checked, and the connection goes to exactly those addresses. Every
//! failure is reported to the client with the same sentence.
//!
//! | module | content |
//! |---|---|
//! | [`address`] | tells public IP addresses from private ones |
//! | [`agent`] | the HTTP agent, which other crates use too |
//! | [`allowed_destination`] | the private destinations that the operator permits |
//! | [`settings`] | certificate authorities and limits |
//! | [`fetcher`] | the fetcher, for callers that wait without a thread |
//! | [`client_document`] | the fetcher of client ID metadata documents |
//! | [`document`] | a document at an address of the operator's |
//! | `queue`, `worker` | the threads that fetch, and their queue, which is fair between callers |
//! | [`fetch_error`] | the error of a fetch |

pub mod address;
pub mod agent;
pub mod allowed_destination;
mod cache;
pub mod client_document;
pub mod document;
mod exchange;
pub mod fetch_error;
pub mod fetcher;
mod freshness;
mod guard;
mod queue;
mod resolver;
pub mod settings;
mod target;
pub mod tls;
mod validators;
mod worker;

pub use allowed_destination::{AllowedDestination, AllowedDestinationError};
pub use client_document::failure::{DocumentFetchError, FailureClass};
pub use client_document::fetcher::{
    ClientDocumentFetcher, ClientDocumentLimits, FetchedClientDocument, Keep,
};
pub use document::{DocumentAnswer, DocumentError, DocumentSource, server_trust};
pub use fetch_error::{FetchError, FetchLimit};
pub use fetcher::Fetcher;
pub use queue::Caller;
pub use resolver::ResolveFn;
pub use settings::{FetchLimits, FetchSettings, FetchSettingsError};
pub use target::{check_address_of, check_host_of};
pub use validators::Validators;
