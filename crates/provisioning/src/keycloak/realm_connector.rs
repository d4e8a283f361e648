//! The connector to a realm of Keycloak.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use openssl::ssl::SslConnector;
use protocol::{ClientId, Issuer, RandomSource, Secret};
use serde_json::{Value, json};
use ureq::http::Method;
use url::Url;

use crate::api::{Api, ApiResponse, Call, CallBody, below, hexadecimal};
use crate::connector::{
    Connector, ConnectorError, CopyHandle, DesiredClient, DesiredSecret, Finding, Limit, LimitRule,
    ListedCopy, Listing, ProvisionedClient,
};
use crate::keycloak::copies::{DELETED_MARK, ISSUER_MARK, REVISION_MARK, copy_id, listed_copy};
use crate::keycloak::representation::{Representation, Write};
use crate::keycloak::scope_names::RealmScopes;
use crate::keycloak::session::{KeycloakSettings, Session};
use crate::template::CopyTemplate;

/// The number of clients in a page of the list.
const PAGE_SIZE: usize = 100;

/// The wait before a call is repeated that failed with an unknown error.
const REPEAT_AFTER: Duration = Duration::from_millis(200);

/// The limits of Keycloak's columns. A longer value is answered with 500.
/// The limits of Keycloak on values of client metadata.
pub const LIMITS: [Limit; 5] = [
    Limit {
        member: "redirect_uris",
        rule: LimitRule::MaxChars(255),
    },
    Limit {
        member: "redirect_uris",
        rule: LimitRule::NotEndingIn("*"),
    },
    Limit {
        member: "client_name",
        rule: LimitRule::MaxChars(255),
    },
    Limit {
        member: "client_uri",
        rule: LimitRule::MaxChars(255),
    },
    Limit {
        member: "post_logout_redirect_uris",
        rule: LimitRule::NotEndingIn("*"),
    },
];

/// The values that Keycloak supports and its document does not list: it has public clients.
pub const ADDITIONS: &[(&str, &[&str])] = &[("token_endpoint_auth_methods_supported", &["none"])];

/// A connector to a realm.
pub struct KeycloakConnector {
    settings: KeycloakSettings,
    api: Api,
    session: Session,
    pub(super) template: CopyTemplate,
    /// The scopes of the realm at the last list.
    pub(super) scopes: Mutex<Option<RealmScopes>>,
    random: RandomSource,
}

impl KeycloakConnector {
    /// Makes the connector of a realm.
    pub fn new(
        settings: KeycloakSettings,
        trust: SslConnector,
        template: CopyTemplate,
        random: RandomSource,
    ) -> Self {
        Self {
            settings,
            api: Api::new(trust),
            session: Session::default(),
            template,
            scopes: Mutex::new(None),
            random,
        }
    }

    /// Makes a call below `/admin/realms/{realm}`. A 401 is answered with a new token and a repeat.
    pub(super) fn call(
        &self,
        method: &Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
        deadline: Instant,
    ) -> Result<ApiResponse, ConnectorError> {
        let mut segments = vec!["admin", "realms", self.settings.realm.as_str()];
        segments.extend(path);
        let mut url = self.address(&segments)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let send = |token: &Secret| {
            let mut call = Call::new(method.clone(), url.clone()).bearer(Some(token));
            call.body = body.map(|body| CallBody::Json(body.to_string()));
            self.api.send(&call, deadline)
        };
        let token = self.session.token(&self.settings, &self.api, deadline)?;
        let response = send(&token)?;
        if response.status != 401 {
            return Ok(response);
        }
        self.session.forget(&token);
        let token = self.session.token(&self.settings, &self.api, deadline)?;
        send(&token)
    }

    fn address(&self, segments: &[&str]) -> Result<Url, ConnectorError> {
        below(&self.settings.at, segments).ok_or_else(|| {
            ConnectorError::misconfigured("the address of Keycloak cannot have a path")
        })
    }

