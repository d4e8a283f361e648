//! What holds for anything a stranger could send.
//!
//! Each module has one function, `holds`, that takes any bytes and panics where its sentences are not kept. libFuzzer calls it with what it
//! finds (`make fuzz`), and `tests/near_valid.rs` with inputs that are valid or nearly so, and with the seeds.
//!
//! | module | what a stranger sends |
//! |---|---|
//! | [`json`] | a body |
//! | [`metadata`] | client metadata, from the body to what is agreed and stored |
//! | [`redirect_uri`] | a redirect URI |
//! | [`pattern`] | a `regexp=` redirect URI |
//! | [`statement`] | a software statement |
//! | [`authorization`] | an `Authorization` header |
//! | [`forwarded`] | `Forwarded` and `X-Forwarded-For` in front of what a proxy writes |
//! | [`webfinger`] | the query of WebFinger |
//! | [`address`] | an address to fetch from |
//! | [`issuer`] | an issuer, which an operator writes |

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "what does not hold is a panic"
)]
#![warn(missing_docs)]

pub mod address;
pub mod authorization;
pub mod forwarded;
pub mod issuer;
pub mod json;
pub mod metadata;
pub mod pattern;
pub mod redirect_uri;
mod rfc3986;
pub mod statement;
pub mod webfinger;

/// A property by its name, which is also its target's and its seeds'.
pub type Property = (&'static str, fn(&[u8]));

/// Every property.
pub const ALL: [Property; 10] = [
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
];
