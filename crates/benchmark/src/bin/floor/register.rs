//! A registration endpoint with almost none of the checks of the service.

use std::io;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer, ResponseError, rt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::rand::rand_bytes;
use openssl::sha::sha256;
use protocol::Clock;
use serde::{Deserialize, Serialize};

use crate::table::{Connections, Row};

/// The registration of the benchmark, with a field for each of its members.
#[derive(Deserialize, Serialize)]
struct Registration {
    client_name: String,
    application_type: String,
    redirect_uris: Vec<String>,
    grant_types: Vec<String>,
    response_types: Vec<String>,
    token_endpoint_auth_method: String,
    subject_type: String,
    id_token_signed_response_alg: String,
    contacts: Vec<String>,
    client_uri: String,
    logo_uri: String,
    policy_uri: String,
    tos_uri: String,
    initiate_login_uri: String,
    jwks_uri: String,
    default_max_age: u64,
    require_auth_time: bool,
}

impl Registration {
    fn is_good(&self) -> bool {
        let uri = |uri: &String| uri.starts_with("https://") && !uri.contains('#');
        let uris = [
            &self.client_uri,
            &self.logo_uri,
            &self.policy_uri,
            &self.tos_uri,
            &self.initiate_login_uri,
            &self.jwks_uri,
        ];
        !self.redirect_uris.is_empty()
            && self.redirect_uris.iter().all(uri)
            && uris.into_iter().all(uri)
    }
}

/// The status of an error response.
#[derive(Debug)]
struct Refused(StatusCode);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.0
    }
}

const UNWRITTEN: Refused = Refused(StatusCode::SERVICE_UNAVAILABLE);

/// Returns the row of a registration and the response body.
pub fn register(body: &[u8], clock: &Clock) -> Option<(Row, String)> {
    let registration: Registration = serde_json::from_slice(body)
        .ok()
        .filter(Registration::is_good)?;
    let metadata = serde_json::to_string(&registration).ok()?;
    let mut bytes = [0; 80];
    rand_bytes(&mut bytes).ok()?;
    let text = |from: usize, to: usize| {
        bytes
            .get(from..to)
            .map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
    };
    let (id, secret, token) = (text(0, 16)?, text(16, 48)?, text(48, 80)?);
    let (client_id, issued_at) = (
        format!("{:012x}{id}", clock.milliseconds()),
        clock.now().seconds(),
    );
    let answer = format!(
        "{{\"client_id\":\"{client_id}\",\"client_secret\":\"{secret}\",\"client_secret_expires_at\":0,\"client_id_issued_at\":{issued_at},\
         \"registration_access_token\":\"{token}\",\"registration_client_uri\":\"http://localhost:9443/register/{client_id}\",{}",
        metadata.get(1..)?
    );
    let token_digest = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()));
    let secret_sealed = format!("{secret:0>110}");
    Some((
        Row {
            client_id,
            provider: "http://localhost:9443",
            metadata,
            token_digest,
            secret_sealed,
            issued_at,
            revision: 1,
        },
        answer,
    ))
}

async fn answer(
    body: Bytes,
    clock: Data<Clock>,
    pool: Data<Option<Connections>>,
) -> Result<HttpResponse, Refused> {
    let (row, answer) = register(&body, &clock).ok_or(Refused(StatusCode::BAD_REQUEST))?;
    if let Some(pool) = pool.as_ref().clone() {
        let written = web::block(move || {
            pool.get()
                .is_ok_and(|mut connection| row.insert(&mut connection).is_ok())
        })
        .await;
        if !matches!(written, Ok(true)) {
            return Err(UNWRITTEN);
        }
    } else {
        std::hint::black_box(row);
    }
    Ok(HttpResponse::Created()
        .content_type("application/json")
        .body(answer))
}

/// Serves until the process ends.
///
/// # Errors
/// An error if no port is available.
pub fn serve(pool: Option<Connections>) -> io::Result<()> {
    let (clock, pool) = (Data::new(Clock::system()), Data::new(pool));
    rt::System::new().block_on(async {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::clone(&clock))
                .app_data(Data::clone(&pool))
                .route("/register", web::post().to(answer))
        })
        .bind(("127.0.0.1", 0))?;
        for address in server.addrs() {
            println!("http://{address}/");
        }
        server.run().await
    })
}
