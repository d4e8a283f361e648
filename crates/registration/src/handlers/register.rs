//! Client registration. OIDC Registration §3.1, RFC 7591 §3.1.

use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::{Body, Failure, peer};
use protocol::LegacyRedirects;
use store::audit::AuditEvent;

use crate::registrant::Registrant;
use crate::steps::fetch_caller;
use crate::{Registration, issue, outcome, response};

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
        let key = registrant.rate_limit_key(&request);
        registration.limit(key.as_ref())?;
        let members = body.object().await?;
        let terms = registrant.terms(&registration.policy);
        let agreed = registration.agree(
            members,
            LegacyRedirects::Refused,
            false,
            terms.map(Arc::as_ref),
        )?;
        if registration.services.limiter.is_enabled() {
            registration.limit(registrant.metadata_key(&agreed).as_ref())?;
        }
        let caller = || fetch_caller(key.as_ref(), peer::client_address_unless_proxy(&request));
        registration.check_sector(&agreed, caller).await?;
        let owner = registrant.owner();
        let (client, token) =
            issue::new_client(&registration, agreed, owner, None, terms.cloned())?;
        let summary = registration
            .insert(Arc::clone(&actor), client, registrant.token_id())
            .await?;
        Ok(response::created(
            &summary,
            &token,
            &registration.policy.issuer,
        ))
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
