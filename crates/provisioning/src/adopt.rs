//! The values that a server chose in place of ours: the identifier, the secret and the members. The answer to the client, the store
//! and every later call use them.

use protocol::client_id_url::looks_like_document_id;
use protocol::{ClientId, ClientMetadata, Object, RegisteredMetadata};
use serde_json::Value;
use store::{Client, ClientData, SecretChange};

use crate::connector::ProvisionedClient;

/// The maximum length of an identifier that a server chose, in bytes.
const MAX_IDENTIFIER_BYTES: usize = 512;

/// The reason for which a server's answer cannot be adopted.
pub(crate) type AdoptError = &'static str;

/// Puts the values that the server chose into a new client.
///
/// # Errors
/// The server chose an identifier or members that no client can have.
pub(crate) fn adopt_new(
    client: &mut ClientData,
    made: &ProvisionedClient,
) -> Result<(), AdoptError> {
    if let Some(chosen) = &made.client_id {
        check_identifier(chosen)?;
        client.id = chosen.clone();
    }
    if let Some(members) = &made.members {
        client.metadata = adopted_metadata(members)?;
        client.secret.clone_from(&made.secret);
        client.secret_expires_at = made.secret.as_ref().and(made.secret_expires_at);
    } else if let Some(secret) = &made.secret {
        client.secret = Some(secret.clone());
    }
    Ok(())
}

/// Returns the metadata and the secret of an updated client after the server's choice.
///
/// # Errors
/// The server chose another identifier, or members that no client can have.
pub(crate) fn adopt_update(
    client: &Client,
    metadata: RegisteredMetadata,
    change: SecretChange,
    made: &ProvisionedClient,
) -> Result<(RegisteredMetadata, SecretChange), AdoptError> {
    if made.client_id.is_some() {
        return Err("the authorization server chose another identifier in an update");
    }
    let Some(members) = &made.members else {
        let change = match (&made.secret, change) {
            (Some(secret), SecretChange::Issue(_, expires_at)) => {
                SecretChange::Issue(secret.clone(), expires_at)
            }
            (Some(secret), _) => SecretChange::Issue(secret.clone(), client.data.secret_expires_at),
            (None, change) => change,
        };
        return Ok((metadata, change));
    };
    let metadata = adopted_metadata(members)?;
    let change = match &made.secret {
        Some(secret)
            if client.data.secret.as_ref() == Some(secret)
                && client.data.secret_expires_at == made.secret_expires_at =>
        {
            SecretChange::Keep
        }
        Some(secret) => SecretChange::Issue(secret.clone(), made.secret_expires_at),
        // RFC 7592 §3 lets a server leave the secret out.
        None if matches!(change, SecretChange::Remove) => SecretChange::Remove,
        None => SecretChange::Keep,
    };
    Ok((metadata, change))
}

/// Checks an identifier that a server chose. It is a part of the path of the client's own address, as it is. RFC 3986 §3.3; an
/// identifier that is a URL would name a document.
pub(crate) fn check_identifier(chosen: &ClientId) -> Result<(), AdoptError> {
    let text = chosen.as_str();
    if looks_like_document_id(text) {
        return Err("the authorization server chose an identifier that is a URL");
    }
    let is_usable =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte);
    if text.is_empty() || text.len() > MAX_IDENTIFIER_BYTES || !text.bytes().all(is_usable) {
        return Err("the authorization server chose an identifier that is not valid");
    }
    Ok(())
}

/// Reads the members that a server agreed to. A member that we do not know, or that has another form than ours, is left out.
fn adopted_metadata(answered: &Object) -> Result<RegisteredMetadata, AdoptError> {
    let mut members = Object::new();
    for (name, value) in answered {
        let alone = Object::from_iter([(name.clone(), value.clone())]);
        if let Ok(parsed) = ClientMetadata::parse(alone) {
            members.extend(parsed.object());
        }
    }
    RegisteredMetadata::from_stored(Value::Object(members).to_string())
        .map_err(|_| "the authorization server answered members that cannot be read")
}
