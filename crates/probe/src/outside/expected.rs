//! The answers that a configuration promises at a provider's public addresses.

use std::path::PathBuf;
use std::time::Duration;

use protocol::{Issuer, Object};
use serde_json::Value;
use url::Url;

use super::requests::parse_address;
use crate::resolver::ResolveOverride;

/// The options of `frontdesk check --outside`.
#[derive(Debug, Clone, Default)]
pub struct OutsideOptions {
    /// A PEM file of certificate authorities to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// True if every line is a JSON object.
    pub json: bool,
    /// The addresses of hosts that are not looked up in DNS.
    pub resolve: Vec<ResolveOverride>,
    /// The time before its end in which a certificate is a finding.
    pub expires_soon: Duration,
}

/// A provider as its configuration promises it.
#[derive(Debug, Clone)]
pub struct ExpectedProvider {
    pub issuer: Issuer,
    pub document: Object,
    /// Members of the document whose endpoints are placeholders of the service and lead nowhere.
    pub placeholders: Vec<&'static str>,
    /// Members of the document that depend on the store and are not compared.
    pub unchecked: &'static [&'static str],
    /// The paths of the document, without those for WSO2 clients.
    pub configuration_paths: Vec<String>,
    /// The paths of the JWK Set, likewise.
    pub jwks_paths: Vec<String>,
    /// The path of the protected resource metadata, and its content. RFC 9728 §3.
    pub resource: Option<(String, Value)>,
    /// The path of the registration endpoint.
    pub registration_path: String,
    /// The status that a registration without credentials gets: 400 at an open provider, 401 at a protected, 403 at a closed
    /// one.
    pub anonymous_status: u16,
    /// A query for the authorization hop with the address that it redirects to, if the provider has a hop.
    pub hop: Option<(&'static str, String)>,
    /// The addresses for WSO2 clients, below each path that has them.
    pub wso2_paths: Vec<ExpectedWso2Paths>,
    /// The WebFinger descriptors, on the issuer's own host and on each domain.
    pub descriptors: Vec<ExpectedDescriptor>,
    /// The lifetime of the documents.
    pub max_age: Duration,
    /// The maximum length of a request's body, in bytes.
    pub body_bytes: usize,
}

/// The addresses for WSO2 clients below a path.
#[derive(Debug, Clone)]
pub struct ExpectedWso2Paths {
    /// The path below which they are.
    pub base: String,
    /// The path of the provider's document.
    pub configuration: String,
    /// The path of the JWK Set.
    pub jwks: String,
    /// The paths of registration, without a slash at their end. Unregistration is below the last.
    pub registration: Vec<String>,
}

/// The answer of WebFinger about a resource at an origin.
#[derive(Debug, Clone)]
pub struct ExpectedDescriptor {
    /// The scheme, host and port to ask.
    pub origin: String,
    /// The resource to ask about.
    pub resource: String,
    /// The answer to the relation of the issuer alone.
    pub document: Value,
}

impl ExpectedProvider {
    /// Parses the URL of a path at the issuer's origin. The error is a sentence.
    pub(super) fn address(&self, path: &str) -> anyhow::Result<Url> {
        parse_address(self.issuer.origin(), path)
    }
}
