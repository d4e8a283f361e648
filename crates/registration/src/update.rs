//! The members of an update request that the provider issued. RFC 7592 §2.2.

use openssl::memcmp;
use protocol::{ClientInformation, InvalidMember, SentMembers};
use serde_json::Value;
use store::Client;

use crate::Refusal;

/// Takes `client_id` and `client_secret` out of an update request, after checking that they are the client's.
///
/// # Errors
/// When `client_id` is missing or another client's, `client_secret` is sent and is not the client's, or the request has another
/// member that only the provider sets.
pub(crate) fn take_credentials(
    client: &Client,
    mut members: SentMembers,
) -> Result<SentMembers, Refusal> {
    let refuse = |member: &'static str, reason: &'static str| {
        Refusal::from(InvalidMember::new(member, reason))
    };
    match members.remove("client_id") {
        Some(Value::String(id)) if id == client.id.as_str() => {}
        None | Some(Value::Null) => return Err(refuse("client_id", "is required in an update")),
        Some(_) => return Err(refuse("client_id", "must equal the client's client_id")),
    }
    match members.remove("client_secret") {
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
                "must equal the client's client_secret or be omitted",
            ));
        }
    }
    match ClientInformation::ROWS
        .iter()
        .find(|row| members.has(row.name))
    {
        Some(row) => Err(refuse(row.name, "must be omitted from an update")),
        None => Ok(members),
    }
}

fn same(sent: &str, own: &str) -> bool {
    sent.len() == own.len() && memcmp::eq(sent.as_bytes(), own.as_bytes())
}
