//! Reads JSON bodies strictly, with limits on size and time.

use std::future::{Future, Ready, poll_fn, ready};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpRequest, dev, web};
use protocol::json::{JsonLimits, read_object};
use protocol::{ErrorCode, Object};

use crate::Failure;

/// The media type of JSON. RFC 8259 §11.
const JSON: &str = "application/json";

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";

/// The limits on the body of a request.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// The maximum length in bytes.
    pub bytes: usize,
    /// The time limit for the complete body after the head.
    pub time: Duration,
    /// The limits on the JSON in it.
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

/// A body that is not read yet, so that a handler can authenticate the caller first.
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
                .map_err(|_| unsupported(JSON)),
        )
    }
}

impl Body {
    /// Reads the body as a JSON object, sent as `application/json`.
    ///
    /// # Errors
    /// 415 for another content type, 413 if the body is too long, 408 if it takes too long, 400 if it is not a valid object.
    pub async fn object(self) -> Result<Object, Failure> {
        if has_media_type(self.request.headers(), JSON) != Some(true) {
            return Err(unsupported(JSON));
        }
        self.read().await
    }

    /// Reads the body like [`Body::object`], but accepts a missing content type unless a browser sends the request: a web page
    /// of another site could make a browser send a body without a content type.
    ///
    /// # Errors
    /// As [`Body::object`].
    pub async fn object_without_content_type(self) -> Result<Object, Failure> {
        let headers = self.request.headers();
        let browser = headers.contains_key(header::ORIGIN)
            || headers
                .get("sec-fetch-site")
                .is_some_and(|site| site == "cross-site");
        match has_media_type(headers, JSON) {
            Some(true) => {}
            None if !browser => {}
            _ => return Err(unsupported(JSON)),
        }
        self.read().await
    }

    /// Reads the bytes of a form, sent as `application/x-www-form-urlencoded`.
    ///
    /// # Errors
    /// As [`Body::object`], apart from those about JSON.
    pub async fn form(self) -> Result<web::Bytes, Failure> {
        if has_media_type(self.request.headers(), FORM) != Some(true) {
            return Err(unsupported(FORM));
        }
        self.bytes(FORM).await
    }

    async fn read(self) -> Result<Object, Failure> {
        let json = self.limits.json;
        let bytes = self.bytes(JSON).await?;
        read_object(&bytes, &json).map_err(|malformed| {
            Failure::new(ErrorCode::InvalidClientMetadata, malformed.to_string())
        })
    }

    async fn bytes(self, media_type: &str) -> Result<web::Bytes, Failure> {
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
            return Err(unsupported(media_type));
        }
        receive(payload, &limits).await
    }
}

/// Returns all bytes of a body.
async fn receive(payload: web::Payload, limits: &BodyLimits) -> Result<web::Bytes, Failure> {
    let mut whole = pin!(payload.to_bytes_limited(limits.bytes));
    // Most bodies arrive together with their heads, and need no timer.
    let read = match poll_fn(|context| Poll::Ready(whole.as_mut().poll(context))).await {
        Poll::Ready(read) => Ok(read),
        Poll::Pending => timeout(limits.time, whole).await,
    };
    match read {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_))) => {
            let incomplete = "The body is incomplete.";
            Err(Failure::new(ErrorCode::InvalidClientMetadata, incomplete).closing())
        }
        Ok(Err(_)) => Err(too_long(limits.bytes)),
        Err(_) => {
            let late = "The body took too long to arrive.";
            Err(Failure::new(ErrorCode::InvalidRequest, late)
                .status(StatusCode::REQUEST_TIMEOUT)
                .closing())
        }
    }
}

/// Returns true if the content type is that media type and is sent once, `None` without a content type.
fn has_media_type(headers: &HeaderMap, wanted: &str) -> Option<bool> {
    let mut types = headers.get_all(header::CONTENT_TYPE);
    let first = types.next()?;
    let media_type = first
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    Some(types.next().is_none() && media_type.eq_ignore_ascii_case(wanted))
}

fn unsupported(media_type: &str) -> Failure {
    Failure::new(
        ErrorCode::InvalidRequest,
        format!("The body must be sent as {media_type}, without a content encoding."),
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
