//! Unregistration at the WSO2 endpoints: by identifier, user and application name.

use access::RateLimitKey;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::{Failure, blocking, peer};
use protocol::ClientId;
use protocol::values::HumanText;
use store::audit::AuditEvent;
use store::{Account, Actor, Client, ClientData, Role, Store, StoreError};
use url::form_urlencoded;

use super::authentication;
use super::owner::account_name;
use crate::endpoint::client_ids;
use crate::{Refusal, Registration, outcome, response};

/// Deletes the client that has this identifier, user and application name.
///
/// # Errors
/// 429 after too many updates and deletions, 401 without an account, 400 when a parameter is missing, 403 when anything does not match.
pub(crate) async fn unregister(
    request: HttpRequest,
    registration: Data<Registration>,
) -> Result<HttpResponse, Failure> {
    let event = AuditEvent::ManagementRefused;
    let actor = outcome::anonymous(peer::client_address(&request));
    let key = peer::client_address_unless_proxy(&request).map(RateLimitKey::Address);
    let limited = registration.limit_updates(key.as_ref());
    outcome::record_result(
        &registration,
        event,
        &actor,
        None,
        limited.map_err(Failure::from),
    )?;
    let caller = authentication::account(&request, &registration).await?;
    let actor = Actor {
        account: Some(caller.name.clone()),
        provider: Some(registration.issuer.as_str().to_owned()),
        ..actor
    };
    let work = delete(&request, &registration, &caller, actor.clone());
    outcome::record(&registration, event, &actor, None, work).await
}

async fn delete(
    request: &HttpRequest,
    registration: &Registration,
    caller: &Account,
    actor: Actor,
) -> Result<HttpResponse, Failure> {
    let user = parameter(request, "userId").ok_or(Refusal::MissingParameter(
        "The query must have userId, once, and not blank.",
    ))?;
    let name = parameter(request, "applicationName").ok_or(Refusal::MissingParameter(
        "The query must have applicationName, once, and not blank.",
    ))?;
    let store = registration.services.store.clone();
    let ids = client_ids(request);
    let found = blocking(move || find_first(&store, ids))
        .await?
        .map_err(Refusal::from)?;
    let user = account_name(&user, &registration.issuer);
    let client = found.map(|found| found.data).filter(|client| {
        client.provider == registration.issuer && matches(client, caller, user, &name)
    });
    let client = client.ok_or(Refusal::NoMatch)?;
    let store = registration.services.store.acting_as(actor);
    if !registration.unregister(&store, &client.id).await? {
        return Err(Refusal::NoMatch.into());
    }
    Ok(response::deleted())
}

fn find_first(
    store: &Store,
    ids: impl Iterator<Item = ClientId>,
) -> Result<Option<Client>, StoreError> {
    for id in ids {
        if let Some(client) = store.client(&id)? {
            return Ok(Some(client));
        }
    }
    Ok(None)
}

/// Returns a query parameter that occurs once and is not blank.
fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    let mut values =
        form_urlencoded::parse(request.query_string().as_bytes()).filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) if !value.trim().is_empty() => Some(value.into_owned()),
        _ => None,
    }
}

fn matches(client: &ClientData, caller: &Account, user: Option<&str>, name: &str) -> bool {
    let is_administrator = caller.role == Role::Administrator;
    let own = client.owner.as_deref() == Some(caller.name.as_str());
    let user_fits = user == Some(caller.name.as_str())
        || (is_administrator && user.is_some() && user == client.owner.as_deref());
    let registered_name = client.composed_name.as_deref().or_else(|| {
        client
            .metadata
            .members()
            .client_name
            .as_ref()
            .and_then(|names| names.untagged())
            .map(HumanText::as_str)
    });
    user_fits && (own || is_administrator) && registered_name == Some(name)
}
