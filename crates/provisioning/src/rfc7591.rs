//! The connector `rfc7591`: the dynamic client registration of another server, and the management of RFC 7592.
//!
//! The server chooses the identifier and the secret, and its answer is what was agreed. There is no list, so a copy whose
//! registration was answered and not heard cannot be found again.

use std::time::Instant;

use openssl::ssl::SslConnector;
use protocol::{ClientId, ClientSecret, Issuer, Object, Secret, Timestamp};
use serde_json::Value;
use ureq::http::Method;
use url::Url;

use crate::api::{Api, ApiResponse, Call};
use crate::connector::{
    Connector, ConnectorError, CopyHandle, DesiredClient, DesiredSecret, Finding, ListedCopy,
    Listing, ProvisionedClient,
};
use crate::credential::CredentialFile;
use crate::http::{agreed_members, error};
use crate::redirects::PlainRedirects;

/// The members of an answer that are not client metadata. RFC 7591 §3.2.1, RFC 7592 §3.
const INFORMATION: [&str; 6] = [
    "client_id",
    "client_secret",
    "client_id_issued_at",
    "client_secret_expires_at",
    "registration_access_token",
    "registration_client_uri",
];

/// The scope that some servers refuse in a registration, and know without one.
const OPENID: &str = "openid";

/// A connector to a registration endpoint.
pub struct Rfc7591Connector {
    at: Url,
    api: Api,
    token: Option<CredentialFile>,
}

impl Rfc7591Connector {
    /// Makes the connector of the registration endpoint at `at`.
    pub fn new(at: Url, trust: SslConnector, token: Option<CredentialFile>) -> Self {
        Self {
            at,
            api: Api::new(trust),
            token,
        }
    }

    /// Returns the members to send, and the names of the left out members: members with a language tag and the scope
    /// `openid`, which some servers refuse.
    fn request(wanted: &DesiredClient<'_>) -> Result<(Object, Vec<String>), ConnectorError> {
        let mut left_out = Vec::new();
        let redirects = PlainRedirects::new(wanted.metadata.members());
        if redirects.is_incomplete {
            left_out.push("redirect_uris".to_owned());
        }
        let mut members = Object::new();
        for (name, value) in agreed_members(wanted)? {
            match (name.as_str(), value) {
                (tagged, _) if tagged.contains('#') => left_out.push(name),
                ("redirect_uris", _) => {
                    members.insert(name, redirects.uris.clone().into());
                }
                ("scope", Value::String(scope)) => {
                    let scope: Vec<&str> = scope.split(' ').filter(|one| *one != OPENID).collect();
                    if !scope.is_empty() {
                        members.insert(name, scope.join(" ").into());
                    }
                }
                (_, value) => {
                    members.insert(name, value);
                }
            }
        }
        Ok((members, left_out))
    }

    /// Returns the management address of a copy, at the origin of the registration endpoint. A server behind a proxy names its
    /// public origin: an address below the registration endpoint is then asked for at the origin that is configured.
    fn management_uri(&self, place: &CopyHandle) -> Result<Url, ConnectorError> {
        let uri = place
            .handle
            .as_deref()
            .and_then(|text| Url::parse(text).ok());
        let mut below = self.at.path().trim_end_matches('/').to_owned();
        below.push('/');
        let here = |uri: Url| {
            if uri.origin() == self.at.origin() {
                return Some(uri);
            }
            uri.path().starts_with(&below).then(|| {
                let mut here = self.at.clone();
                here.set_path(uri.path());
                here.set_query(uri.query());
                here
            })
        };
        uri.and_then(here).ok_or_else(|| {
            ConnectorError::rejected(
                None,
                "the copy has no registration_client_uri below the registration endpoint",
            )
        })
    }

    /// Registers a client without members and deletes it. Most servers refuse it with 400, which shows as well that the
    /// endpoint takes clients.
    fn probe(&self, token: Option<&Secret>, deadline: Instant) -> Result<(), ConnectorError> {
        let body = Object::new();
        let response = self.send(Method::POST, self.at.clone(), token, Some(&body), deadline)?;
        if response.status == 400 {
            return Ok(());
        }
        if !matches!(response.status, 200 | 201) {
            return Err(error(&response, &token.into_iter().collect::<Vec<_>>()));
        }
        let made = response.object().unwrap_or_default();
        let text = |name: &str| made.get(name).and_then(Value::as_str);
        let place = CopyHandle {
            client_id: ClientId::new(text("client_id").unwrap_or_default()),
            handle: text("registration_client_uri").map(str::to_owned),
            token: text("registration_access_token").map(Secret::new),
        };
        self.delete(&place, deadline)
    }

