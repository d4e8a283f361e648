//! The connector `http`: Hydra's admin API, which a script in front of another server can implement.
//!
//! A copy is the agreed metadata with `client_id`, `client_secret`, `owner` and a mark in `metadata.frontdesk`. `scope` is always
//! sent, since Hydra gives `offline_access offline openid` to a client without it.

use std::time::Instant;

use openssl::ssl::SslConnector;
use protocol::{ClientId, ClientSecret, Issuer, Object, RandomSource, Secret};
use serde_json::{Value, json};
use ureq::http::Method;
use url::Url;

use crate::api::{Api, ApiResponse, Call, below, hexadecimal};
use crate::connector::{
    Connector, ConnectorError, CopyHandle, DesiredClient, DesiredSecret, Finding, ListedCopy,
    Listing, ProvisionedClient,
};
use crate::credential::CredentialFile;
use crate::named_member::named_member;
use crate::redirects::PlainRedirects;
use crate::template::CopyTemplate;

/// The value of `owner` in every copy.
const OWNER: &str = "frontdesk";

/// The number of copies in a page of the list.
const PAGE_SIZE: &str = "250";

/// The maximum number of pages, so that a server whose pages point at each other ends the list.
const MAX_PAGES: usize = 100_000;

/// The number of random bytes in a secret that is not kept.
const UNUSABLE_SECRET_BYTES: usize = 32;

/// A connector to an API that keeps clients below an address.
pub struct HttpConnector {
    at: Url,
    api: Api,
    token: Option<CredentialFile>,
    template: CopyTemplate,
    random: RandomSource,
}

/// The members to send, and the names of the left out members.
struct CopyBody {
    members: Object,
    secret: Option<Secret>,
    left_out: Vec<String>,
}

impl HttpConnector {
    /// Makes the connector of the collection at `at`.
    pub fn new(
        at: Url,
        trust: SslConnector,
        token: Option<CredentialFile>,
        template: CopyTemplate,
        random: RandomSource,
    ) -> Self {
        Self {
            at,
            api: Api::new(trust),
            token,
            template,
            random,
        }
    }

    fn call(
        &self,
        method: Method,
        url: Url,
        body: Option<&Object>,
        deadline: Instant,
    ) -> Result<(ApiResponse, Option<Secret>), ConnectorError> {
        let token = self.token.as_ref().map(CredentialFile::read).transpose()?;
        let mut call = Call::new(method, url).bearer(token.as_ref());
        if let Some(body) = body {
            call = call.json(body);
        }
        Ok((self.api.send(&call, deadline)?, token))
    }

    fn address(&self, id: &ClientId) -> Result<Url, ConnectorError> {
        below(&self.at, &[id.as_str()]).ok_or_else(|| {
            ConnectorError::misconfigured("the address of the clients cannot have a path")
        })
    }

    fn copy_body(&self, wanted: &DesiredClient<'_>) -> Result<CopyBody, ConnectorError> {
        let mut members = self.template.members().clone();
        let mut left_out = Vec::new();
        members.extend(agreed_members(wanted)?);
        let redirects = PlainRedirects::new(wanted.metadata.members());
        if members.contains_key("redirect_uris") {
            members.insert("redirect_uris".to_owned(), redirects.uris.into());
        }
        if redirects.is_incomplete {
            left_out.push("redirect_uris".to_owned());
        }
        if !members.contains_key("scope") {
            members.insert("scope".to_owned(), wanted.scopes_supported.join(" ").into());
        }
        if let Some(id) = wanted.client_id {
            members.insert("client_id".to_owned(), id.as_str().into());
        }
        let secret = match wanted.secret {
            DesiredSecret::None => None,
            DesiredSecret::This(secret) => Some(Secret::new(secret.reveal())),
            DesiredSecret::Unusable => Some(unusable_secret(&self.random)?),
        };
        if let Some(secret) = &secret {
            members.insert("client_secret".to_owned(), secret.reveal().into());
        }
        members.insert("owner".to_owned(), OWNER.into());
        let mark = json!({
            "issuer": wanted.issuer.as_str(),
            "revision": self.template.revision(wanted.revision),
        });
        match members.get_mut("metadata") {
            Some(Value::Object(metadata)) => {
                metadata.insert(OWNER.to_owned(), mark);
            }
            _ => {
                members.insert("metadata".to_owned(), json!({ OWNER: mark }));
            }
        }
        Ok(CopyBody {
            members,
            secret,
            left_out,
        })
    }

    /// Returns true if the server says that its client with this identifier has no mark of the provider. An API that
    /// does not answer keeps our copies only.
    fn is_foreign(
        &self,
        issuer: &Issuer,
        id: &ClientId,
        deadline: Instant,
    ) -> Result<bool, ConnectorError> {
        let (response, _) = self.call(Method::GET, self.address(id)?, None, deadline)?;
        Ok(response.status == 200
            && response
                .object()
                .is_some_and(|held| listed_copy(Value::Object(held), issuer).is_none()))
    }

