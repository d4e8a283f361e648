//! The members of a key about its certificates, which some authorization servers read strictly. RFC 7517 §4.6 to §4.9.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use protocol::Object;
use serde_json::Value;

/// Checks the form of the members; they are not compared with the key.
pub(super) fn check(key: &Object) -> Result<(), &'static str> {
    let is_certificate = |value: &Value| {
        let text = value.as_str().filter(|text| !text.is_empty());
        text.is_some_and(|text| STANDARD.decode(text).is_ok())
    };
    let is_chain = |value: &Value| {
        let chain = value.as_array().filter(|chain| !chain.is_empty());
        chain.is_some_and(|chain| chain.iter().all(is_certificate))
    };
    if key.get("x5c").is_some_and(|value| !is_chain(value)) {
        return Err("has a key whose x5c is not a list of certificates in base64");
    }
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_thumbprint = |value: &Value| {
        let text = value.as_str().map(|text| text.trim_end_matches('='));
        text.is_some_and(|text| !text.is_empty() && text.bytes().all(is_base64url))
    };
    for member in ["x5t", "x5t#S256"] {
        if key.get(member).is_some_and(|value| !is_thumbprint(value)) {
            return Err("has a key whose x5t or x5t#S256 is not base64url");
        }
    }
    match key.get("x5u") {
        Some(Value::String(_)) | None => Ok(()),
        Some(_) => Err("has a key whose x5u is not a string"),
    }
}