    /// Reads a client information response. RFC 7591 §3.2.1.
    fn read(
        wanted: &DesiredClient<'_>,
        response: &ApiResponse,
        previous: Option<&CopyHandle>,
        left_out: Vec<String>,
        sent: &Object,
    ) -> Result<ProvisionedClient, ConnectorError> {
        let mut answered = response.object().ok_or_else(|| {
            ConnectorError::unavailable("the answer to a registration is not a JSON object")
        })?;
        let mut information = Object::new();
        for name in INFORMATION {
            if let Some(value) = answered.remove(name) {
                information.insert(name.to_owned(), value);
            }
        }
        let text = |name: &str| information.get(name).and_then(Value::as_str);
        let chosen = text("client_id").ok_or_else(|| {
            ConnectorError::unavailable("the answer to a registration has no client_id")
        })?;
        let chosen = ClientId::new(chosen);
        let token = text("registration_access_token").map(Secret::new);
        let expires_at = information
            .get("client_secret_expires_at")
            .and_then(Value::as_i64)
            .filter(|seconds| *seconds > 0);
        if asked_for_openid(wanted)
            && let Some(Value::String(scope)) = answered.get_mut("scope")
            && !scope.split(' ').any(|one| one == OPENID)
        {
            format!("{OPENID} {scope}").trim_end().clone_into(scope);
        }
        let is_lost = |name: &&String| !answered.contains_key(*name);
        let mut dropped_members = left_out;
        dropped_members.extend(sent.keys().filter(is_lost).cloned());
        Ok(ProvisionedClient {
            secret: text("client_secret").map(ClientSecret::new),
            secret_expires_at: expires_at.map(Timestamp::from_seconds),
            place: CopyHandle {
                client_id: chosen.clone(),
                handle: text("registration_client_uri")
                    .map(str::to_owned)
                    .or_else(|| previous.and_then(|place| place.handle.clone())),
                token: token.or_else(|| previous.and_then(|place| place.token.clone())),
            },
            client_id: (wanted.client_id != Some(&chosen)).then_some(chosen),
            members: Some(answered),
            dropped_members,
        })
    }

    fn send(
        &self,
        method: Method,
        url: Url,
        token: Option<&Secret>,
        body: Option<&Object>,
        deadline: Instant,
    ) -> Result<ApiResponse, ConnectorError> {
        let mut call = Call::new(method, url).bearer(token);
        if let Some(body) = body {
            call = call.json(body);
        }
        self.api.send(&call, deadline)
    }
}

/// Returns true if the agreed `scope` has `openid`, which [`Rfc7591Connector::request`] leaves out.
fn asked_for_openid(wanted: &DesiredClient<'_>) -> bool {
    agreed_members(wanted).is_ok_and(|members| {
        let scope = members.get("scope").and_then(Value::as_str);
        scope.is_some_and(|scope| scope.split(' ').any(|one| one == OPENID))
    })
}

impl Connector for Rfc7591Connector {
    fn place(&self, _: &Issuer, client_id: &ClientId) -> Result<CopyHandle, ConnectorError> {
        Ok(CopyHandle {
            client_id: client_id.clone(),
            handle: None,
            token: None,
        })
    }

    fn create(
        &self,
        wanted: &DesiredClient<'_>,
        deadline: Instant,
    ) -> Result<ProvisionedClient, ConnectorError> {
        let token = self.token.as_ref().map(CredentialFile::read).transpose()?;
        let (body, left_out) = Self::request(wanted)?;
        let response = self.send(
            Method::POST,
            self.at.clone(),
            token.as_ref(),
            Some(&body),
            deadline,
        )?;
        match response.status {
            200 | 201 => Self::read(wanted, &response, None, left_out, &body),
            // Keycloak answers 500 for a value that is too long, which any stranger can send: it must not count as a server that is
            // down.
            500 if self.probe(token.as_ref(), deadline).is_ok() => Err(ConnectorError::rejected(
                None,
                "the authorization server cannot store a value of this client, probably because it is too long",
            )),
            _ => Err(error(&response, &token.iter().collect::<Vec<_>>())),
        }
    }

