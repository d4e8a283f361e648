//! Properties that hold for every input of a client.
//!
//! Each module has one function, `holds`, that takes any bytes and panics if its property is violated. libFuzzer calls it with generated
//! inputs (`make fuzz`), and `tests/near_valid.rs` with inputs that are valid or nearly so, and with the seeds.
//!
//! | module | input |
//! |---|---|
//! | [`json`] | a body |
//! | [`metadata`] | client metadata, from the body to the registered metadata |
//! | [`redirect_uri`] | a redirect URI |
//! | [`pattern`] | a `regexp=` redirect URI |
//! | [`statement`] | a software statement |
//! | [`authorization`] | an `Authorization` header |
//! | [`forwarded`] | `Forwarded` and `X-Forwarded-For` before the element of a proxy |
//! | [`webfinger`] | the query of WebFinger |
//! | [`address`] | an address to fetch from |
//! | [`issuer`] | an issuer, which an operator writes |
//! | [`client_id_url`] | a client identifier that is the URL of a metadata document |
//! | [`hop`] | the query and the form of an authorization request |
//! | [`document`] | a client ID metadata document, from its bytes to the verdict |

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a violated property is a panic"
)]
#![warn(missing_docs)]

pub mod address;
pub mod authorization;
pub mod client_id_url;
pub mod document;
pub mod forwarded;
pub mod hop;
pub mod issuer;
pub mod json;
pub mod metadata;
pub mod pattern;
pub mod redirect_uri;
mod rfc3986;
pub mod statement;
pub mod webfinger;

/// The name of a property, which is also that of its target and its seeds, and its function.
pub type Property = (&'static str, fn(&[u8]));

/// Every property.
pub const ALL: [Property; 13] = [
    ("json", json::holds),
    ("metadata", metadata::holds),
    ("redirect_uri", redirect_uri::holds),
    ("pattern", pattern::holds),
    ("statement", statement::holds),
    ("authorization", authorization::holds),
    ("forwarded", forwarded::holds),
    ("webfinger", webfinger::holds),
    ("address", address::holds),
    ("issuer", issuer::holds),
    ("client_id_url", client_id_url::holds),
    ("document", document::holds),
    ("hop", hop::holds),
];
