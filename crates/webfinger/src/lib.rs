//! WebFinger: finds the issuer of an account or a URL. RFC 7033, OIDC Discovery §2.
//!
//! A query is parsed ([`request`]), its resource is normalised ([`resource`]), its provider is found in a [`Directory`] that is
//! built at start-up and never changes, and the response has that provider's links ([`link`], [`extra_links`]). User names are
//! opaque: no account is looked up, so no account can be enumerated.
//!
//! | module | content |
//! |---|---|
//! | [`request`] | the query: a resource, and the requested relations |
//! | [`resource`] | identifiers, normalised |
//! | [`domain`] | the hosts for which the operator lets a provider answer |
//! | [`directory`] | the provider of each host |
//! | [`extra_links`] | the configured links and aliases |
//! | [`template`] | URIs with a placeholder for the user's name |
//! | [`link`] | the JSON Resource Descriptor |
//! | [`host_meta`] | the host metadata, which names the endpoint |
//! | [`handler`] | the endpoint |

mod answer;
mod authority;
pub mod directory;
pub mod domain;
pub mod extra_links;
pub mod handler;
mod host_claims;
pub mod host_meta;
pub mod link;
mod percent;
pub mod request;
pub mod resource;
pub mod template;

pub use directory::{Directory, DirectoryError, HostedProvider};
pub use domain::{Domain, DomainError};
pub use extra_links::{ExtraLinks, Link, LinkTarget};
pub use handler::{answer, mount};
pub use protocol::issuer::ISSUER_REL;
pub use protocol::issuer::WEBFINGER_PATH as PATH;
pub use request::WebFingerQuery;
pub use resource::{Resource, ResourceError};
pub use template::{Template, TemplateError};
