//! JSON bodies: bounded in size and time, and read strictly.

use std::future::{Future, Ready, poll_fn, ready};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpRequest, dev, web};
use protocol::json::{JsonLimits, read_object};
use protocol::{ErrorCode, SentMembers};

use crate::Failure;

/// How much body a request may have, and for how long it may come.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// How many bytes.
    pub bytes: usize,
    /// How long the whole body may take after the head.
    pub time: Duration,
    /// The shape of the JSON in it.
    pub json: JsonLimits,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            bytes: 64 * 1024,
            time: Duration::from_secs(10),
            json: JsonLimits::default(),
        }
    }
}

/// A body that nobody has read yet, so that a handler can first see who is asking.
pub struct Body {
    payload: web::Payload,
    request: HttpRequest,
    limits: BodyLimits,
}

impl FromRequest for Body {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let payload = web::Payload::from_request(request, payload).into_inner();
        let limits = request
            .app_data::<web::Data<BodyLimits>>()
            .map_or_else(BodyLimits::default, |limits| ***limits);
        ready(
            payload
                .map(|payload| Self {
                    payload,
                    request: request.clone(),
                    limits,
                })
                .map_err(|_| unsupported()),
        )
    }
}

impl Body {
    /// The body as one JSON object, sent as `application/json`.
    ///
    /// # Errors
    /// 415 for another content type, 413 when it is too long, 408 when it takes too long, 400 when it is not such an object.
    pub async fn object(self) -> Result<SentMembers, Failure> {
        if is_json(self.request.headers()) != Some(true) {
            return Err(unsupported());
        }
        self.read().await
    }

    /// The same for clients that leave the content type out, provided that no browser sends the request: a page of
    /// another site could make a browser send a body without one.
    ///
    /// # Errors
    /// As [`Body::object`].
    pub async fn object_of_a_program(self) -> Result<SentMembers, Failure> {
        let headers = self.request.headers();
        let browser = headers.contains_key(header::ORIGIN)
            || headers
                .get("sec-fetch-site")
                .is_some_and(|site| site == "cross-site");
        match is_json(headers) {
            Some(true) => {}
            None if !browser => {}
            _ => return Err(unsupported()),
        }
        self.read().await
    }

    async fn read(self) -> Result<SentMembers, Failure> {
        let Self {
            payload,
            request,
            limits,
        } = self;
        let headers = request.headers();
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > limits.bytes) {
            return Err(too_long(limits.bytes));
        }
        if headers.contains_key(header::CONTENT_ENCODING) {
            return Err(unsupported());
        }
        let mut whole = pin!(payload.to_bytes_limited(limits.bytes));
        // Most bodies are there with their heads, and no clock has to run for them.
        let read = match poll_fn(|context| Poll::Ready(whole.as_mut().poll(context))).await {
            Poll::Ready(read) => Ok(read),
            Poll::Pending => timeout(limits.time, whole).await,
        };
        let bytes = match read {
            Err(_) => {
                return Err(Failure::new(
                    ErrorCode::InvalidRequest,
                    "The body took too long to arrive.",
                )
                .status(StatusCode::REQUEST_TIMEOUT)
                .closing());
            }
            Ok(Err(_)) => return Err(too_long(limits.bytes)),
            Ok(Ok(Err(_))) => {
                return Err(Failure::new(
                    ErrorCode::InvalidClientMetadata,
                    "The body ended before it was whole.",
                )
                .closing());
            }
            Ok(Ok(Ok(bytes))) => bytes,
        };
        read_object(&bytes, &limits.json).map_err(|malformed| {
            Failure::new(ErrorCode::InvalidClientMetadata, malformed.to_string())
        })
    }
}

/// Whether the content type is `application/json`; none when there is no content type.
fn is_json(headers: &HeaderMap) -> Option<bool> {
    let mut types = headers.get_all(header::CONTENT_TYPE);
    let first = types.next()?;
    let essence = first
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    Some(types.next().is_none() && essence.eq_ignore_ascii_case("application/json"))
}

fn unsupported() -> Failure {
    Failure::new(
        ErrorCode::InvalidRequest,
        "The body must be sent as application/json, without a content encoding.",
    )
    .status(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    .closing()
}

fn too_long(bytes: usize) -> Failure {
    Failure::new(
        ErrorCode::InvalidRequest,
        format!("The body must be at most {bytes} bytes."),
    )
    .status(StatusCode::PAYLOAD_TOO_LARGE)
    .closing()
}
