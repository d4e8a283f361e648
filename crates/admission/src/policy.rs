//! The rules that a request is compared with.

use std::sync::Arc;

use protocol::{AdmissionRules, Issuer, LegacyRedirects, ProviderMetadata, TokenTerms};

use crate::TrustedIssuer;

/// The rules of a provider. They are built at start-up, and again when the document of the authorization server behind changes.
pub struct Policy {
    /// The provider metadata that discovery serves: what the provider offers.
    pub provider: ProviderMetadata,
    /// True if scopes are agreed as asked where the document does not list any.
    pub any_scope: bool,
    /// The issuer, which the `aud` claim of a software statement must contain if it is present.
    pub issuer: Issuer,
    /// The private-use schemes without a dot that native clients may use.
    pub native_schemes: Vec<String>,
    /// The terms of clients that register without credentials.
    pub open_terms: Option<Arc<TokenTerms>>,
    /// The issuers of accepted software statements.
    pub trusted: Vec<TrustedIssuer>,
}

impl Policy {
    /// Returns the rules that depend on the configuration and on the kind of request.
    pub fn terms<'a>(&'a self, legacy: LegacyRedirects<'a>) -> AdmissionRules<'a> {
        AdmissionRules {
            native_schemes: &self.native_schemes,
            any_scope: self.any_scope,
            legacy,
        }
    }
}
