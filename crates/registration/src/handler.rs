//! Register, read, update, delete.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use admission::ClientRequest;
use admission::sector::{SectorDocument, SectorError};
use oauth_http::{Body, Failure, peer};
use outbound::{Caller, FetchLimit};
use protocol::{LegacyRedirects, RegisteredMetadata, SentMembers, TokenTerms};
use store::audit::Event;
use store::{By, Information};

use crate::initial::Initial;
use crate::managed::Managed;
use crate::refusal::FETCHES;
use crate::throttle::Counted;
use crate::{Door, Refusal, Registration, issue, response, update, wso2};

/// Client registration. OIDC Registration §3.1, RFC 7591 §3.1.
///
/// # Errors
/// Every refusal of [`Refusal`] that registration can have.
pub async fn register(
    initial: Initial,
    body: Body,
    request: HttpRequest,
    registration: Data<Registration>,
) -> Result<HttpResponse, Failure> {
    let by = Arc::new(initial.by(&request));
    let outcome = registered(initial, body, &request, &registration, Arc::clone(&by)).await;
    match &outcome {
        Ok(_) => registration.counts.count(),
        Err(failure) => {
            registration.counts.count_not(failure);
            registration.refused(Event::RegistrationRefused, &by, None, failure);
        }
    }
    outcome
}

async fn registered(
    initial: Initial,
    body: Body,
    request: &HttpRequest,
    registration: &Data<Registration>,
    by: Arc<By>,
) -> Result<HttpResponse, Failure> {
    let door = Door::of(request);
    let counted = initial.counted(request);
    registration.throttle.admit(counted.as_ref())?;
    let mut object = match door {
        Door::Standard => body.object().await?,
        Door::Wso2 => body.object_of_a_program().await?,
    };
    let owner = match door {
        Door::Standard => initial.owner(),
        Door::Wso2 => wso2::adapt(&mut object, &initial, registration)?,
    };
    let legacy = if door == Door::Wso2 {
        LegacyRedirects::Accepted
    } else {
        LegacyRedirects::Refused
    };
    let terms = initial.terms().map(Arc::as_ref);
    let mut metadata = agree(
        object,
        registration,
        door,
        legacy,
        initial.is_account(),
        terms,
    )?;
    let composed = owner.compose(&mut metadata, registration, door, legacy)?;
    if matches!(initial, Initial::Anybody) && registration.throttle.counts() {
        registration
            .throttle
            .admit(Some(&Counted::Metadata(openssl::sha::sha256(
                metadata.json().as_bytes(),
            ))))?;
    }
    let caller = || Counted::caller(counted.as_ref(), peer::limited(request));
    check_sector(registration, &metadata, door, caller).await?;
    let terms = match (&composed, initial.terms()) {
        (Some(name), Some(terms)) => {
            let named = TokenTerms::clone(terms)
                .with_name(name)
                .map_err(|invalid| Refusal::Invalid(invalid, door))?;
            Some(Arc::new(named))
        }
        (_, terms) => terms.cloned(),
    };
    let new = issue::client(registration, metadata, owner.account, composed, terms)
        .map_err(Refusal::from)?;
    let token = new.token.clone();
    let client = registration
        .store
        .by(by)
        .insert(new, initial.token_id(), registration.clock.now())
        .await
        .map_err(Refusal::from)?;
    Ok(response::created(
        &client,
        &token,
        &registration.policy.issuer,
    ))
}

/// Client read. OIDC Registration §4.2, RFC 7592 §2.1.
pub async fn read(managed: Managed<Information>, registration: Data<Registration>) -> HttpResponse {
    response::ok(managed.client, &managed.token, &registration.policy.issuer)
}

/// Client update: a full replacement. RFC 7592 §2.2.
///
/// # Errors
/// Every refusal of [`Refusal`] that an update can have; nothing is changed then.
pub async fn update(
    managed: Managed,
    body: Body,
    registration: Data<Registration>,
) -> Result<HttpResponse, Failure> {
    updated(&managed, body, &registration)
        .await
        .inspect_err(|failure| managed.refused(&registration, failure))
}

async fn updated(
    managed: &Managed,
    body: Body,
    registration: &Data<Registration>,
) -> Result<HttpResponse, Failure> {
    let Managed { client, token, .. } = managed;
    let object = update::request(client, body.object().await?)?;
    let registered = client
        .metadata
        .members()
        .redirect_uris
        .clone()
        .unwrap_or_default();
    let metadata = agree(
        object,
        registration,
        Door::Standard,
        LegacyRedirects::Kept(&registered),
        false,
        client.terms.as_deref(),
    )?;
    let caller = || Counted::caller(Some(&managed.counted()), managed.limited);
    check_sector(registration, &metadata, Door::Standard, caller).await?;
    let secret = issue::secret_change(registration, client, &metadata).map_err(Refusal::from)?;
    let store = managed.store(registration);
    let client = store
        .replace(client, metadata, secret, registration.clock.now())
        .await
        .map_err(Refusal::from)?;
    Ok(response::ok(client, token, &registration.policy.issuer))
}

/// Client deletion. RFC 7592 §2.3.
///
/// # Errors
/// 401 when somebody else deleted it first.
pub async fn delete(
    managed: Managed,
    registration: Data<Registration>,
) -> Result<HttpResponse, Failure> {
    if managed
        .store(&registration)
        .delete(&managed.client.id)
        .await
        .map_err(Refusal::from)?
    {
        return Ok(response::deleted());
    }
    let failure = Refusal::WrongCredentials(None).into();
    managed.refused(&registration, &failure);
    Err(failure)
}

/// From what is asked to what is agreed, by everything that needs no look outside. `within` are the terms of the initial
/// access token that the client registers, or registered, with.
fn agree(
    object: SentMembers,
    registration: &Registration,
    door: Door,
    legacy: LegacyRedirects<'_>,
    patterns: bool,
    within: Option<&TokenTerms>,
) -> Result<RegisteredMetadata, Refusal> {
    let request = ClientRequest {
        members: object,
        redirects: legacy,
        may_introduce_patterns: patterns,
        terms: within,
        now: registration.clock.now(),
    };
    admission::agree(&registration.policy, &registration.fetcher, request)
        .map_err(|rejection| Refusal::rejected(rejection, door))
}

/// Checks the sector document of agreed metadata, if it needs one.
///
/// # Errors
/// As [`SectorDocument::check`]; 429 for a limit of the caller, and 503 for that of all callers.
async fn check_sector(
    registration: &Registration,
    metadata: &RegisteredMetadata,
    door: Door,
    caller: impl FnOnce() -> Caller,
) -> Result<(), Refusal> {
    let invalid = |invalid| Refusal::Invalid(invalid, door);
    let document = SectorDocument::required_by(metadata.members()).map_err(invalid)?;
    let Some(document) = document else {
        return Ok(());
    };
    let fetcher = &registration.fetcher;
    let checked = document.check(fetcher, caller(), registration.clock.now());
    checked.await.map_err(|error| match error {
        SectorError::Invalid(reason) => invalid(reason),
        SectorError::Limit(FetchLimit::Caller) => Refusal::TooMany(FETCHES, fetcher.timeout()),
        SectorError::Limit(FetchLimit::Queue) => Refusal::Fetches(fetcher.timeout()),
    })
}
