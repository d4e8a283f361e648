//! Registration at the WSO2 endpoints, and of WSO2 clients at the registration endpoint of the provider's document.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::{Body, Failure};
use protocol::{InvalidMember, LegacyRedirects, Object, TokenTerms};

use super::owner::{self, Owner};
use super::{normalise, wording};
use crate::issue::AgreedClient;
use crate::registrant::Registrant;
use crate::steps::RegistrationRequest;
use crate::{Refusal, Registration};

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
    let sent = RegistrationRequest::new(&registration, &registrant, &request);
    let work = async {
        sent.limit()?;
        let members = body.object_without_content_type().await?;
        accept(&sent, members).await
    };
    sent.record(work).await
}

/// Returns true if a request at the registration endpoint is a WSO2 client's: it comes from an account and names an owner. The
/// documentation of that release discovers the endpoint and registers there.
pub(crate) fn is_wso2_request(registrant: &Registrant, members: &Object) -> bool {
    registrant.is_account() && owner::is_named(members)
}

/// Registers a WSO2 client, whose request was counted.
///
/// # Errors
/// Every refusal that a registration can have, in the words that WSO2 clients know.
pub(crate) async fn accept(
    sent: &RegistrationRequest<'_>,
    members: Object,
) -> Result<HttpResponse, Failure> {
    let registered = async { sent.register(agree(sent, members)?).await };
    registered.await.map_err(wording::failure)
}

fn agree(sent: &RegistrationRequest<'_>, mut members: Object) -> Result<AgreedClient, Refusal> {
    let (registration, registrant) = (sent.registration, sent.registrant);
    let policy = &sent.policy;
    normalise(&mut members, registration)?;
    let owner = Owner::take(&mut members, registrant, &policy.issuer)?;
    let redirects = LegacyRedirects::Accepted;
    let terms = registrant.terms(policy);
    let mut metadata = registration.agree(
        policy,
        members,
        redirects,
        registrant.is_account(),
        terms.map(Arc::as_ref),
    )?;
    let composed_name = owner.compose(&mut metadata, policy, redirects)?;
    let terms = terms_with_name(terms, composed_name.as_deref())?;
    Ok(AgreedClient {
        metadata,
        owner: owner.account,
        composed_name,
        terms,
    })
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
