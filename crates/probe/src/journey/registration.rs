//! The life cycle of a client: register, read, update, delete. RFC 7591 §3, RFC 7592 §2.

use anyhow::{anyhow, bail};
use protocol::{Object, Secret};
use serde_json::{Value, json};
use ureq::http::Method;
use url::Url;

use super::discovery::{DiscoveredProvider, note_content_type};
use super::quoted::Quoted;
use super::report::StepNotes;
use super::step_error::StepError;
use super::step_runner::{StepRunner, expect_object, expect_status};
use crate::client::{Authorization, ProbeRequest, ProbeResponse};

const NAME: &str = "Frontdesk try";
const NEW_NAME: &str = "Frontdesk try, updated";
const REDIRECT_URI: &str = "https://frontdesk.example/callback";

/// Members of a client information response that an update request must not have. RFC 7592 §2.2.
const ISSUED_MEMBERS: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// Registers a client, reads it, updates it, deletes it and checks that it is gone. If a step fails, the client is deleted if
/// possible, so that no client is left behind.
pub(super) fn run_life_cycle(
    runner: &mut StepRunner<'_, '_>,
    provider: &DiscoveredProvider,
    shown: Option<Authorization>,
) -> Result<(), StepError> {
    let mut traces = RegisteredTestClient::default();
    let outcome = register(runner, provider, shown, &mut traces).and_then(|id| {
        match &mut traces.management {
            Some(management) => manage(runner, &id, management),
            None => Ok(()),
        }
    });
    outcome.map_err(|error| traces.clean_up(runner, error))
}

/// The client that was registered, as far as the response identifies it.
#[derive(Default)]
struct RegisteredTestClient {
    registered: bool,
    client_id: Option<String>,
    management: Option<ClientAccess>,
}

/// The client configuration endpoint of a client and its token. RFC 7592 §3.
struct ClientAccess {
    uri: Url,
    token: Secret,
}

impl ClientAccess {
    fn request(&self, method: Method) -> ProbeRequest {
        ProbeRequest::new(method, &self.uri)
            .with_authorization(Some(Authorization::bearer(&self.token)))
    }

    /// Takes over a new token, which any response may contain. RFC 7592 §3.
    fn update_token(&mut self, object: &Object) {
        if let Some(token) = object
            .get("registration_access_token")
            .and_then(Value::as_str)
        {
            self.token = Secret::new(token);
        }
    }
}

impl RegisteredTestClient {
    fn from_response(answer: &ProbeResponse, provider: &DiscoveredProvider) -> Self {
        let object = answer.object().unwrap_or_default();
        let text = |member: &str| object.get(member).and_then(Value::as_str);
        let uri = text("registration_client_uri").and_then(|uri| provider.management_uri(uri).ok());
        let token = text("registration_access_token").map(Secret::new);
        Self {
            registered: (200..300).contains(&answer.status),
            client_id: text("client_id").map(str::to_owned),
            management: uri
                .zip(token)
                .map(|(uri, token)| ClientAccess { uri, token }),
        }
    }

    /// Deletes the client, and adds the result to the error.
    fn clean_up(&self, runner: &mut StepRunner<'_, '_>, error: StepError) -> StepError {
        if !self.registered {
            return error;
        }
        let client = self.client_id.as_ref().map_or_else(
            || "A client".to_owned(),
            |id| runner.sanitize(&format!("The client {}", Quoted(id))),
        );
        let Some(management) = &self.management else {
            return error.with_aftermath(format!(
                "{client} stays registered, because the provider gave no way to delete it."
            ));
        };
        let deleted = runner.run_step(
            "cleaning up",
            &management.request(Method::DELETE),
            |answer, _| match answer.status {
                200..300 => Ok("was deleted again."),
                401 | 403 | 404 => Ok("cannot be reached any more."),
                status => bail!("the status should be 204 and is {status}"),
            },
        );
        error.with_aftermath(format!(
            "{client} {}",
            deleted.unwrap_or("could not be deleted and stays registered.")
        ))
    }
}

/// Registers a client, stores in `traces` what identifies it, and returns its identifier. RFC 7591 §3.
fn register(
    runner: &mut StepRunner<'_, '_>,
    provider: &DiscoveredProvider,
    shown: Option<Authorization>,
    traces: &mut RegisteredTestClient,
) -> Result<String, StepError> {
    const STEP: &str = "registration";
    let endpoint = provider
        .endpoint("registration_endpoint")
        .map_err(|reason| runner.fail(STEP, &reason.to_string()))?;
    let nothing_shown = shown.is_none();
    let mut asked = Object::new();
    asked.insert("client_name".to_owned(), NAME.into());
    asked.insert("redirect_uris".to_owned(), json!([REDIRECT_URI]));
    let request = ProbeRequest::new(Method::POST, &endpoint)
        .with_authorization(shown)
        .with_object(asked);
    runner.run_step(STEP, &request, |answer, notes| {
        *traces = RegisteredTestClient::from_response(answer, provider);
        expect_status(answer, 201).map_err(|reason| match answer.status {
            401 | 403 if nothing_shown => anyhow!(
                "{reason}; give an initial access token with --token, or an account with --account"
            ),
            401 | 403 => anyhow!("{reason}; are the credentials right?"),
            _ => reason,
        })?;
        let object = expect_object(answer)?;
        notes.add_members(
            &object,
            &[
                "client_id",
                "client_secret",
                "client_secret_expires_at",
                "token_endpoint_auth_method",
            ],
        );
        notes.add_members(
            &object,
            &["registration_client_uri", "registration_access_token"],
        );
        note_content_type(answer, notes);
        check_created(&object, provider, notes)
    })
}

