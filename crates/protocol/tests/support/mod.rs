//! The steps of every test here: configure a provider, and request metadata from it.

use protocol::{
    AdmissionRules, ClientMetadata, InvalidMember, Issuer, LegacyRedirects, Object,
    ProviderMetadata,
};
use serde_json::Value;

/// The members of a JSON object.
pub fn object(value: &Value) -> Object {
    value.as_object().expect("a JSON object").clone()
}

/// A provider with the default offer, in which `members` are configured.
pub fn provider(members: &Value) -> ProviderMetadata {
    let issuer = Issuer::parse("https://op.example").expect("an issuer");
    ProviderMetadata::default_offer(issuer)
        .configure(object(members))
        .expect("provider metadata")
}

/// The rules of the standard registration endpoint.
pub const STANDARD: AdmissionRules<'static> = AdmissionRules {
    native_schemes: &[],
    any_scope: false,
    legacy: LegacyRedirects::Refused,
};

/// Parses and admits client metadata, and returns the text of the registered metadata.
pub fn agree(
    provider: &ProviderMetadata,
    terms: &AdmissionRules<'_>,
    asked: &Value,
) -> Result<String, InvalidMember> {
    let asked = ClientMetadata::parse(object(asked))?;
    provider
        .admit(asked, terms)
        .map(|agreed| agreed.json().to_owned())
}
