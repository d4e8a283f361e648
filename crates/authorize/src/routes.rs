//! The route of the hop.

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Route};
use oauth_http::Failure;
use protocol::Issuer;
use url::Url;

use crate::handler;
use crate::headers::on_failure;
use crate::state::Hop;

/// The path of the hop below the issuer.
const PATH: &str = "authorize";

/// Returns the address of the hop of a provider.
pub fn endpoint(issuer: &Issuer) -> String {
    issuer.endpoint(PATH)
}

/// Returns the path of the hop of a provider.
pub fn path(issuer: &Issuer) -> String {
    format!("{}/{PATH}", issuer.path().trim_end_matches('/'))
}

/// Returns true if an address is that of the hop itself, to which it must not redirect.
pub fn is_endpoint(issuer: &Issuer, address: &str) -> bool {
    let (Ok(own), Ok(address)) = (Url::parse(&endpoint(issuer)), Url::parse(address)) else {
        return false;
    };
    own.origin() == address.origin() && own.path() == address.path().trim_end_matches('/')
}

/// Mounts the hop. It answers no preflight: RFC 9700 §2.6 forbids CORS at authorization endpoints.
pub fn mount(config: &mut ServiceConfig, hop: &Data<Hop>) {
    config.service(
        web::resource(path(&hop.issuer))
            .app_data(hop.clone())
            .get(handler::authorize)
            .head(handler::authorize)
            .post(handler::authorize)
            .default_service(other_methods()),
    );
}

fn other_methods() -> Route {
    web::route().to(|| async {
        let failure = Failure::method_not_allowed("GET, HEAD, POST");
        Err::<HttpResponse, _>(on_failure(failure))
    })
}