    /// Returns true if the server says that its client with this identifier has no mark of any provider.
    fn is_unmarked(&self, id: &ClientId, deadline: Instant) -> Result<bool, ConnectorError> {
        let (response, _) = self.call(Method::GET, self.address(id)?, None, deadline)?;
        let has_mark = |held: Object| {
            let metadata = held.get("metadata").and_then(Value::as_object);
            metadata.is_some_and(|metadata| metadata.contains_key(OWNER))
        };
        Ok(response.status == 200 && response.object().is_some_and(|held| !has_mark(held)))
    }

    /// Posts a copy; puts it when it is there already.
    fn post(
        &self,
        wanted: &DesiredClient<'_>,
        id: &ClientId,
        body: &CopyBody,
        deadline: Instant,
    ) -> Result<ProvisionedClient, ConnectorError> {
        let (response, token) =
            self.call(Method::POST, self.at.clone(), Some(&body.members), deadline)?;
        match response.status {
            200 | 201 => Ok(provisioned(wanted, id, body, &response)),
            409 if self.is_foreign(wanted.issuer, id, deadline)? => Err(foreign_client()),
            409 => {
                let (response, token) = self.call(
                    Method::PUT,
                    self.address(id)?,
                    Some(&body.members),
                    deadline,
                )?;
                match response.status {
                    200 | 201 | 204 => Ok(provisioned(wanted, id, body, &response)),
                    _ => Err(error(
                        &response,
                        &secrets(body.secret.as_ref(), token.as_ref()),
                    )),
                }
            }
            _ => Err(error(
                &response,
                &secrets(body.secret.as_ref(), token.as_ref()),
            )),
        }
    }
}

impl Connector for HttpConnector {
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
        let id = wanted.chosen_id()?;
        self.post(wanted, id, &self.copy_body(wanted)?, deadline)
    }

    fn update(
        &self,
        wanted: &DesiredClient<'_>,
        place: &CopyHandle,
        deadline: Instant,
    ) -> Result<ProvisionedClient, ConnectorError> {
        let body = self.copy_body(wanted)?;
        if self.is_foreign(wanted.issuer, &place.client_id, deadline)? {
            return Err(foreign_client());
        }
        let (response, token) = self.call(
            Method::PUT,
            self.address(&place.client_id)?,
            Some(&body.members),
            deadline,
        )?;
        match response.status {
            200 | 201 | 204 => Ok(provisioned(wanted, &place.client_id, &body, &response)),
            404 => self.post(wanted, &place.client_id, &body, deadline),
            _ => Err(error(
                &response,
                &secrets(body.secret.as_ref(), token.as_ref()),
            )),
        }
    }

    fn delete(&self, place: &CopyHandle, deadline: Instant) -> Result<(), ConnectorError> {
        if self.is_unmarked(&place.client_id, deadline)? {
            // Our copy is gone, and this one is the server's own.
            return Ok(());
        }
        let (response, token) = self.call(
            Method::DELETE,
            self.address(&place.client_id)?,
            None,
            deadline,
        )?;
        match response.status {
            200 | 204 | 404 => Ok(()),
            _ => Err(error(&response, &secrets(None, token.as_ref()))),
        }
    }

    fn list(
        &self,
        issuer: &Issuer,
        deadline: Instant,
        each: &mut dyn FnMut(ListedCopy),
    ) -> Result<Listing, ConnectorError> {
        let mut page = self.at.clone();
        page.query_pairs_mut()
            .append_pair("owner", OWNER)
            .append_pair("page_size", PAGE_SIZE);
        for _ in 0..MAX_PAGES {
            let (response, token) = self.call(Method::GET, page.clone(), None, deadline)?;
            if response.status == 403 {
                return Err(ConnectorError::misconfigured(
                    response.reason(&secrets(None, token.as_ref())),
                ));
            }
            if response.status != 200 {
                return Err(error(&response, &secrets(None, token.as_ref())));
            }
            let copies = response.array().ok_or_else(|| {
                ConnectorError::unavailable("the list of clients is not a JSON array")
            })?;
            copies
                .into_iter()
                .filter_map(|copy| listed_copy(copy, issuer))
                .for_each(&mut *each);
            match response.next_page(&page) {
                None => return Ok(Listing::Complete),
                Some(next) if next.origin() == self.at.origin() => page = next,
                Some(_) => {
                    return Err(ConnectorError::unavailable(
                        "the next page of the list is at another origin",
                    ));
                }
            }
        }
        Err(ConnectorError::unavailable(
            "the list of clients does not end",
        ))
    }

    fn is_current(
        &self,
        wanted: &DesiredClient<'_>,
        copy: &ListedCopy,
        dropped_members: &[String],
    ) -> bool {
        let Ok(body) = self.copy_body(wanted) else {
            return false;
        };
        copy.revision == self.template.revision(wanted.revision)
            && body.members.iter().all(|(name, sent)| {
                name == "client_secret"
                    || dropped_members.contains(name)
                    || copy.members.get(name) == Some(sent)
            })
    }

    fn check(&self, _: &Issuer, deadline: Instant) -> Vec<Finding> {
        let listed = self.call(Method::GET, self.at.clone(), None, deadline);
        let listed = listed.and_then(|(response, token)| match response.status {
            200 => Ok(()),
            _ => Err(error(&response, &secrets(None, token.as_ref()))),
        });
        vec![Finding::new("the clients can be listed", listed)]
    }
}

