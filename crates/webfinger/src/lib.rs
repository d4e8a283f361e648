//! WebFinger: from an account name or an address to its issuer. RFC 7033, OIDC Discovery §2.
//!
//! A request is read ([`request`]), its resource normalised ([`resource`]), looked up in a [`Directory`] that was built
//! at start-up and never changes, and answered with that provider's links ([`link`]), its [`extra`] ones among them. User names are opaque: nothing is
//! looked up, so nothing can be enumerated.
//!
//! | module | what it holds |
//! |---|---|
//! | [`request`] | the query: one resource, and the relations asked for |
//! | [`resource`] | identifiers, normalised |
//! | [`domain`] | the hosts an operator lets a provider answer for |
//! | [`directory`] | which provider answers for which host |
//! | [`extra`] | what an operator has a provider say besides who the issuer is |
//! | [`template`] | URIs with a place for a user's name |
//! | [`link`] | the JSON Resource Descriptor |
//! | [`host_meta`] | the documents of a host that lead to the endpoint |
//! | [`handler`] | the endpoint |

#![warn(missing_docs)]

mod authority;
pub mod directory;
pub mod domain;
pub mod extra;
pub mod handler;
pub mod host_meta;
pub mod link;
mod percent;
pub mod request;
pub mod resource;
mod site;
pub mod template;

pub use directory::{Directory, DirectoryError, Hosted};
pub use domain::{Domain, DomainError};
pub use extra::{Extra, Link, Target};
pub use handler::{answer, mount};
pub use protocol::issuer::ISSUER_REL;
pub use protocol::issuer::WEBFINGER_PATH as PATH;
pub use request::Request;
pub use resource::{Malformed, Resource};
pub use template::{Template, TemplateError};
