//! `POST /clients/authenticate`: is this the client's secret? RFC 6749 §2.3.1.

use std::time::Instant;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use oauth_http::{Failure, blocking};
use openssl::memcmp;
use openssl::sha::sha256;
use protocol::{ErrorCode, Secret, Timestamp};
use store::{ClientState, SecretAccess};

use crate::caller::LookupCaller;
use crate::query::Parameters;
use crate::refusal::LookupRefusal;
use crate::state::Lookup;

/// The parameters of the question.
const PARAMETERS: [&str; 3] = ["issuer", "client_id", "client_secret"];

pub(crate) async fn authenticate(
    caller: LookupCaller,
    request: HttpRequest,
    lookup: Data<Lookup>,
    body: Bytes,
) -> Result<HttpResponse, Failure> {
    if !is_form(request.headers()) {
        return Err(Failure::new(
            ErrorCode::InvalidRequest,
            "The body must be application/x-www-form-urlencoded.",
        )
        .status(actix_web::http::StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let parameters = Parameters::read(&body, &PARAMETERS)?;
    let provider = lookup.provider(parameters.require("issuer")?)?;
    caller.check(provider, SecretAccess::Check)?;
    let id = parameters.client_id()?;
    let presented = Secret::new(parameters.find("client_secret").unwrap_or_default());
    let (store, issuer, now) = (lookup.store.clone(), provider.clone(), lookup.clock.now());
    let wanted = id.clone();
    let state = blocking(move || store.look_up(&issuer, &wanted, now)).await?;
    let secret = match state.map_err(LookupRefusal::from)? {
        ClientState::Active(client) => {
            lookup
                .failures
                .count(provider, &id, Instant::now())
                .map_err(LookupRefusal::TooMany)?;
            let is_valid = |end: Option<Timestamp>| end.is_none_or(|end| end > now);
            let data = client.data;
            data.secret.filter(|_| is_valid(data.secret_expires_at))
        }
        ClientState::Expired | ClientState::Deleted | ClientState::Unknown => None,
    };
    // Digests have one length, so that the time of the comparison tells nothing; without a secret it takes place as well.
    let expected = sha256(
        secret
            .as_ref()
            .map_or("", |secret| secret.reveal())
            .as_bytes(),
    );
    let is_equal = memcmp::eq(&expected, &sha256(presented.reveal().as_bytes()));
    if !is_equal || secret.is_none() {
        return Err(LookupRefusal::WrongSecret.into());
    }
    lookup.failures.give_back(provider, &id);
    Ok(HttpResponse::NoContent().finish())
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| {
            media_type
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}
