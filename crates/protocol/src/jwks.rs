//! JWK Sets of public keys. RFC 7517.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::form::JsonForm;
use crate::member::{Object, Reason, SingleValue};

/// The maximum number of keys of a client.
pub const KEYS_MAX: usize = 20;

/// The members of a JWK with private or symmetric key material. RFC 7518 §6; `priv` belongs to algorithm key pairs, for example
/// of ML-DSA.
pub const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// A regular expression for base64url.
const BASE64URL: &str = "^[A-Za-z0-9_-]+=*$";

/// A JWK Set as it was sent. Its keys have the form of public keys; their cryptographic validity is not checked here.
#[derive(Debug, Clone, PartialEq)]
pub struct JwkSet(Object);

impl JwkSet {
    /// Returns the keys.
    pub fn keys(&self) -> impl Iterator<Item = &Object> {
        self.0
            .get("keys")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
    }
}

impl SingleValue for JwkSet {
    const ADDRESSES: bool = true;
    const SHAPE: &'static str = "JWK Set";

    fn schema() -> Value {
        let text = [
            (
                "kty",
                json!({ "type": "string", "not": { "const": "oct" } }),
            ),
            ("kid", json!({ "type": "string", "minLength": 1 })),
            ("alg", json!({ "type": "string", "minLength": 1 })),
            ("x5u", json!({ "type": "string", "format": "uri" })),
            (
                "x5c",
                json!({ "type": "array", "minItems": 1, "items": { "type": "string", "contentEncoding": "base64" } }),
            ),
            ("x5t", json!({ "type": "string", "pattern": BASE64URL })),
            (
                "x5t#S256",
                json!({ "type": "string", "pattern": BASE64URL }),
            ),
        ];
        let private = PRIVATE_MEMBERS.map(|member| (member, json!(false)));
        let members: Object = text
            .into_iter()
            .chain(private)
            .map(|(name, schema)| (name.to_owned(), schema))
            .collect();
        let key = json!({ "type": "object", "required": ["kty"], "properties": members });
        json!({
            "type": "object",
            "required": ["keys"],
            "properties": { "keys": { "type": "array", "minItems": 1, "maxItems": KEYS_MAX, "items": key } },
        })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        let Value::Object(set) = value else {
            return Err("must be a JSON object with a keys array".into());
        };
        let Some(Value::Array(keys)) = set.get("keys") else {
            return Err("must have a keys array".into());
        };
        if keys.is_empty() || keys.len() > KEYS_MAX {
            return Err(format!("must have 1 to {KEYS_MAX} keys").into());
        }
        let mut kids = Vec::new();
        for key in keys {
            let Value::Object(key) = key else {
                return Err("has a key that is not a JSON object".into());
            };
            match key.get("kty") {
                Some(Value::String(kty)) if kty == "oct" => {
                    return Err("has a symmetric key; only public keys may be registered".into());
                }
                Some(Value::String(_)) => {}
                _ => return Err("has a key without kty".into()),
            }
            if PRIVATE_MEMBERS
                .iter()
                .any(|member| key.contains_key(*member))
            {
                return Err("has a private key; only public keys may be registered".into());
            }
            // Keys of different types may be alternatives that share an identifier (RFC 7517 §4.5).
            let kty = key.get("kty");
            match key.get("kid") {
                None => {}
                Some(Value::String(kid)) if !kids.contains(&(kid, kty)) => kids.push((kid, kty)),
                Some(Value::String(_)) => {
                    return Err("has two keys with the same kid and kty".into());
                }
                Some(_) => return Err("has a kid that is not a string".into()),
            }
        }
        Ok(Self(set))
    }

    fn write(&self) -> JsonForm<'_> {
        JsonForm::Object(Cow::Borrowed(&self.0))
    }

    /// Returns the URLs of the certificates of its keys. RFC 7517 §4.6.
    fn uris(&self) -> Vec<&str> {
        self.keys()
            .filter_map(|key| key.get("x5u")?.as_str())
            .collect()
    }
}
