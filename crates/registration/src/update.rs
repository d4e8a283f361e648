//! What an update request must and must not carry. RFC 7592 §2.2.

use openssl::memcmp;
use protocol::{ClientInformation, Invalid, SentMembers};
use serde_json::Value;
use store::Client;

use crate::{Door, Refusal};

/// Takes what the provider issued out of an update request, after seeing that it is the client's own.
///
/// # Errors
/// When `client_id` is missing or another's, `client_secret` is sent and is not the client's, or a member that is the
/// provider's to say is there.
pub fn request(client: &Client, mut object: SentMembers) -> Result<SentMembers, Refusal> {
    let refuse = |member: &'static str, reason: &'static str| {
        Refusal::Invalid(Invalid::new(member, reason), Door::Standard)
    };
    match object.remove("client_id") {
        Some(Value::String(id)) if id == client.id.as_str() => {}
        None | Some(Value::Null) => return Err(refuse("client_id", "must be in an update")),
        Some(_) => return Err(refuse("client_id", "must be the client's own in an update")),
    }
    match object.remove("client_secret") {
        None | Some(Value::Null) => {}
        Some(Value::String(sent)) if sent.is_empty() => {}
        Some(Value::String(sent))
            if client
                .secret
                .as_ref()
                .is_some_and(|secret| same(&sent, secret.reveal())) => {}
        Some(_) => {
            return Err(refuse(
                "client_secret",
                "must be the client's own, or left out of an update",
            ));
        }
    }
    match ClientInformation::ROWS
        .iter()
        .find(|row| object.has(row.name))
    {
        Some(row) => Err(refuse(row.name, "must be left out of an update")),
        None => Ok(object),
    }
}

fn same(sent: &str, own: &str) -> bool {
    sent.len() == own.len() && memcmp::eq(sent.as_bytes(), own.as_bytes())
}
