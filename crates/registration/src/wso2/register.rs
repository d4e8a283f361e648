//! Registration at the WSO2 endpoints.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::{Body, Failure, peer};
use protocol::{InvalidMember, LegacyRedirects, TokenTerms};
use store::Actor;
use store::audit::AuditEvent;

use super::owner::Owner;
use super::{normalise, wording};
use crate::registrant::Registrant;
use crate::steps::fetch_caller;
use crate::{Refusal, Registration, issue, outcome, response};

/// Registers a client.
///
/// # Errors
/// Every refusal that a registration can have.
pub(crate) async fn register(
    registrant: Registrant,
    body: Body,
    request: HttpRequest,
    registration: Data<Registration>,
) -> Result<HttpResponse, Failure> {
    let actor = Arc::new(registrant.actor(&request));
    let work = async {
        accept(
            &registrant,
            body,
            &request,
            &registration,
            Arc::clone(&actor),
        )
        .await
        .map_err(wording::failure)
    };
    outcome::record(
        &registration,
        AuditEvent::RegistrationRefused,
        &actor,
        None,
        work,
    )
    .await
}

async fn accept(
    registrant: &Registrant,
    body: Body,
    request: &HttpRequest,
    registration: &Registration,
    actor: Arc<Actor>,
) -> Result<HttpResponse, Refusal> {
    let policy = &registration.policy;
    let key = registrant.rate_limit_key(request);
    registration.limit(key.as_ref())?;
    let mut members = body.object_without_content_type().await?;
    normalise(&mut members, registration)?;
    let owner = Owner::take(&mut members, registrant, &policy.issuer)?;
    let redirects = LegacyRedirects::Accepted;
    let terms = registrant.terms(policy);
    let mut agreed = registration.agree(
        members,
        redirects,
        registrant.is_account(),
        terms.map(Arc::as_ref),
    )?;
    let composed = owner.compose(&mut agreed, policy, redirects)?;
    let caller = || fetch_caller(key.as_ref(), peer::client_address_unless_proxy(request));
    registration.check_sector(&agreed, caller).await?;
    let terms = terms_with_name(terms, composed.as_deref())?;
    let (client, token) = issue::new_client(registration, agreed, owner.account, composed, terms)?;
    let summary = registration
        .insert(actor, client, registrant.token_id())
        .await?;
    Ok(response::created(&summary, &token, &policy.issuer))
}

/// Returns the terms of a client with a composed name, which replaces an imposed name from then on.
///
/// # Errors
/// When the composed name cannot be a name.
fn terms_with_name(
    terms: Option<&Arc<TokenTerms>>,
    composed: Option<&str>,
) -> Result<Option<Arc<TokenTerms>>, InvalidMember> {
    match (terms, composed) {
        (Some(terms), Some(name)) => {
            let named = TokenTerms::clone(terms).with_name(name)?;
            Ok(Some(Arc::new(named)))
        }
        (terms, _) => Ok(terms.cloned()),
    }
}
