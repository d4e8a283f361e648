//! The handler of each route.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Resource, Route, guard};
use oauth_http::{cors, failure};

use crate::endpoint::{EndpointKind, addresses};
use crate::{Registration, handlers, wso2};

/// Mounts registration at its [`addresses`], with and without a slash at their end.
pub fn mount(config: &mut ServiceConfig, registration: &Data<Registration>, wso2_paths: &[String]) {
    for (path, kind) in addresses(&registration.issuer, wso2_paths) {
        let resource = resource(path, kind)
            .app_data(registration.clone())
            .app_data(kind);
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

fn resource(path: String, kind: EndpointKind) -> Resource {
    match kind {
        EndpointKind::Registration | EndpointKind::Wso2Registration => {
            web::resource([path.clone(), format!("{path}/")])
        }
        // The pattern of the identifier takes the slash.
        EndpointKind::Management | EndpointKind::Wso2Unregistration => web::resource(path),
    }
}

fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
