//! Unregistration, the WSO2 way: by identifier, user and application name.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::authorization::Scheme;
use oauth_http::{Failure, Presented, blocking, peer};
use protocol::ClientId;
use protocol::values::HumanText;
use store::audit::Event;
use store::{Account, By, Client, Role};
use url::form_urlencoded;

use crate::login;
use crate::refusal::Challenge;
use crate::trail::{self, Tried};
use crate::wso2::account_name;
use crate::{Refusal, Registration, response};

/// Deletes the client that `userId` and `applicationName` belong to, all three or nothing.
///
/// # Errors
/// 429 after too many updates and deletions, 401 without an account, 400 when a parameter is missing, 403 when anything does not match.
pub async fn unregister(
    request: HttpRequest,
    registration: Data<Registration>,
) -> Result<HttpResponse, Failure> {
    registration.count_update(&request)?;
    let by = trail::by(peer::client(&request));
    let caller = caller(&request, &registration).await?;
    let by = By {
        account: Some(caller.name.clone()),
        provider: Some(registration.policy.issuer.as_str().to_owned()),
        ..by
    };
    let outcome = unregistered(&request, &registration, &caller, by.clone()).await;
    outcome
        .inspect_err(|failure| registration.refused(Event::ManagementRefused, &by, None, failure))
}

async fn unregistered(
    request: &HttpRequest,
    registration: &Data<Registration>,
    caller: &Account,
    by: By,
) -> Result<HttpResponse, Failure> {
    let user = parameter(request, "userId").ok_or(Refusal::MissingParameter(
        "The query must have userId, once, and not blank.",
    ))?;
    let name = parameter(request, "applicationName").ok_or(Refusal::MissingParameter(
        "The query must have applicationName, once, and not blank.",
    ))?;
    let id = ClientId::new(request.match_info().query("client_id"));
    let store = registration.store.clone();
    let found = blocking(move || store.client(&id))
        .await?
        .map_err(Refusal::from)?;
    let user = account_name(&user, registration);
    let client = found.filter(|client| {
        client.provider == registration.policy.issuer && matches(client, caller, user, &name)
    });
    let client = client.ok_or(Refusal::NoMatch)?;
    if !registration
        .store
        .by(by)
        .unregister(&client.id)
        .await
        .map_err(Refusal::from)?
    {
        return Err(Refusal::NoMatch.into());
    }
    Ok(response::deleted())
}

/// Whatever else was tried, there is only one scheme to try next. RFC 9110 §11.6.1.
async fn caller(
    request: &HttpRequest,
    registration: &Data<Registration>,
) -> Result<Account, Failure> {
    let (presented, address) = (Presented::of_wso2(request), peer::client(request));
    let tried = Tried::of(&presented);
    let found = match presented {
        Presented::Nothing => Err(Refusal::NoCredentials(Challenge::Basic).into()),
        Presented::Basic { name, password } => {
            login::account(registration, name, password, address).await
        }
        Presented::Bearer(_) | Presented::Unreadable(_) => Ok(None),
    };
    let found = found.and_then(|found| {
        found.ok_or_else(|| Refusal::WrongCredentials(Some(Scheme::Basic)).into())
    });
    found.inspect_err(|failure| {
        registration.login_refused(tried, Event::ManagementRefused, address, failure)
    })
}

/// A query parameter that stands there once and is not blank.
fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    let mut values =
        form_urlencoded::parse(request.query_string().as_bytes()).filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) if !value.trim().is_empty() => Some(value.into_owned()),
        _ => None,
    }
}

fn matches(client: &Client, caller: &Account, user: Option<&str>, name: &str) -> bool {
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
