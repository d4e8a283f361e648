//! Identifiers, secrets and tokens; and when a client needs a secret.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_http::Failure;
use protocol::values::{AuthMethod, takes_a_secret};
use protocol::{
    ClientId, ClientMetadata, ClientSecret, RegisteredMetadata, RegistrationAccessToken, Timestamp,
    TokenTerms,
};
use store::{ClientData, NewClient, SecretChange};

use crate::Registration;

/// A client before its credentials are issued.
pub(crate) struct AgreedClient {
    /// The metadata that was agreed to.
    pub(crate) metadata: RegisteredMetadata,
    /// The account that owns the client.
    pub(crate) owner: Option<String>,
    /// The name composed of a named owner and the client's name.
    pub(crate) composed_name: Option<String>,
    /// The terms of the initial access token, which later updates keep.
    pub(crate) terms: Option<Arc<TokenTerms>>,
}

/// Makes a client with its identifier, secret and token, from a single read of the random source. RFC 7591 §3.2.1.
///
/// # Errors
/// When the random source fails.
pub(crate) fn new_client(
    registration: &Registration,
    agreed: AgreedClient,
) -> Result<(NewClient, RegistrationAccessToken), Failure> {
    let RandomValues {
        id: random,
        secret,
        token,
    } = draw(registration)?;
    let now = registration.services.clock.now();
    let has_secret = needs_secret(agreed.metadata.members());
    let token = RegistrationAccessToken::new(text(RegistrationAccessToken::PREFIX, &token));
    let data = ClientData {
        id: client_id(registration, &random),
        provider: registration.policy.issuer.clone(),
        metadata: agreed.metadata,
        secret: has_secret.then(|| ClientSecret::new(text("", &secret))),
        issued_at: now,
        secret_expires_at: if has_secret {
            secret_expiry(registration, now)
        } else {
            None
        },
        expires_at: registration
            .client_lifetime
            .map(|lifetime| now.plus(lifetime)),
        owner: agreed.owner,
        composed_name: agreed.composed_name,
        terms: agreed.terms,
    };
    let client = NewClient {
        data,
        token: Some(token.clone()),
    };
    Ok((client, token))
}

/// Returns an identifier that begins with the time: identifiers that sort by time are appended to the database index. They reveal
/// no more than `client_id_issued_at` does.
fn client_id(registration: &Registration, random: &[u8]) -> ClientId {
    let milliseconds = registration.services.clock.milliseconds().unsigned_abs();
    ClientId::new(text(&format!("{milliseconds:012x}"), random))
}

/// Decides about the secret in an update: a client that needs a secret and has none, or an expired one, is issued one; the secret of
/// a client that needs none is removed. RFC 7592 §2.2.
///
/// # Errors
/// When the random source fails.
pub fn secret_change(
    registration: &Registration,
    client: &ClientData,
    metadata: &RegisteredMetadata,
) -> Result<SecretChange, Failure> {
    let now = registration.services.clock.now();
    let is_good = client.secret.is_some() && client.secret_expires_at.is_none_or(|at| at > now);
    Ok(match (needs_secret(metadata.members()), is_good) {
        (true, false) => {
            let RandomValues { secret, .. } = draw(registration)?;
            SecretChange::Issue(
                ClientSecret::new(text("", &secret)),
                secret_expiry(registration, now),
            )
        }
        (true, true) => SecretChange::Keep,
        (false, _) => SecretChange::Remove,
    })
}

fn secret_expiry(registration: &Registration, now: Timestamp) -> Option<Timestamp> {
    registration
        .secret_lifetime
        .map(|lifetime| now.plus(lifetime))
}

/// Returns true if the authentication method or an algorithm uses a client secret.
fn needs_secret(agreed: &ClientMetadata) -> bool {
    let mut algorithms = agreed
        .present()
        .filter(|(row, _)| row.name.ends_with("_alg"));
    agreed
        .token_endpoint_auth_method
        .as_ref()
        .is_some_and(AuthMethod::needs_secret)
        || algorithms.any(|(_, held)| held.values().iter().any(|value| takes_a_secret(value)))
}

/// The random parts of a client: 128 bits of its identifier, 256 each of its secret and its token.
struct RandomValues {
    id: [u8; 16],
    secret: [u8; 32],
    token: [u8; 32],
}

fn draw(registration: &Registration) -> Result<RandomValues, Failure> {
    let mut bytes = [0_u8; 80];
    (registration.services.random)(&mut bytes)
        .map_err(|reason| Failure::server_error(format!("no randomness: {reason}")))?;
    let drawn = bytes.split_first_chunk().and_then(|(id, rest)| {
        let (secret, rest) = rest.split_first_chunk()?;
        Some(RandomValues {
            id: *id,
            secret: *secret,
            token: *rest.first_chunk()?,
        })
    });
    drawn.ok_or_else(|| Failure::server_error("the randomness drawn is too short for a client"))
}

/// Returns `begin` and behind it the bytes in base64url.
fn text(begin: &str, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(begin.len() + bytes.len().div_ceil(3) * 4);
    text.push_str(begin);
    URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
    text
}