/// Checks a client information response, and returns its `client_id`. RFC 7591 §3.2.1, RFC 7592 §3.
fn check_created(
    object: &Object,
    provider: &DiscoveredProvider,
    notes: &mut StepNotes,
) -> anyhow::Result<String> {
    let Some(Value::String(id)) = object.get("client_id") else {
        bail!("the answer has no client_id that is a string");
    };
    if object.contains_key("client_secret")
        && !object
            .get("client_secret_expires_at")
            .is_some_and(Value::is_number)
    {
        bail!(
            "the answer has a client_secret, so client_secret_expires_at is required and must be a number"
        );
    }
    if object.get("redirect_uris") != Some(&json!([REDIRECT_URI])) {
        notes
            .texts
            .push("redirect_uris differs from what was sent; many clients reject that".to_owned());
    }
    match (
        object.get("registration_client_uri"),
        object.get("registration_access_token"),
    ) {
        (None, None) => {
            notes.texts.push(format!(
                "the provider offers no management, so the client {} stays registered",
                Quoted(id)
            ));
        }
        (Some(Value::String(uri)), Some(Value::String(_))) => {
            provider
                .management_uri(uri)
                .map_err(|reason| anyhow!("registration_client_uri {reason}"))?;
        }
        (Some(_), Some(_)) => {
            bail!("registration_client_uri and registration_access_token must be strings");
        }
        (Some(_), None) => {
            bail!("the answer has a registration_client_uri without a registration_access_token");
        }
        (None, Some(_)) => {
            bail!("the answer has a registration_access_token without a registration_client_uri");
        }
    }
    Ok(id.clone())
}

/// Reads, updates and deletes a client. RFC 7592 §2.
fn manage(
    runner: &mut StepRunner<'_, '_>,
    id: &str,
    management: &mut ClientAccess,
) -> Result<(), StepError> {
    let read = management.request(Method::GET);
    let metadata = runner.run_step("read", &read, |answer, notes| {
        check_current(answer, id, management, notes)
    })?;

    let update = management
        .request(Method::PUT)
        .with_object(update_of(&metadata));
    runner.run_step("update", &update, |answer, notes| {
        let object = check_current(answer, id, management, notes)?;
        if object.get("client_name").and_then(Value::as_str) != Some(NEW_NAME) {
            notes.texts.push(
                "the provider answered with a client_name other than the one sent".to_owned(),
            );
        }
        Ok(())
    })?;

    let deleted = runner.run_step(
        "delete",
        &management.request(Method::DELETE),
        |answer, notes| {
            if answer.status == 405 {
                notes.absent = true;
                notes.texts.push(format!(
                    "the provider deletes no clients, so the client {} stays registered",
                    Quoted(id)
                ));
                return Ok(false);
            }
            expect_status(answer, 204).map(|()| true)
        },
    )?;
    if !deleted {
        return Ok(());
    }

    runner.run_step("read after delete", &management.request(Method::GET), |answer, _| {
        if answer.status == 200 {
            bail!("the client still exists after its deletion: the status should be 401 and is 200");
        }
        expect_status(answer, 401)
    })
}

/// Checks a client information response about the client `id`, and returns it. RFC 7592 §3.
fn check_current(
    answer: &ProbeResponse,
    id: &str,
    management: &mut ClientAccess,
    notes: &mut StepNotes,
) -> anyhow::Result<Object> {
    expect_status(answer, 200)?;
    let object = expect_object(answer)?;
    management.update_token(&object);
    notes.add_members(&object, &["client_id", "client_secret", "client_name"]);
    note_content_type(answer, notes);
    match object.get("client_id").and_then(Value::as_str) {
        Some(told) if told == id => Ok(object),
        Some(told) => bail!(
            "the answer is about the client {}, but {} was asked for",
            Quoted(told),
            Quoted(id)
        ),
        None => bail!("the answer has no client_id that is a string"),
    }
}

/// Returns the complete metadata with a new name, since an update replaces every member. RFC 7592 §2.2.
fn update_of(metadata: &Object) -> Object {
    let kept = metadata
        .iter()
        .filter(|(name, _)| !ISSUED_MEMBERS.contains(&name.as_str()));
    let mut object: Object = kept
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    object.insert("client_name".to_owned(), NEW_NAME.into());
    object
}
