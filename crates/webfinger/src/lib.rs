//! WebFinger: from an account name or an address to its issuer. RFC 7033, OIDC Discovery §2.
//!
//! A request is read ([`request`]), its resource normalised ([`resource`]), looked up in a [`Directory`] that was built
//! at start-up and never changes, and answered with that provider's links ([`link`]). User names are opaque: nothing is
//! looked up, so nothing can be enumerated.
//!
//! | module | what it holds |
//! |---|---|
//! | [`request`] | the query: one resource, and the relations asked for |
//! | [`resource`] | identifiers, normalised |
//! | [`domain`] | the hosts an operator lets a provider answer for |
//! | [`directory`] | which provider answers for which host |
//! | [`link`] | the JSON Resource Descriptor |
//! | [`handler`] | the endpoint |

#![warn(missing_docs)]

mod authority;
pub mod directory;
pub mod domain;
pub mod handler;
pub mod link;
mod percent;
pub mod request;
pub mod resource;
mod site;

pub use directory::{Directory, DirectoryError, Hosted};
pub use domain::{Domain, DomainError};
pub use handler::{PATH, mount};
pub use link::{ISSUER_REL, Link, Links};
pub use request::Request;
pub use resource::{Malformed, Resource};
