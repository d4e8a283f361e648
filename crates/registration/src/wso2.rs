//! Clients of WSO2 Identity Server 5.3.0, at its endpoints and at ours. They send strings for lists, no name, and an owner.

mod authentication;
mod owner;
mod register;
mod unregister;
mod wording;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_http::Failure;
use protocol::{ClientMetadata, Object};
use serde_json::Value;

use crate::{Refusal, Registration};

pub(crate) use register::{accept, is_wso2_request, register};
pub(crate) use unregister::unregister;

/// Turns the members of a WSO2 client into those that other clients send: lists for strings, and a name.
///
/// # Errors
/// When the random source fails.
fn normalise(members: &mut Object, registration: &Registration) -> Result<(), Refusal> {
    for row in ClientMetadata::ROWS.iter().filter(|row| row.list) {
        if let Some(value @ Value::String(_)) = members.get_mut(row.name) {
            *value = Value::Array(vec![value.take()]);
        }
    }
    split_grants(members);
    if !members
        .get("client_name")
        .is_some_and(|name| !name.is_null() && name != "")
    {
        members.insert("client_name".into(), random_name(registration)?.into());
    }
    Ok(())
}

/// Splits elements of `grant_types` that hold several grants.
fn split_grants(members: &mut Object) {
    if let Some(Value::Array(grants)) = members.get_mut("grant_types") {
        let split = grants.drain(..).flat_map(|grant| match grant {
            Value::String(words) => words.split_whitespace().map(Value::from).collect(),
            other => vec![other],
        });
        *grants = split.collect::<Vec<_>>();
    }
}

fn random_name(registration: &Registration) -> Result<String, Refusal> {
    let mut bytes = [0_u8; 12];
    (registration.services.random)(&mut bytes)
        .map_err(|reason| Failure::server_error(format!("no randomness: {reason}")))?;
    Ok(format!("application_{}", URL_SAFE_NO_PAD.encode(bytes)))
}
