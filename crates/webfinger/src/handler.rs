//! The WebFinger endpoint. RFC 7033 §4.

use std::future::{Ready, ready};

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Resource, web};
use protocol::ErrorCode;
use protocol::issuer::{UNKNOWN_RESOURCE, WEBFINGER_PATH};
use serde_json::json;

use crate::directory::Directory;
use crate::host_meta;
use crate::request::Request;

/// How long a descriptor may be reused. It changes only with the configuration and depends on nothing but the URL.
pub(crate) const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=3600");

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Adds the endpoint and the documents that point at it. They find their [`Directory`] as [`web::Data`].
pub fn mount(config: &mut web::ServiceConfig) {
    config
        .service(resource(WEBFINGER_PATH).get(get).route(web::head().to(get)))
        .service(
            resource(host_meta::PATH)
                .get(host_meta::xrd)
                .route(web::head().to(host_meta::xrd)),
        )
        .service(
            resource(host_meta::JSON_PATH)
                .get(host_meta::jrd)
                .route(web::head().to(host_meta::jrd)),
        );
}

fn resource(path: &str) -> Resource {
    web::resource(path)
        .route(web::method(Method::OPTIONS).to(preflight))
        .default_service(web::to(method_not_allowed))
}

/// A descriptor, 400 when the resource is missing or malformed, 404 when it is not ours. RFC 7033 §4.2.
#[expect(clippy::needless_pass_by_value, reason = "extractors are values")]
fn get(request: HttpRequest, directory: web::Data<Directory>) -> Ready<HttpResponse> {
    ready(answer(request.query_string(), &directory))
}

/// The answer to a query.
pub fn answer(query: &str, directory: &Directory) -> HttpResponse {
    let request = match Request::parse(query) {
        Ok(request) => request,
        Err(malformed) => {
            return refuse(
                HttpResponse::BadRequest(),
                ErrorCode::InvalidRequest,
                malformed.reason(),
            );
        }
    };
    let Some(jrd) = directory.describe(&request.resource, &request.rels) else {
        return refuse(
            HttpResponse::NotFound(),
            ErrorCode::NotFound,
            UNKNOWN_RESOURCE,
        );
    };
    shared(HttpResponse::Ok())
        .insert_header((header::CACHE_CONTROL, CACHE_CONTROL))
        .insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/jrd+json"),
        ))
        .body(jrd)
}

/// What a browser asks before a request with headers of its own. Fetch standard §3.3.
fn preflight() -> Ready<HttpResponse> {
    ready(
        shared(HttpResponse::NoContent())
            .insert_header((header::ALLOW, METHODS))
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("Authorization, Content-Type, MCP-Protocol-Version"),
            ))
            .insert_header((
                header::ACCESS_CONTROL_MAX_AGE,
                HeaderValue::from_static("86400"),
            ))
            .finish(),
    )
}

fn method_not_allowed() -> Ready<HttpResponse> {
    let mut response = HttpResponse::MethodNotAllowed();
    response.insert_header((header::ALLOW, METHODS));
    ready(refuse(
        response,
        ErrorCode::InvalidRequest,
        "This address is read with GET or HEAD.",
    ))
}

/// Any page may read any answer, a refusal included; never with credentials. RFC 7033 §5.
pub(crate) fn shared(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    ));
    response
}

/// An object in which no client can find a link, since some do not look at the status.
fn refuse(response: HttpResponseBuilder, code: ErrorCode, reason: &'static str) -> HttpResponse {
    shared(response)
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ))
        .body(json!({ "error": code.as_str(), "error_description": reason }).to_string())
}
