//! The client information response. RFC 7591 §3.2.1, RFC 7592 §3.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use oauth_http::failure::no_store;
use protocol::{Issuer, RegistrationAccessToken};
use store::Information;

/// A client was registered.
pub fn created(client: impl Into<Information>, token: &RegistrationAccessToken, issuer: &Issuer) -> HttpResponse {
    information(StatusCode::CREATED, &client.into(), token, issuer)
}

/// A client was read or updated.
pub fn ok(client: impl Into<Information>, token: &RegistrationAccessToken, issuer: &Issuer) -> HttpResponse {
    information(StatusCode::OK, &client.into(), token, issuer)
}

/// A client was deleted.
pub fn deleted() -> HttpResponse {
    let mut answer = HttpResponse::NoContent();
    no_store(&mut answer);
    answer.finish()
}

fn information(status: StatusCode, client: &Information, token: &RegistrationAccessToken, issuer: &Issuer) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    no_store(&mut answer);
    answer.insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/json"))).body(body(client, token, issuer))
}

/// What the provider issued, and behind it the agreed metadata exactly as it is stored.
fn body(client: &Information, token: &RegistrationAccessToken, issuer: &Issuer) -> String {
    let text = |value: &str| serde_json::to_string(value).unwrap_or_default();
    let metadata = client.metadata.as_str();
    let mut body = String::with_capacity(metadata.len() + 512);
    body.push_str("{\"client_id\":");
    body.push_str(&text(client.id.as_str()));
    if let Some(secret) = &client.secret {
        body.push_str(",\"client_secret\":");
        body.push_str(&text(secret.reveal()));
        body.push_str(",\"client_secret_expires_at\":");
        body.push_str(&client.secret_expires_at.map_or(0, protocol::Timestamp::seconds).to_string());
    }
    body.push_str(",\"client_id_issued_at\":");
    body.push_str(&client.issued_at.seconds().to_string());
    body.push_str(",\"registration_access_token\":");
    body.push_str(&text(token.reveal()));
    body.push_str(",\"registration_client_uri\":");
    body.push_str(&text(&issuer.endpoint(&format!("register/{}", client.id))));
    match metadata.strip_prefix('{') {
        Some("}") | None => body.push('}'),
        Some(members) => {
            body.push(',');
            body.push_str(members);
        }
    }
    body
}
