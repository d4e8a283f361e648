//! Identifiers, secrets and tokens; and when a client needs a secret.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_http::Failure;
use protocol::values::{AuthMethod, takes_a_secret};
use protocol::{
    ClientId, ClientMetadata, ClientSecret, RegisteredMetadata, RegistrationAccessToken, Timestamp,
    TokenTerms, hexadecimal,
};
use store::{Client, NewClient, SecretChange};

use crate::Registration;

/// A client with all that is issued to it, from one draw of randomness. RFC 7591 §3.2.1.
///
/// # Errors
/// When there is no randomness.
pub fn client(
    registration: &Registration,
    metadata: RegisteredMetadata,
    owner: Option<String>,
    composed_name: Option<String>,
    terms: Option<Arc<TokenTerms>>,
) -> Result<NewClient, Failure> {
    let Drawn {
        id: random,
        secret,
        token,
    } = draw(registration)?;
    let now = registration.clock.now();
    // Identifiers that sort by time are appended to the index; they show no more than client_id_issued_at does.
    let mut begun = String::new();
    hexadecimal::push(
        &mut begun,
        registration.clock.milliseconds().unsigned_abs(),
        12,
    );
    let id = ClientId::new(text(&begun, &random));
    let has_secret = needs_secret(metadata.members());
    Ok(NewClient {
        id,
        provider: registration.policy.issuer.clone(),
        metadata,
        secret: has_secret.then(|| ClientSecret::new(text("", &secret))),
        token: RegistrationAccessToken::new(text(RegistrationAccessToken::PREFIX, &token)),
        issued_at: now,
        secret_expires_at: if has_secret {
            secret_expiry(registration, now)
        } else {
            None
        },
        expires_at: registration
            .client_lifetime
            .map(|lifetime| now.plus(lifetime)),
        owner,
        composed_name,
        terms,
    })
}

/// What an update does to the secret: a client that needs one and has none, or one that expired, is given one; a client that
/// needs none loses it. RFC 7592 §2.2.
///
/// # Errors
/// When there is no randomness.
pub fn secret_change(
    registration: &Registration,
    client: &Client,
    metadata: &RegisteredMetadata,
) -> Result<SecretChange, Failure> {
    let now = registration.clock.now();
    let is_good = client.secret.is_some() && client.secret_expires_at.is_none_or(|at| at > now);
    Ok(match (needs_secret(metadata.members()), is_good) {
        (true, false) => {
            let Drawn { secret, .. } = draw(registration)?;
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

/// Whether anything that was agreed is built on a secret: the authentication method, or an algorithm with a shared key.
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

/// What is random about a client: 128 bits of its identifier, 256 each of its secret and its token.
struct Drawn {
    id: [u8; 16],
    secret: [u8; 32],
    token: [u8; 32],
}

fn draw(registration: &Registration) -> Result<Drawn, Failure> {
    let mut bytes = [0_u8; 80];
    (registration.random)(&mut bytes)
        .map_err(|reason| Failure::server_error(format!("no randomness: {reason}")))?;
    let drawn = bytes.split_first_chunk().and_then(|(id, rest)| {
        let (secret, rest) = rest.split_first_chunk()?;
        Some(Drawn {
            id: *id,
            secret: *secret,
            token: *rest.first_chunk()?,
        })
    });
    drawn.ok_or_else(|| Failure::server_error("the randomness drawn is too short for a client"))
}

/// How random bytes are written behind what a text begins with: in base64url.
fn text(begin: &str, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(begin.len() + bytes.len().div_ceil(3) * 4);
    text.push_str(begin);
    URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
    text
}
