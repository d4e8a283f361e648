//! The addresses of registration, and the handler of each route.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, Route, guard};
use oauth_http::{cors, failure};
use protocol::Issuer;

use crate::{Registration, handlers, wso2};

/// The name of the registration endpoint below the issuer.
pub const ENDPOINT: &str = "register";

/// The paths of the WSO2 registration endpoints, which are served with and without a slash at their end.
pub const WSO2_ENDPOINTS: [&str; 2] = ["identity/connect/register", "identity/register"];

/// The kind of an endpoint, which its resource has as app data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointKind {
    /// The registration endpoint. RFC 7591 §3.
    Registration,
    /// The client configuration endpoint. RFC 7592 §2.
    Management,
    /// Registration for WSO2 clients, with and without a slash at its end.
    Wso2Registration,
    /// Unregistration for WSO2 clients.
    Wso2Unregistration,
}

impl EndpointKind {
    /// Returns the kind of the endpoint that serves `request`.
    pub(crate) fn of_request(request: &HttpRequest) -> Self {
        request.app_data().copied().unwrap_or(Self::Registration)
    }

    pub(crate) fn is_wso2(self) -> bool {
        matches!(self, Self::Wso2Registration | Self::Wso2Unregistration)
    }
}

/// Returns every address below the host as a route's pattern: the standard endpoints at the issuer's path, and the WSO2 endpoints
/// below each of `wso2_paths`, which are paths without a slash at their end.
pub fn addresses(issuer: &Issuer, wso2_paths: &[String]) -> Vec<(String, EndpointKind)> {
    let endpoint = format!("{}/{ENDPOINT}", issuer.path());
    let mut addresses = vec![
        (endpoint.clone(), EndpointKind::Registration),
        (
            format!("{endpoint}/{{client_id:.*}}"),
            EndpointKind::Management,
        ),
    ];
    for base in wso2_paths {
        addresses.extend(
            WSO2_ENDPOINTS.map(|path| (format!("{base}/{path}"), EndpointKind::Wso2Registration)),
        );
        addresses.push((
            format!("{base}/identity/register/{{client_id:.+}}"),
            EndpointKind::Wso2Unregistration,
        ));
    }
    addresses
}

/// Mounts registration at its [`addresses`].
pub fn mount(config: &mut ServiceConfig, registration: &Data<Registration>, wso2_paths: &[String]) {
    for (path, kind) in addresses(&registration.policy.issuer, wso2_paths) {
        let resource = match kind {
            EndpointKind::Wso2Registration => web::resource([path.clone(), format!("{path}/")]),
            _ => web::resource(path),
        };
        let resource = resource.app_data(registration.clone()).app_data(kind);
        match kind {
            EndpointKind::Registration => config.service(
                resource
                    .wrap(cors::open())
                    .route(web::post().to(handlers::register))
                    .route(cors::preflight("POST, OPTIONS"))
                    .default_service(failure::method_not_allowed_route("POST, OPTIONS")),
            ),
            EndpointKind::Management => config.service(
                resource
                    .wrap(cors::open())
                    .route(get_or_head().to(handlers::read))
                    .route(web::put().to(handlers::update))
                    .route(web::delete().to(handlers::delete))
                    .route(cors::preflight("GET, HEAD, PUT, DELETE, OPTIONS"))
                    .default_service(failure::method_not_allowed_route(
                        "GET, HEAD, PUT, DELETE, OPTIONS",
                    )),
            ),
            EndpointKind::Wso2Registration => config.service(
                resource
                    .route(web::post().to(wso2::register))
                    .default_service(failure::method_not_allowed_route("POST")),
            ),
            EndpointKind::Wso2Unregistration => config.service(
                resource
                    .route(web::delete().to(wso2::unregister))
                    .default_service(failure::method_not_allowed_route("DELETE")),
            ),
        };
    }
}

fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
