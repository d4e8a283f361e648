//! A client's whole life: register, read, update, delete. RFC 7591 §3, RFC 7592 §2.

use protocol::{Object, Secret};
use serde_json::{Value, json};
use ureq::http::Method;
use url::Url;

use super::broken::Broken;
use super::discovery::{Provider, note_content_type};
use super::http::{Answer, Authorization, Request};
use super::journey::{Journey, expect_object, expect_status};
use super::report::Findings;

const NAME: &str = "Frontdesk try";
const NEW_NAME: &str = "Frontdesk try, updated";
const REDIRECT_URI: &str = "https://frontdesk.example/callback";

/// What a client information response has and an update request must not have. RFC 7592 §2.2.
const ISSUED: [&str; 4] = ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

/// Registers a client, reads it, updates it, deletes it and looks whether it is gone. When a step breaks on the way, the
/// client is deleted all the same if it can be, so that nothing is left behind.
pub(super) fn life_cycle(journey: &mut Journey<'_, '_>, provider: &Provider, shown: Option<Authorization>) -> Result<(), Broken> {
    let mut traces = Traces::default();
    let outcome = register(journey, provider, shown, &mut traces).and_then(|id| match &mut traces.management {
        Some(management) => manage(journey, &id, management),
        None => Ok(()),
    });
    outcome.map_err(|broken| traces.remove(journey, broken))
}

/// What is known of a client that was registered on the way, whatever else was wrong with the answer.
#[derive(Default)]
struct Traces {
    registered: bool,
    client_id: Option<String>,
    management: Option<Management>,
}

/// Where a client is managed, and with what. RFC 7592 §3.
struct Management {
    uri: Url,
    token: Secret,
}

impl Management {
    fn request(&self, method: Method) -> Request {
        Request::new(method, &self.uri).authorized(Some(Authorization::bearer(&self.token)))
    }

    /// A provider may replace the token with any answer. RFC 7592 §3.
    fn renew(&mut self, object: &Object) {
        if let Some(token) = object.get("registration_access_token").and_then(Value::as_str) {
            self.token = Secret::new(token);
        }
    }
}

impl Traces {
    fn of(answer: &Answer, provider: &Provider) -> Self {
        let object = answer.object().unwrap_or_default();
        let text = |member: &str| object.get(member).and_then(Value::as_str);
        let uri = text("registration_client_uri").and_then(|uri| provider.management(uri).ok());
        let token = text("registration_access_token").map(Secret::new);
        Self {
            registered: (200..300).contains(&answer.status),
            client_id: text("client_id").map(str::to_owned),
            management: uri.zip(token).map(|(uri, token)| Management { uri, token }),
        }
    }

    /// Deletes what was registered, and says so.
    fn remove(&self, journey: &mut Journey<'_, '_>, broken: Broken) -> Broken {
        if !self.registered {
            return broken;
        }
        let client = self.client_id.as_ref().map_or_else(|| "A client".to_owned(), |id| journey.fit(&format!("The client {id}")));
        let Some(management) = &self.management else {
            return broken.leaving(format!("{client} stays registered, because the provider gave no way to delete it."));
        };
        let deleted = journey.step("cleaning up", &management.request(Method::DELETE), |answer, _| match answer.status {
            200..300 => Ok("was deleted again."),
            401 | 403 | 404 => Ok("cannot be reached any more."),
            status => Err(format!("the status should be 204 and is {status}")),
        });
        broken.leaving(format!("{client} {}", deleted.unwrap_or("could not be deleted and stays registered.")))
    }
}

/// Registers a client, keeps its traces and answers its identifier. RFC 7591 §3.
fn register(
    journey: &mut Journey<'_, '_>,
    provider: &Provider,
    shown: Option<Authorization>,
    traces: &mut Traces,
) -> Result<String, Broken> {
    const STEP: &str = "registration";
    let endpoint = provider.endpoint("registration_endpoint").map_err(|reason| Broken::new(STEP, reason))?;
    let nothing_shown = shown.is_none();
    let mut asked = Object::new();
    asked.insert("client_name".to_owned(), NAME.into());
    asked.insert("redirect_uris".to_owned(), json!([REDIRECT_URI]));
    let request = Request::new(Method::POST, &endpoint).authorized(shown).with(asked);
    journey.step(STEP, &request, |answer, findings| {
        *traces = Traces::of(answer, provider);
        expect_status(answer, 201).map_err(|reason| match answer.status {
            401 | 403 if nothing_shown => format!("{reason}; show an initial access token with --token, or an account with --account"),
            401 | 403 => format!("{reason}; are the credentials right?"),
            _ => reason,
        })?;
        let object = expect_object(answer)?;
        findings.show(&object, &["client_id", "client_secret", "client_secret_expires_at", "token_endpoint_auth_method"]);
        findings.show(&object, &["registration_client_uri", "registration_access_token"]);
        note_content_type(answer, findings);
        created(&object, provider, findings)
    })
}

