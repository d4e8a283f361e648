//! The client information response. RFC 7591 §3.2.1, RFC 7592 §3.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use oauth_http::failure::no_store;
use protocol::json::append_members;
use protocol::{ClientSecret, Issuer, RegistrationAccessToken, Timestamp};
use serde::Serialize;
use store::ClientSummary;

use crate::ENDPOINT;

/// Answers a registration.
pub fn created(
    client: &ClientSummary,
    token: &RegistrationAccessToken,
    issuer: &Issuer,
) -> HttpResponse {
    information(StatusCode::CREATED, client, token, issuer)
}

/// Answers a read or an update.
pub fn ok(
    client: impl Into<ClientSummary>,
    token: &RegistrationAccessToken,
    issuer: &Issuer,
) -> HttpResponse {
    information(StatusCode::OK, &client.into(), token, issuer)
}

/// Answers a deletion.
pub fn deleted() -> HttpResponse {
    let mut answer = HttpResponse::NoContent();
    no_store(&mut answer);
    answer.finish()
}

fn information(
    status: StatusCode,
    client: &ClientSummary,
    token: &RegistrationAccessToken,
    issuer: &Issuer,
) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    no_store(&mut answer);
    answer
        .insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ))
        .body(body(client, token, issuer))
}

/// The members that the provider adds to the agreed metadata. RFC 7591 §3.2.1, RFC 7592 §3.
#[derive(Serialize)]
struct IssuedMembers<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    client_id_issued_at: i64,
    registration_access_token: &'a str,
    registration_client_uri: &'a str,
}

/// Returns the time at which the secret ends, which is not later than the client's own end; 0 if neither ends.
fn secret_end(client: &ClientSummary) -> i64 {
    let ends = [client.secret_expires_at, client.expires_at];
    let first = ends.into_iter().flatten().map(Timestamp::seconds).min();
    first.unwrap_or(0)
}

/// Returns the issued members, and behind them the agreed metadata exactly as it is stored.
fn body(client: &ClientSummary, token: &RegistrationAccessToken, issuer: &Issuer) -> Vec<u8> {
    let metadata = client.metadata.as_str();
    let mut body = Vec::with_capacity(metadata.len() + 512);
    let members = IssuedMembers {
        client_id: client.id.as_str(),
        client_secret: client.secret.as_ref().map(ClientSecret::reveal),
        client_secret_expires_at: client.secret.as_ref().map(|_| secret_end(client)),
        client_id_issued_at: client.issued_at.seconds(),
        registration_access_token: token.reveal(),
        registration_client_uri: &issuer.endpoint(&[ENDPOINT, "/", client.id.as_str()].concat()),
    };
    // Writing strings and numbers to memory cannot fail.
    let _ = serde_json::to_writer(&mut body, &members);
    append_members(body, metadata)
}
