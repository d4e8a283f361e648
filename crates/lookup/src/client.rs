//! `GET /clients`: who is this client, and may this redirect URI be used?

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use documents::Purpose;
use oauth_http::Failure;
use protocol::client_id_url::looks_like_document_id;
use store::{ClientState, SecretAccess};

use crate::answer::Answer;
use crate::caller::LookupCaller;
use crate::document::{AnswerAboutDocument, DocumentOrClient};
use crate::query::Parameters;
use crate::refusal::LookupRefusal;
use crate::state::Lookup;

/// The parameters of the question.
const PARAMETERS: [&str; 4] = ["issuer", "client_id", "redirect_uri", "purpose"];

pub(crate) async fn look_up(
    caller: LookupCaller,
    request: HttpRequest,
    lookup: Data<Lookup>,
) -> Result<HttpResponse, Failure> {
    let parameters = Parameters::read(request.query_string().as_bytes(), &PARAMETERS)?;
    let provider = lookup.provider(parameters.require("issuer")?, &request)?;
    caller.check(provider, SecretAccess::No)?;
    let id = parameters.client_id()?;
    if parameters
        .find("purpose")
        .is_some_and(|purpose| purpose != "authorize")
    {
        return Err(
            LookupRefusal::Request("purpose must be authorize, or left out.".to_owned()).into(),
        );
    }
    let now = lookup.clock.now();
    let redirect_uri = parameters.find("redirect_uri");
    let state = if looks_like_document_id(id.as_str()) {
        let purpose = match parameters.find("purpose") {
            Some(_) => Purpose::Authorize,
            None => Purpose::Other,
        };
        match lookup.resolve(provider, &id, purpose, &request).await? {
            DocumentOrClient::Client(state) => state,
            DocumentOrClient::Document(resolved) => {
                let answer = AnswerAboutDocument {
                    resolved: &resolved,
                    redirect_uri,
                    max_age: lookup.max_age,
                    now,
                };
                return answer.respond(&request);
            }
        }
    } else {
        lookup.state(provider, &id, now).await?
    };
    match state {
        ClientState::Active(client) => {
            let answer = Answer {
                client: &client,
                redirect_uri,
                reads_secrets: caller.reads_secrets(),
                max_age: lookup.max_age,
                now,
            };
            Ok(answer.respond(&request))
        }
        ClientState::Expired => Err(LookupRefusal::Gone("expired").into()),
        ClientState::Deleted => Err(LookupRefusal::Gone("deleted").into()),
        ClientState::Unknown => Err(LookupRefusal::UnknownClient.into()),
    }
}
