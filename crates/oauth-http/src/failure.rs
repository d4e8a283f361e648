//! How a refusal looks on the wire.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError, Route, web};
use protocol::ErrorCode;
use serde_json::json;

/// A refusal with two messages: what the client is told, and what only the operator is. RFC 6749 §5.2.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    code: ErrorCode,
    told: Cow<'static, str>,
    about: Option<Cow<'static, str>>,
    logged: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    closes: bool,
}

impl Failure {
    /// A refusal with the status its code usually goes with; `told` is a whole sentence.
    pub fn new(code: ErrorCode, told: impl Into<Cow<'static, str>>) -> Self {
        let status =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            code,
            told: told.into(),
            about: None,
            logged: None,
            headers: Vec::new(),
            closes: false,
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same with what it is about, in a word or two: the member, or what was counted.
    #[must_use]
    pub fn about(self, what: impl Into<Cow<'static, str>>) -> Self {
        Self {
            about: Some(what.into()),
            ..self
        }
    }

    /// The same with what the operator should read in the log.
    #[must_use]
    pub fn logged(self, logged: impl Into<String>) -> Self {
        Self {
            logged: Some(logged.into()),
            ..self
        }
    }

    /// The same with one more header; a value that cannot stand in a header is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same, and the connection is closed: what is still to come of the request is not wanted.
    #[must_use]
    pub fn closing(self) -> Self {
        Self {
            closes: true,
            ..self
        }
    }

    /// The request came with a method the address does not have. RFC 9110 §15.5.6.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self::new(
            ErrorCode::InvalidRequest,
            "This address does not have that method; the Allow header names those it has.",
        )
        .status(StatusCode::METHOD_NOT_ALLOWED)
        .header(header::ALLOW, allow)
    }

    /// The service has too much to do. RFC 9110 §15.6.4.
    pub fn busy() -> Self {
        Self::new(
            ErrorCode::TemporarilyUnavailable,
            "The service is busy or cannot reach its store. Try again shortly.",
        )
        .header(header::RETRY_AFTER, "5")
    }

    /// The store is down, full or busy. RFC 9110 §15.6.4.
    pub fn unavailable(logged: impl Into<String>) -> Self {
        Self::busy().logged(logged)
    }

    /// Something went wrong on our side.
    pub fn server_error(logged: impl Into<String>) -> Self {
        Self::new(ErrorCode::ServerError, "Something went wrong on our side.").logged(logged)
    }

    /// What it is about.
    pub fn what(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// The error code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.told)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(logged) = &self.logged {
            tracing::warn!(
                status = self.status.as_u16(),
                error = self.code.as_str(),
                "{logged}"
            );
        }
        let mut answer = HttpResponse::build(self.status);
        no_store(&mut answer);
        // A refusal may come from outside of what adds this to every answer.
        answer.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        for (name, value) in &self.headers {
            answer.append_header((name.clone(), value.clone()));
        }
        if self.closes {
            answer.force_close();
        }
        answer.json(json!({ "error": self.code.as_str(), "error_description": self.told }))
    }
}

/// Forbids every cache to keep an answer. RFC 7591 §3.2.1.
pub fn no_store(answer: &mut HttpResponseBuilder) {
    answer
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"));
}

/// The route for every method an address does not have.
pub fn only(allow: &'static str) -> Route {
    web::route()
        .to(move || async move { Err::<HttpResponse, _>(Failure::method_not_allowed(allow)) })
}
