//! Every request has an identifier: in its answer, in every log line and in every row of the audit trail that it causes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError};
use oauth_http::RequestId;
use oauth_http::peer::Proxies;
use oauth_http::request_id::X_REQUEST_ID;
use registration::Random;

/// How many digits the number of a request has.
const DIGITS: usize = 10;

/// Makes identifiers: random for the process, counted within it. They are made for every request, so neither randomness nor
/// a formatter is asked each time.
#[derive(Debug)]
pub struct RequestIds {
    /// Eight random digits, a hyphen, and room for a number.
    form: [u8; 9 + DIGITS],
    next: AtomicU64,
    proxies: Proxies,
}

impl RequestIds {
    /// Identifiers of this process; those that come through `proxies` may bring their own.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(random: &Random, proxies: Proxies) -> Result<Arc<Self>, String> {
        let mut seed = [0_u8; 8];
        random(&mut seed)?;
        let mut form = [b'-'; 9 + DIGITS];
        for (digit, byte) in form.iter_mut().zip(seed) {
            *digit = hexadecimal(byte.into());
        }
        Ok(Arc::new(Self { form, next: AtomicU64::new(0), proxies }))
    }

    fn next(&self) -> Option<RequestId> {
        let mut text = self.form;
        let mut number = self.next.fetch_add(1, Ordering::Relaxed);
        for digit in text.iter_mut().rev().take(DIGITS) {
            *digit = hexadecimal(number);
            number >>= 4;
        }
        RequestId::from_bytes(&text)
    }

    /// The one a configured proxy gave the request, or a new one.
    fn of(&self, request: &ServiceRequest) -> Option<RequestId> {
        if self.proxies.networks.is_empty() {
            return self.next();
        }
        let from_proxy = request.peer_addr().is_some_and(|peer| self.proxies.contains(peer.ip().to_canonical()));
        let mut given = request.headers().get_all(&X_REQUEST_ID).filter(|_| from_proxy);
        match (given.next(), given.next()) {
            (Some(only), None) => RequestId::parse(only).or_else(|| self.next()),
            _ => self.next(),
        }
    }
}

/// The last hexadecimal digit of a number.
fn hexadecimal(number: u64) -> u8 {
    b"0123456789abcdef".iter().zip(0..).find(|(_, value)| *value == number & 15).map_or(b'0', |(digit, _)| *digit)
}

/// Handles a request under its identifier and puts that into the answer, whatever the answer is.
///
/// # Errors
/// What the request's own service fails with, under the same identifier.
pub async fn keep<B: MessageBody>(ids: Arc<RequestIds>, request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let Some(id) = ids.of(&request) else { return next.call(request).await };
    match id.clone().handle(next.call(request)).await {
        Ok(mut answer) => {
            answer.headers_mut().insert(X_REQUEST_ID.clone(), id.value());
            Ok(answer)
        }
        Err(error) => Err(Failed { error, id }.into()),
    }
}

/// An error whose answer is still to be written.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
struct Failed {
    error: Error,
    id: RequestId,
}

impl ResponseError for Failed {
    fn status_code(&self) -> StatusCode {
        self.error.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = self.id.clone().within(|| self.error.error_response());
        answer.headers_mut().insert(X_REQUEST_ID.clone(), self.id.value());
        answer
    }
}