    /// Writes a copy: the first call of `order`, and the other call when the first finds the opposite state.
    fn write(
        &self,
        wanted: &DesiredClient<'_>,
        id: &str,
        first: Write,
        deadline: Instant,
    ) -> Result<(), ConnectorError> {
        let mut write = first;
        for _ in 0..3 {
            let response = self.write_once(wanted, id, write, deadline)?;
            match (write, response.status) {
                (Write::Post, 201) => return Ok(()),
                (Write::Put, 204) => return self.change_scopes(wanted, id, deadline),
                (Write::Post, 409) => write = Write::Put,
                (Write::Put, 404) => write = Write::Post,
                _ => return Err(self.error(&response, wanted, deadline)),
            }
        }
        Err(ConnectorError::rejected(
            Some("client_id"),
            "another client of the realm has this identifier",
        ))
    }

    /// Makes a call; repeats it once after a 500, which is how Keycloak answers a value that its database refuses.
    fn write_once(
        &self,
        wanted: &DesiredClient<'_>,
        id: &str,
        write: Write,
        deadline: Instant,
    ) -> Result<ApiResponse, ConnectorError> {
        let mut representation = self.representation(wanted, id)?;
        if write == Write::Post {
            representation.scopes = self.first_scopes(wanted, deadline)?;
        }
        let body = representation.body(write);
        let call = || match write {
            Write::Post => self.call(&Method::POST, &["clients"], &[], Some(&body), deadline),
            Write::Put => self.call(&Method::PUT, &["clients", id], &[], Some(&body), deadline),
        };
        let response = call()?;
        if !is_unknown_error(&response) {
            return Ok(response);
        }
        std::thread::sleep(REPEAT_AFTER.min(deadline.saturating_duration_since(Instant::now())));
        let repeated = call()?;
        let realm = self.call(&Method::GET, &[], &[], None, deadline)?;
        if is_unknown_error(&repeated) && realm.status == 200 {
            return Err(ConnectorError::rejected(
                None,
                "Keycloak cannot store a value of this client, probably because it is too long",
            ));
        }
        Ok(repeated)
    }

    fn representation(
        &self,
        wanted: &DesiredClient<'_>,
        id: &str,
    ) -> Result<Representation, ConnectorError> {
        Representation::new(wanted, id, &self.template, &self.random)
    }

    fn error(
        &self,
        response: &ApiResponse,
        wanted: &DesiredClient<'_>,
        deadline: Instant,
    ) -> ConnectorError {
        let secret = match wanted.secret {
            DesiredSecret::This(secret) => Some(Secret::new(secret.reveal())),
            DesiredSecret::None | DesiredSecret::Unusable => None,
        };
        let secrets: Vec<&Secret> = secret.iter().collect();
        let reason = response.reason(&secrets);
        match response.status {
            403 => match self.try_right(deadline) {
                Ok(()) => ConnectorError::rejected(None, reason),
                Err(error) => error,
            },
            400 | 409 | 413 | 422 => ConnectorError::rejected(faulty_member(&reason), reason),
            401 => ConnectorError::misconfigured(reason),
            404 => self.wrong_realm(),
            _ => response.unavailable(&secrets),
        }
    }

    /// Tries the right that every write needs. Keycloak says at each client if the caller may change it.
    fn try_right(&self, deadline: Instant) -> Result<(), ConnectorError> {
        let response = self.call(&Method::GET, &["clients"], &[("max", "1")], None, deadline)?;
        let page = self.expect_array(&response)?;
        let may_change = |client: &Value| client.pointer("/access/configure") == Some(&json!(true));
        match page.iter().all(may_change) {
            true => Ok(()),
            false => Err(self.missing_role()),
        }
    }

    fn missing_role(&self) -> ConnectorError {
        ConnectorError::misconfigured(format!(
            "the service account {} lacks the role manage-clients of realm-management",
            self.settings.client
        ))
    }

    fn wrong_realm(&self) -> ConnectorError {
        ConnectorError::misconfigured(format!(
            "the realm {} is not at the address of Keycloak",
            self.settings.realm
        ))
    }

