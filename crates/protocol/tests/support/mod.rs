//! What every test here does: configure a provider, and ask it for something.

use protocol::{
    AdmissionRules, ClientMetadata, Invalid, Issuer, LegacyRedirects, Object, ProviderMetadata,
};
use serde_json::Value;

/// The members of a JSON object.
pub fn object(value: &Value) -> Object {
    value.as_object().expect("a JSON object").clone()
}

/// The default offer, and over it `members`.
pub fn provider(members: &Value) -> ProviderMetadata {
    let issuer = Issuer::parse("https://op.example").expect("an issuer");
    ProviderMetadata::default_offer(issuer)
        .configure(object(members))
        .expect("provider metadata")
}

/// The terms of the standard door.
pub const STANDARD: AdmissionRules<'static> = AdmissionRules {
    native_schemes: &[],
    legacy: LegacyRedirects::Refused,
};

/// The whole way: parse, admit, and the text of what is agreed.
pub fn agree(
    provider: &ProviderMetadata,
    terms: &AdmissionRules<'_>,
    asked: &Value,
) -> Result<String, Invalid> {
    let asked = ClientMetadata::parse(object(asked))?;
    provider
        .admit(asked, terms)
        .map(|agreed| agreed.json().to_owned())
}
