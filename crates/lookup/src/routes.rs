//! The routes of the lookup.

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use oauth_http::BodyLimits;
use oauth_http::failure::method_not_allowed_route;

use crate::state::Lookup;
use crate::{authenticate, client, record, refusal, uses};

/// The path of the question about a client.
pub const CLIENTS: &str = "/clients";

/// The path of the question about a client secret.
pub const AUTHENTICATE: &str = "/clients/authenticate";

/// The path of reports of uses.
pub const USED: &str = "/clients/used";

/// The length of a report of uses that is always accepted, in bytes: identifiers that are addresses are long.
const MAX_REPORT_BYTES: usize = 512 * 1024;

/// Mounts the routes. `limits` are the same as of other requests; a report of uses has more elements.
pub fn mount(config: &mut ServiceConfig, lookup: &Data<Lookup>, limits: BodyLimits) {
    let mut limits = limits;
    limits.json.elements = limits.json.elements.max(2 * uses::MAX_CLIENTS);
    limits.bytes = limits.bytes.max(MAX_REPORT_BYTES);
    config
        .app_data(lookup.clone())
        .app_data(Data::new(limits))
        .service(
            web::resource(CLIENTS)
                .wrap(from_fn(record::record))
                .get(client::look_up)
                .head(client::look_up)
                .default_service(method_not_allowed_route("GET, HEAD")),
        )
        .service(
            web::resource(AUTHENTICATE)
                .wrap(from_fn(record::record))
                .post(authenticate::authenticate)
                .default_service(method_not_allowed_route("POST")),
        )
        .service(
            web::resource(USED)
                .wrap(from_fn(record::record))
                .post(uses::record)
                .default_service(method_not_allowed_route("POST")),
        )
        .default_service(web::to(refusal::not_found));
}