    /// Returns the result of a call that needs status 200 and is about the realm.
    pub(super) fn expect_array(
        &self,
        response: &ApiResponse,
    ) -> Result<Vec<Value>, ConnectorError> {
        match response.status {
            200 => response.array().ok_or_else(|| {
                ConnectorError::unavailable("the answer of Keycloak is not a JSON array")
            }),
            403 => Err(self.missing_role()),
            404 => Err(self.wrong_realm()),
            401 => Err(ConnectorError::misconfigured(response.reason(&[]))),
            _ => Err(response.unavailable(&[])),
        }
    }
}

impl Connector for KeycloakConnector {
    fn place(&self, issuer: &Issuer, client_id: &ClientId) -> Result<CopyHandle, ConnectorError> {
        Ok(CopyHandle {
            client_id: client_id.clone(),
            handle: Some(copy_id(issuer, client_id)?),
            token: None,
        })
    }

    fn create(
        &self,
        wanted: &DesiredClient<'_>,
        deadline: Instant,
    ) -> Result<ProvisionedClient, ConnectorError> {
        let client_id = wanted.chosen_id()?;
        let id = copy_id(wanted.issuer, client_id)?;
        self.write(wanted, &id, Write::Post, deadline)?;
        self.provisioned(wanted, client_id, id)
    }

    fn update(
        &self,
        wanted: &DesiredClient<'_>,
        place: &CopyHandle,
        deadline: Instant,
    ) -> Result<ProvisionedClient, ConnectorError> {
        let id = match &place.handle {
            Some(handle) => handle.clone(),
            None => copy_id(wanted.issuer, &place.client_id)?,
        };
        self.write(wanted, &id, Write::Put, deadline)?;
        self.provisioned(wanted, &place.client_id, id)
    }

    fn delete(&self, place: &CopyHandle, deadline: Instant) -> Result<(), ConnectorError> {
        let Some(id) = &place.handle else {
            return Ok(());
        };
        let response = self.call(&Method::DELETE, &["clients", id], &[], None, deadline)?;
        match response.status {
            204 | 404 => Ok(()),
            _ => self.expect_array(&response).map(|_| ()),
        }
    }

    fn disable(&self, place: &CopyHandle, deadline: Instant) -> Result<(), ConnectorError> {
        let Some(id) = &place.handle else {
            return Ok(());
        };
        let held = self.call(&Method::GET, &["clients", id], &[], None, deadline)?;
        let issuer = match held.status {
            404 => return Ok(()),
            _ => held.object().and_then(|copy| {
                let marks = copy.get("attributes")?;
                marks.get(ISSUER_MARK)?.as_str().map(str::to_owned)
            }),
        };
        let mut attributes = json!({ ISSUER_MARK: "", REVISION_MARK: "" });
        if let (Some(issuer), Some(attributes)) = (issuer, attributes.as_object_mut()) {
            attributes.insert(DELETED_MARK.to_owned(), issuer.into());
        }
        let body = json!({ "id": id, "enabled": false, "attributes": attributes });
        let path = ["clients", id.as_str()];
        let response = self.call(&Method::PUT, &path, &[], Some(&body), deadline)?;
        match response.status {
            204 | 404 => Ok(()),
            _ => self.expect_array(&response).map(|_| ()),
        }
    }

    fn list(
        &self,
        issuer: &Issuer,
        deadline: Instant,
        each: &mut dyn FnMut(ListedCopy),
    ) -> Result<Listing, ConnectorError> {
        self.read_scopes(deadline)?;
        let mut first = 0_usize;
        loop {
            let query = [("first", first.to_string()), ("max", PAGE_SIZE.to_string())];
            let query: Vec<(&str, &str)> = query
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let response = self.call(&Method::GET, &["clients"], &query, None, deadline)?;
            let page = self.expect_array(&response)?;
            let length = page.len();
            page.into_iter()
                .filter_map(|copy| listed_copy(copy, issuer))
                .for_each(&mut *each);
            if length < PAGE_SIZE {
                return Ok(Listing::Complete);
            }
            first += PAGE_SIZE;
        }
    }

