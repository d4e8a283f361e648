//! The access token of the service account, kept until shortly before its end.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use openssl::base64::encode_block;
use protocol::{Secret, lock};
use serde_json::Value;
use ureq::http::Method;
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::api::{Api, Call, CallBody, below};
use crate::connector::ConnectorError;
use crate::credential::CredentialFile;

/// The settings of a connector to Keycloak.
#[derive(Debug, Clone)]
pub struct KeycloakSettings {
    /// The address of the server, without `/realms`.
    pub at: Url,
    /// The name of the realm.
    pub realm: String,
    /// The client identifier of the service account.
    pub client: String,
    /// The secret of the service account.
    pub secret: CredentialFile,
}

/// The time before the end of a token from which it is not used any more.
const MARGIN: Duration = Duration::from_secs(30);

/// The token of a realm.
#[derive(Default)]
pub(super) struct Session {
    kept: Mutex<Option<(Secret, Instant)>>,
    /// Held during a log-in, so that calls that begin together share its token.
    log_in: Mutex<()>,
}

impl Session {
    /// Returns the kept token, or a new token.
    pub(super) fn token(
        &self,
        settings: &KeycloakSettings,
        api: &Api,
        deadline: Instant,
    ) -> Result<Secret, ConnectorError> {
        if let Some(token) = self.kept() {
            return Ok(token);
        }
        let _alone = lock(&self.log_in);
        if let Some(token) = self.kept() {
            return Ok(token);
        }
        let (token, lifetime) = log_in(settings, api, deadline)?;
        let until = Instant::now() + lifetime.saturating_sub(MARGIN);
        *self.lock() = Some((token.clone(), until));
        Ok(token)
    }

    fn kept(&self) -> Option<Secret> {
        let kept = self.lock();
        let (token, until) = kept.as_ref()?;
        (Instant::now() < *until).then(|| token.clone())
    }

    /// Drops the token that a call was refused with, unless it was replaced meanwhile.
    pub(super) fn forget(&self, token: &Secret) {
        let mut kept = self.lock();
        if kept.as_ref().is_some_and(|(held, _)| held == token) {
            *kept = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Secret, Instant)>> {
        lock(&self.kept)
    }
}

/// Asks for a token. RFC 6749 §4.4.2.
fn log_in(
    settings: &KeycloakSettings,
    api: &Api,
    deadline: Instant,
) -> Result<(Secret, Duration), ConnectorError> {
    let KeycloakSettings {
        at,
        realm,
        client,
        secret,
    } = settings;
    let path = ["realms", realm, "protocol", "openid-connect", "token"];
    let url = below(at, &path).ok_or_else(|| {
        ConnectorError::misconfigured("the address of Keycloak cannot have a path")
    })?;
    let secret = secret.read()?;
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client), encoded(secret.reveal()));
    let mut call = Call::new(Method::POST, url);
    call.authorization = Some(Secret::new(format!(
        "Basic {}",
        encode_block(pair.as_bytes())
    )));
    call.body = Some(CallBody::Form("grant_type=client_credentials".to_owned()));
    let response = api.send(&call, deadline)?;
    let reason = response.reason(&[&secret]);
    match (response.status, response.object()) {
        (200, Some(members)) => {
            let token = members.get("access_token").and_then(Value::as_str);
            let lifetime = members.get("expires_in").and_then(Value::as_u64);
            token
                .map(|token| {
                    (
                        Secret::new(token),
                        Duration::from_secs(lifetime.unwrap_or(60)),
                    )
                })
                .ok_or_else(|| {
                    ConnectorError::unavailable("the token response has no access_token")
                })
        }
        (400 | 401 | 403, _) => Err(ConnectorError::misconfigured(format!(
            "the client {client} cannot log in to the realm {realm}: {reason}"
        ))),
        (404, _) => Err(ConnectorError::misconfigured(format!(
            "the realm {realm} is not at the address of Keycloak"
        ))),
        _ => Err(response.unavailable(&[&secret])),
    }
}