    fn update(
        &self,
        wanted: &DesiredClient<'_>,
        place: &CopyHandle,
        deadline: Instant,
    ) -> Result<ProvisionedClient, ConnectorError> {
        let (mut body, left_out) = Self::request(wanted)?;
        let sent = body.clone();
        body.insert("client_id".to_owned(), place.client_id.as_str().into());
        if let DesiredSecret::This(secret) = wanted.secret {
            body.insert("client_secret".to_owned(), secret.reveal().into());
        }
        let response = self.send(
            Method::PUT,
            self.management_uri(place)?,
            place.token.as_ref(),
            Some(&body),
            deadline,
        )?;
        let secret = match wanted.secret {
            DesiredSecret::This(secret) => Some(Secret::new(secret.reveal())),
            DesiredSecret::None | DesiredSecret::Unusable => None,
        };
        let secrets: Vec<&Secret> = secret.iter().chain(&place.token).collect();
        match response.status {
            200 => Self::read(wanted, &response, Some(place), left_out, &sent),
            401 | 404 => Err(ConnectorError::rejected(None, response.reason(&secrets))),
            _ => Err(error(&response, &secrets)),
        }
    }

    fn delete(&self, place: &CopyHandle, deadline: Instant) -> Result<(), ConnectorError> {
        let uri = self.management_uri(place)?;
        let response = self.send(Method::DELETE, uri, place.token.as_ref(), None, deadline)?;
        match response.status {
            // 401 is the answer for a client that is gone. RFC 7592 §2.3.
            200 | 204 | 401 | 404 => Ok(()),
            status @ (405 | 501) => {
                tracing::warn!(
                    client_id = place.client_id.as_str(),
                    "the authorization server cannot delete clients (it answered {status}), so this one stays there"
                );
                Ok(())
            }
            _ => Err(error(&response, &place.token.iter().collect::<Vec<_>>())),
        }
    }

    fn list(
        &self,
        _: &Issuer,
        _: Instant,
        _: &mut dyn FnMut(ListedCopy),
    ) -> Result<Listing, ConnectorError> {
        Ok(Listing::Unsupported)
    }

    fn read(
        &self,
        place: &CopyHandle,
        deadline: Instant,
    ) -> Result<Option<ListedCopy>, ConnectorError> {
        let uri = self.management_uri(place)?;
        let response = self.send(Method::GET, uri, place.token.as_ref(), None, deadline)?;
        match response.status {
            200 => {}
            // 401 is the answer for a client that is gone (RFC 7592 §2.1).
            401 | 404 => return Ok(None),
            _ => return Err(error(&response, &place.token.iter().collect::<Vec<_>>())),
        }
        let members = response.object().ok_or_else(|| {
            ConnectorError::unavailable("the answer about a client is not a JSON object")
        })?;
        let exchanged = members
            .get("registration_access_token")
            .and_then(Value::as_str);
        Ok(Some(ListedCopy {
            place: CopyHandle {
                token: exchanged.map(Secret::new).or_else(|| place.token.clone()),
                ..place.clone()
            },
            has_mark: true,
            revision: String::new(),
            members,
        }))
    }

    fn is_current(
        &self,
        wanted: &DesiredClient<'_>,
        copy: &ListedCopy,
        dropped_members: &[String],
    ) -> bool {
        Self::request(wanted).is_ok_and(|(sent, _)| {
            sent.iter().all(|(name, value)| {
                dropped_members.contains(name) || copy.members.get(name) == Some(value)
            })
        })
    }

    fn chooses_identifier(&self) -> bool {
        true
    }

    fn check(&self, _: &Issuer, deadline: Instant) -> Vec<Finding> {
        let token = self.token.as_ref().map(CredentialFile::read).transpose();
        let asked = token.and_then(|token| self.probe(token.as_ref(), deadline));
        vec![Finding::new(
            "the registration endpoint takes clients",
            asked,
        )]
    }
}
