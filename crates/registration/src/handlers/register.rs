//! Client registration. OIDC Registration §3.1, RFC 7591 §3.1.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::{Body, Failure};
use protocol::LegacyRedirects;

use crate::issue::AgreedClient;
use crate::registrant::Registrant;
use crate::steps::RegistrationRequest;
use crate::{Registration, wso2};

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
        let members = body.object().await?;
        if wso2::is_wso2_request(&registrant, &members) {
            return wso2::accept(&sent, members).await;
        }
        let terms = registrant.terms(&sent.policy).cloned();
        let agreed = AgreedClient {
            metadata: registration.agree(
                &sent.policy,
                members,
                LegacyRedirects::Refused,
                false,
                terms.as_deref(),
            )?,
            owner: registrant.owner(),
            composed_name: None,
            terms,
        };
        Ok(sent.register(agreed).await?)
    };
    sent.record(work).await
}