/// What a client information response must have; the identifier in it. RFC 7591 §3.2.1, RFC 7592 §3.
fn created(object: &Object, provider: &Provider, findings: &mut Findings) -> Result<String, String> {
    let Some(Value::String(id)) = object.get("client_id") else { return Err("the answer has no client_id that is a string".to_owned()) };
    if object.contains_key("client_secret") && !object.get("client_secret_expires_at").is_some_and(Value::is_number) {
        return Err("the answer has a client_secret, so client_secret_expires_at must be there and a number".to_owned());
    }
    if object.get("redirect_uris") != Some(&json!([REDIRECT_URI])) {
        findings.notes.push("redirect_uris is not echoed as sent; many clients refuse such an answer".to_owned());
    }
    match (object.get("registration_client_uri"), object.get("registration_access_token")) {
        (None, None) => {
            findings.notes.push(format!("the provider offers no management, so the client {id} stays registered"));
        }
        (Some(Value::String(uri)), Some(Value::String(_))) => {
            provider.management(uri).map_err(|reason| format!("registration_client_uri {reason}"))?;
        }
        (Some(_), Some(_)) => return Err("registration_client_uri and registration_access_token must be strings".to_owned()),
        (Some(_), None) => return Err("the answer has a registration_client_uri without a registration_access_token".to_owned()),
        (None, Some(_)) => return Err("the answer has a registration_access_token without a registration_client_uri".to_owned()),
    }
    Ok(id.clone())
}

/// Reads, updates and deletes a client. RFC 7592 §2.
fn manage(journey: &mut Journey<'_, '_>, id: &str, management: &mut Management) -> Result<(), Broken> {
    let read = management.request(Method::GET);
    let metadata = journey.step("read", &read, |answer, findings| current(answer, id, management, findings))?;

    let update = management.request(Method::PUT).with(replacement(&metadata));
    journey.step("update", &update, |answer, findings| {
        let object = current(answer, id, management, findings)?;
        if object.get("client_name").and_then(Value::as_str) != Some(NEW_NAME) {
            findings.notes.push("the provider kept another client_name than the one sent".to_owned());
        }
        Ok(())
    })?;

    let deleted = journey.step("delete", &management.request(Method::DELETE), |answer, findings| {
        if answer.status == 405 {
            findings.absent = true;
            findings.notes.push(format!("the provider deletes no clients, so the client {id} stays registered"));
            return Ok(false);
        }
        expect_status(answer, 204).map(|()| true)
    })?;
    if !deleted {
        return Ok(());
    }

    journey.step("read after delete", &management.request(Method::GET), |answer, _| {
        if answer.status == 200 {
            return Err("the client is still there after it was deleted: the status should be 401 and is 200".to_owned());
        }
        expect_status(answer, 401)
    })
}

/// The client as the provider has it now. RFC 7592 §3.
fn current(answer: &Answer, id: &str, management: &mut Management, findings: &mut Findings) -> Result<Object, String> {
    expect_status(answer, 200)?;
    let object = expect_object(answer)?;
    management.renew(&object);
    findings.show(&object, &["client_id", "client_secret", "client_name"]);
    note_content_type(answer, findings);
    match object.get("client_id").and_then(Value::as_str) {
        Some(told) if told == id => Ok(object),
        Some(told) => Err(format!("the answer is about the client {told}, but {id} was asked for")),
        None => Err("the answer has no client_id that is a string".to_owned()),
    }
}

/// The whole client with a new name: an update replaces everything. RFC 7592 §2.2.
fn replacement(metadata: &Object) -> Object {
    let kept = metadata.iter().filter(|(name, _)| !ISSUED.contains(&name.as_str()));
    let mut object: Object = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    object.insert("client_name".to_owned(), NEW_NAME.into());
    object
}
