//! A provider, and the issuer whose software statements it trusts.

use admission::{Policy, TrustedIssuer};
use protocol::{Issuer, ProviderMetadata};
use serde_json::Value;

/// The public key of RFC 8037, appendix A.
pub const JWKS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// Returns the policy of a provider with the default offer, in which `members` are configured.
pub fn policy(members: &Value) -> Policy {
    let issuer = Issuer::parse("https://op.example").unwrap();
    Policy {
        provider: ProviderMetadata::default_offer(issuer.clone())
            .configure(members.as_object().unwrap().clone())
            .unwrap(),
        any_scope: false,
        issuer,
        native_schemes: Vec::new(),
        open_terms: None,
        trusted: vec![TrustedIssuer::new("https://directory.example".to_owned(), JWKS).unwrap()],
    }
}
