//! Identifiers, secrets and tokens; and when a client needs a secret.

use std::sync::Arc;

use oauth_http::Failure;
use protocol::random::{IDENTIFIER_CHARACTERS, SECRET_CHARACTERS, letters_and_digits};
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
    let RandomValues { id, secret, token } = draw(registration)?;
    let now = registration.services.clock.now();
    let has_secret = needs_secret(agreed.metadata.members());
    let token = RegistrationAccessToken::new([RegistrationAccessToken::PREFIX, &token].concat());
    let data = ClientData {
        id: client_id(registration, &id),
        provider: registration.issuer.clone(),
        metadata: agreed.metadata,
        secret: has_secret.then(|| ClientSecret::new(secret)),
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
fn client_id(registration: &Registration, random: &str) -> ClientId {
    let milliseconds = registration.services.clock.milliseconds().unsigned_abs();
    ClientId::new(format!("{milliseconds:012x}{random}"))
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
            let secret = ClientSecret::new(characters(registration, SECRET_CHARACTERS)?);
            SecretChange::Issue(secret, secret_expiry(registration, now))
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
    id: String,
    secret: String,
    token: String,
}

fn draw(registration: &Registration) -> Result<RandomValues, Failure> {
    let mut id = characters(registration, IDENTIFIER_CHARACTERS + 2 * SECRET_CHARACTERS)?;
    let mut secret = id.split_off(IDENTIFIER_CHARACTERS);
    let token = secret.split_off(SECRET_CHARACTERS);
    Ok(RandomValues { id, secret, token })
}

fn characters(registration: &Registration, count: usize) -> Result<String, Failure> {
    letters_and_digits(&registration.services.random, count)
        .map_err(|error| Failure::server_error(error.to_string()))
}
