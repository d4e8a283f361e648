//! The members of an update request that the provider issued. RFC 7592 §2.2.

use openssl::memcmp;
use protocol::{ClientInformation, InvalidMember, Object};
use serde_json::Value;
use store::ClientData;

use crate::Refusal;

const CLIENT_ID: &str = "client_id";
const CLIENT_SECRET: &str = "client_secret";

/// The members that the provider issued and an update may have. RFC 7592 §2.2.
const OWN_CREDENTIALS: [&str; 2] = [CLIENT_ID, CLIENT_SECRET];

/// Takes `client_id` and `client_secret` out of an update request, after checking that they are the client's.
///
/// # Errors
/// When the request has other members that only the provider sets, all of which are named, `client_id` is missing or another
/// client's, or `client_secret` is sent and is not the client's.
pub(crate) fn take_credentials(
    client: &ClientData,
    mut members: Object,
) -> Result<Object, Refusal> {
    let refuse = |member: &'static str, reason: &'static str| {
        Refusal::from(InvalidMember::new(member, reason))
    };
    let issued: Vec<&'static str> = ClientInformation::ROWS
        .iter()
        .map(|row| row.name)
        .filter(|name| !OWN_CREDENTIALS.contains(name) && members.contains_key(*name))
        .collect();
    if !issued.is_empty() {
        return Err(Refusal::Issued(issued));
    }
    match members.shift_remove(CLIENT_ID) {
        Some(Value::String(id)) if id == client.id.as_str() => {}
        None | Some(Value::Null) => return Err(refuse(CLIENT_ID, "is required in an update")),
        Some(_) => return Err(refuse(CLIENT_ID, "must equal the client's client_id")),
    }
    match members.shift_remove(CLIENT_SECRET) {
        None | Some(Value::Null) => {}
        Some(Value::String(sent))
            if client
                .secret
                .as_ref()
                .is_some_and(|secret| same(&sent, secret.reveal())) => {}
        Some(_) => {
            return Err(refuse(
                CLIENT_SECRET,
                "must equal the client's client_secret or be omitted",
            ));
        }
    }
    Ok(members)
}

fn same(sent: &str, own: &str) -> bool {
    sent.len() == own.len() && memcmp::eq(sent.as_bytes(), own.as_bytes())
}
