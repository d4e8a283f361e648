//! The parameters of a question, in a query or a form.

use actix_web::{HttpMessage, HttpRequest};
use protocol::{ClientId, Issuer};
use url::form_urlencoded;

use crate::record::AskedProvider;
use crate::refusal::LookupRefusal;
use crate::state::Lookup;

/// The parameters that a request may have, each at most once. Unknown ones are ignored. RFC 6749 §3.1.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads the parameters.
    ///
    /// # Errors
    /// One of `known` occurs twice.
    pub(crate) fn read(encoded: &[u8], known: &[&str]) -> Result<Self, LookupRefusal> {
        let mut read: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if !known.contains(&name.as_ref()) {
                continue;
            }
            if read.iter().any(|(other, _)| *other == name) {
                return Err(LookupRefusal::Request(format!("{name} occurs twice.")));
            }
            read.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(read))
    }

    /// Returns a parameter.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns a parameter that must not be missing or empty.
    ///
    /// # Errors
    /// It is.
    pub(crate) fn require(&self, name: &str) -> Result<&str, LookupRefusal> {
        self.find(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| LookupRefusal::Request(format!("{name} is required.")))
    }

    /// Returns the client identifier.
    ///
    /// # Errors
    /// It is missing.
    pub(crate) fn client_id(&self) -> Result<ClientId, LookupRefusal> {
        self.require("client_id").map(ClientId::new)
    }
}

impl Lookup {
    /// Returns the provider with this issuer, compared byte for byte, and notes it for the record of the answer.
    ///
    /// # Errors
    /// No provider has it. It is the caller's mistake, and says nothing about a client.
    pub(crate) fn provider(
        &self,
        issuer: &str,
        request: &HttpRequest,
    ) -> Result<&Issuer, LookupRefusal> {
        let mut providers = self.providers.iter().enumerate();
        let (position, provider) = providers
            .find(|(_, provider)| provider.as_str() == issuer)
            .ok_or_else(|| {
                LookupRefusal::Request(
                    "issuer is not the issuer of a provider served here.".to_owned(),
                )
            })?;
        request.extensions_mut().insert(AskedProvider(position));
        Ok(provider)
    }
}
