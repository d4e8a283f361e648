//! Error responses. RFC 6749 §5.2.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError, Route, web};
use protocol::{ErrorCode, error_code};
use serde_json::json;

/// A failed request with two messages: a description for the client, and a log message for the operator only. RFC 6749 §5.2.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    code: ErrorCode,
    description: Cow<'static, str>,
    subject: Option<Cow<'static, str>>,
    log_message: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    reason: Option<&'static str>,
    /// True if the body names the subject, which is a member of client metadata.
    shows_subject: bool,
    closes: bool,
}

impl Failure {
    /// Creates a failure with the usual status of its code. `description` is a complete sentence for the client.
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let status =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            status,
            code,
            description: description.into(),
            subject: None,
            log_message: None,
            headers: Vec::new(),
            reason: None,
            shows_subject: false,
            closes: false,
        }
    }

    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Replaces the error code, and keeps the status.
    #[must_use]
    pub fn with_code(self, code: ErrorCode) -> Self {
        Self { code, ..self }
    }

    /// Sets the subject: the member, or the limit that was reached.
    #[must_use]
    pub fn with_subject(self, subject: impl Into<Cow<'static, str>>) -> Self {
        Self {
            subject: Some(subject.into()),
            ..self
        }
    }

    /// Sets the message for the log.
    #[must_use]
    pub fn with_log_message(self, message: impl Into<String>) -> Self {
        Self {
            log_message: Some(message.into()),
            ..self
        }
    }

    /// Sets the member of client metadata that is at fault as the subject, and adds it to the body as `member`.
    #[must_use]
    pub fn with_member(self, member: impl Into<Cow<'static, str>>) -> Self {
        Self {
            shows_subject: true,
            ..self.with_subject(member)
        }
    }

    /// Adds the member `reason` to the body, for programs that tell the cases of one error code apart.
    #[must_use]
    pub fn with_reason(self, reason: &'static str) -> Self {
        Self {
            reason: Some(reason),
            ..self
        }
    }

    /// Adds a header; a value that is not valid in a header is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Self {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            self.headers.push((name, value));
        }
        self
    }

    /// Closes the connection after the response, since the rest of the request is not read.
    #[must_use]
    pub fn closing(self) -> Self {
        Self {
            closes: true,
            ..self
        }
    }

    /// Returns the failure of a request with a method that is not allowed. RFC 9110 §15.5.6.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self::new(
            ErrorCode::InvalidRequest,
            "The method is not allowed here; the Allow header lists the allowed methods.",
        )
        .status(StatusCode::METHOD_NOT_ALLOWED)
        .header(header::ALLOW, allow)
    }

    /// Returns the failure of a request to a busy service. RFC 9110 §15.6.4.
    pub fn busy() -> Self {
        Self::new(ErrorCode::TemporarilyUnavailable, error_code::UNAVAILABLE)
            .header(header::RETRY_AFTER, "5")
    }

    /// Returns the failure of a request for which the store is down, full or busy. RFC 9110 §15.6.4.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::busy().with_log_message(message)
    }

    /// Returns an internal error; the reason goes to the log only.
    pub fn server_error(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::ServerError, "Internal server error.").with_log_message(message)
    }

    /// The subject, if it is set.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The error code of the response.
    pub fn code(&self) -> ErrorCode {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.description)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(message) = &self.log_message {
            tracing::warn!(
                status = self.status.as_u16(),
                error = self.code.as_str(),
                "{message}"
            );
        }
        let mut answer = HttpResponse::build(self.status);
        no_store(&mut answer);
        // A failure may be answered outside of the middleware that adds this header to every response.
        answer.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        for (name, value) in &self.headers {
            answer.append_header((name.clone(), value.clone()));
        }
        if self.closes {
            answer.force_close();
        }
        let mut body =
            json!({ "error": self.code.as_str(), "error_description": self.description });
        if let (Some(members), Some(reason)) = (body.as_object_mut(), self.reason) {
            members.insert("reason".to_owned(), reason.into());
        }
        if let (Some(members), Some(member), true) =
            (body.as_object_mut(), self.subject(), self.shows_subject)
        {
            members.insert("member".to_owned(), member.into());
        }
        answer.json(body)
    }
}

/// Adds the headers that forbid caching. RFC 7591 §3.2.1.
pub fn no_store(answer: &mut HttpResponseBuilder) {
    answer
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::PRAGMA, "no-cache"));
}

/// Returns the route that refuses every method but those in `allow`.
pub fn method_not_allowed_route(allow: &'static str) -> Route {
    web::route()
        .to(move || async move { Err::<HttpResponse, _>(Failure::method_not_allowed(allow)) })
}