fn foreign_client() -> ConnectorError {
    ConnectorError::rejected(
        Some("client_id"),
        "another client of the authorization server has this identifier",
    )
}

/// The choices of a client document, which tell this service the methods that the client can use, and mean nothing to a server.
const CHOICES: &str = "token_endpoint_auth_methods_supported";

/// Returns the agreed metadata as a JSON object.
pub(crate) fn agreed_members(wanted: &DesiredClient<'_>) -> Result<Object, ConnectorError> {
    let mut members: Object = serde_json::from_str(wanted.metadata.json())
        .map_err(|_| ConnectorError::rejected(None, "the agreed metadata is not a JSON object"))?;
    members.remove(CHOICES);
    Ok(members)
}

/// Draws a secret that is not kept.
pub(crate) fn unusable_secret(random: &RandomSource) -> Result<Secret, ConnectorError> {
    let mut bytes = [0; UNUSABLE_SECRET_BYTES];
    random(&mut bytes).map_err(|reason| {
        ConnectorError::unavailable(format!("the random source failed: {reason}"))
    })?;
    Ok(Secret::new(hexadecimal(&bytes)))
}

fn secrets<'a>(one: Option<&'a Secret>, other: Option<&'a Secret>) -> Vec<&'a Secret> {
    one.into_iter().chain(other).collect()
}

/// Returns the error that a status means, for a call about a client.
pub(crate) fn error(response: &ApiResponse, secrets: &[&Secret]) -> ConnectorError {
    let reason = response.reason(secrets);
    match response.status {
        400 | 403 | 405 | 409 | 413 | 415 | 422 => {
            let code = response.object().and_then(|members| {
                members
                    .get("error")
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            });
            let member = match code.as_deref() {
                Some("invalid_redirect_uri") => Some("redirect_uris".to_owned()),
                _ => named_member(&reason),
            };
            ConnectorError::rejected(member.as_deref(), reason)
        }
        408 | 425 | 429 | 500..=599 => response.unavailable(secrets),
        _ => ConnectorError::misconfigured(reason),
    }
}

/// Reads the server's copy: an identifier or a secret of its own is adopted, and a sent member that it lacks was dropped.
fn provisioned(
    wanted: &DesiredClient<'_>,
    id: &ClientId,
    body: &CopyBody,
    response: &ApiResponse,
) -> ProvisionedClient {
    let answered = response.object().filter(|members| !members.is_empty());
    let text = |name: &str| {
        answered
            .as_ref()
            .and_then(|members| members.get(name))
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let client_id = text("client_id").filter(|chosen| *chosen != id.as_str());
    let sent_secret = body.secret.as_ref().map(Secret::reveal);
    let secret = match wanted.secret {
        DesiredSecret::This(_) => {
            text("client_secret").filter(|chosen| Some(*chosen) != sent_secret)
        }
        DesiredSecret::None | DesiredSecret::Unusable => None,
    };
    let mut dropped_members = body.left_out.clone();
    if let Some(answered) = &answered {
        let is_lost = |name: &&String| {
            !matches!(name.as_str(), "client_secret" | "owner" | "metadata")
                && !answered.contains_key(*name)
        };
        dropped_members.extend(body.members.keys().filter(is_lost).cloned());
    }
    let client_id = client_id.map(ClientId::new);
    ProvisionedClient {
        place: CopyHandle {
            client_id: client_id.clone().unwrap_or_else(|| id.clone()),
            handle: None,
            token: None,
        },
        client_id,
        secret: secret.map(ClientSecret::new),
        secret_expires_at: None,
        members: None,
        dropped_members,
    }
}

/// Returns a copy of the list, if it has the mark of the provider.
fn listed_copy(copy: Value, issuer: &Issuer) -> Option<ListedCopy> {
    let Value::Object(members) = copy else {
        return None;
    };
    let mark = members.get("metadata")?.get(OWNER)?;
    if mark.get("issuer")?.as_str()? != issuer.as_str() {
        return None;
    }
    Some(ListedCopy {
        has_mark: true,
        revision: mark
            .get("revision")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        place: CopyHandle {
            client_id: ClientId::new(members.get("client_id")?.as_str()?),
            handle: None,
            token: None,
        },
        members,
    })
}