    fn is_current(&self, wanted: &DesiredClient<'_>, copy: &ListedCopy, _: &[String]) -> bool {
        let id = copy.place.handle.clone().unwrap_or_default();
        let keeps_secret = matches!(wanted.secret, DesiredSecret::This(_));
        copy.revision == self.template.revision(wanted.revision)
            && self.has_scopes(wanted, copy)
            && self
                .representation(wanted, &id)
                .is_ok_and(|representation| representation.equals(&copy.members, keeps_secret))
    }

    fn in_use(
        &self,
        place: &CopyHandle,
        deadline: Instant,
    ) -> Result<Option<bool>, ConnectorError> {
        let Some(id) = &place.handle else {
            return Ok(None);
        };
        for path in ["session-count", "offline-session-count"] {
            let response = self.call(&Method::GET, &["clients", id, path], &[], None, deadline)?;
            if response.status != 200 {
                return Ok(None);
            }
            let count = response
                .object()
                .and_then(|members| members.get("count").and_then(Value::as_i64));
            if count.is_some_and(|count| count > 0) {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }

    fn check(&self, issuer: &Issuer, deadline: Instant) -> Vec<Finding> {
        let token = self
            .session
            .token(&self.settings, &self.api, deadline)
            .map(|_| ());
        let mut findings = vec![Finding::new("the service account can log in", token)];
        if findings.iter().all(|finding| finding.is_well) {
            let listed = self
                .call(&Method::GET, &["clients"], &[("max", "1")], None, deadline)
                .and_then(|response| self.expect_array(&response).map(|_| ()));
            findings.push(Finding::new("the clients can be listed", listed));
        }
        if findings.iter().all(|finding| finding.is_well) {
            findings.push(Finding::new(
                "a client can be made and deleted",
                self.probe(issuer, deadline),
            ));
        }
        findings
    }

    fn can_disable(&self) -> bool {
        true
    }

    fn limits(&self) -> &'static [Limit] {
        &LIMITS
    }

    fn additions(&self) -> &'static [(&'static str, &'static [&'static str])] {
        ADDITIONS
    }
}

impl KeycloakConnector {
    fn provisioned(
        &self,
        wanted: &DesiredClient<'_>,
        client_id: &ClientId,
        id: String,
    ) -> Result<ProvisionedClient, ConnectorError> {
        let dropped_members = self.representation(wanted, &id)?.dropped_members;
        Ok(ProvisionedClient {
            client_id: None,
            secret: None,
            secret_expires_at: None,
            members: None,
            place: CopyHandle {
                client_id: client_id.clone(),
                handle: Some(id),
                token: None,
            },
            dropped_members,
        })
    }

    /// Makes a disabled client without redirect URIs, and deletes it.
    fn probe(&self, issuer: &Issuer, deadline: Instant) -> Result<(), ConnectorError> {
        let mut bytes = [0; 8];
        (self.random)(&mut bytes).map_err(ConnectorError::unavailable)?;
        let client_id = ClientId::new(format!("frontdesk-check-{}", hexadecimal(&bytes)));
        let id = copy_id(issuer, &client_id)?;
        let body = json!({ "id": id, "clientId": client_id.as_str(), "enabled": false });
        let made = self.call(&Method::POST, &["clients"], &[], Some(&body), deadline)?;
        if made.status != 201 {
            return self.expect_array(&made).map(|_| ());
        }
        self.delete(
            &CopyHandle {
                client_id,
                handle: Some(id),
                token: None,
            },
            deadline,
        )
    }
}

/// Returns the member that a reason of Keycloak is about.
fn faulty_member(reason: &str) -> Option<&'static str> {
    let reason = reason.to_ascii_lowercase();
    [
        ("default acr", "default_acr_values"),
        ("post logout", "post_logout_redirect_uris"),
        ("redirect", "redirect_uris"),
    ]
    .into_iter()
    .find_map(|(words, member)| reason.contains(words).then_some(member))
}

fn is_unknown_error(response: &ApiResponse) -> bool {
    response.status == 500
        && response.object().is_some_and(|members| {
            members.get("error").and_then(Value::as_str) == Some("unknown_error")
        })
}
