//! The WebFinger endpoint. RFC 7033 §4.

use std::future::{Ready, ready};

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, Resource, web};
use protocol::ErrorCode;
use protocol::issuer::{UNKNOWN_RESOURCE, WEBFINGER_PATH};
use serde_json::json;

use crate::answer::{CACHE_CONTROL, with_cors};
use crate::directory::Directory;
use crate::host_meta;
use crate::request::WebFingerQuery;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// Adds the endpoint and the host metadata, with and without a slash at the end of their paths. Their [`Directory`] is
/// [`web::Data`].
pub fn mount(config: &mut web::ServiceConfig) {
    config
        .service(resource(WEBFINGER_PATH).get(get).route(web::head().to(get)))
        .service(
            resource(host_meta::PATH)
                .get(xrd)
                .route(web::head().to(xrd)),
        )
        .service(
            resource(host_meta::JSON_PATH)
                .get(jrd)
                .route(web::head().to(jrd)),
        );
}

fn resource(path: &str) -> Resource {
    web::resource([path.to_owned(), format!("{path}/")])
        .route(web::method(Method::OPTIONS).to(preflight))
        .default_service(web::to(method_not_allowed))
}

/// Answers with a descriptor, 400 if the resource is missing or malformed, 404 if it is unknown. RFC 7033 §4.2.
#[expect(clippy::needless_pass_by_value, reason = "extractors are values")]
fn get(request: HttpRequest, directory: web::Data<Directory>) -> Ready<HttpResponse> {
    ready(answer(request.query_string(), &directory))
}

/// Returns the response to a query.
pub fn answer(query: &str, directory: &Directory) -> HttpResponse {
    let request = match WebFingerQuery::parse(query) {
        Ok(request) => request,
        Err(error) => {
            return refuse(
                HttpResponse::BadRequest(),
                ErrorCode::InvalidRequest,
                error.reason(),
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
    with_cors(HttpResponse::Ok())
        .insert_header((header::CACHE_CONTROL, CACHE_CONTROL))
        .insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/jrd+json"),
        ))
        .body(jrd)
}

/// Answers with the document as XRD. RFC 6415 §2.
#[expect(clippy::needless_pass_by_value, reason = "extractors are values")]
fn xrd(request: HttpRequest, directory: web::Data<Directory>) -> Ready<HttpResponse> {
    ready(directory.host_meta.xrd.answer(&request))
}

/// Answers with the document as JRD. RFC 6415 §3.
#[expect(clippy::needless_pass_by_value, reason = "extractors are values")]
fn jrd(request: HttpRequest, directory: web::Data<Directory>) -> Ready<HttpResponse> {
    ready(directory.host_meta.jrd.answer(&request))
}

/// Answers the preflight request of a browser. Fetch standard §3.3.
fn preflight() -> Ready<HttpResponse> {
    ready(
        with_cors(HttpResponse::NoContent())
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
        "The method is not allowed here; the Allow header lists the allowed methods.",
    ))
}

/// Returns an error object. It has no links, since some clients ignore the status.
fn refuse(response: HttpResponseBuilder, code: ErrorCode, reason: &'static str) -> HttpResponse {
    with_cors(response)
        .insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .insert_header((
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ))
        .body(json!({ "error": code.as_str(), "error_description": reason }).to_string())
}
