//! What a provider says of itself: its metadata at every address clients look for it, and its keys.
//! OIDC Discovery §4, RFC 8414 §3, RFC 7517.

#![warn(missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route, guard};
use arc_swap::ArcSwap;
use keys::KeyRing;
use oauth_http::{Document, cors, failure};
use protocol::issuer::{OAUTH_AUTHORIZATION_SERVER, OPENID_CONFIGURATION};
use protocol::member::Reason;
use protocol::uri::EndpointUri;
use protocol::{Issuer, ProviderMetadata};

/// The name of the JWK Set below the issuer.
const JWKS: &str = "jwks";

const METHODS: &str = "GET, HEAD, OPTIONS";

/// The documents of one provider, frozen; a request copies nothing but a reference.
pub struct Discovery {
    issuer: Issuer,
    configuration: Document,
    jwks: ArcSwap<Document>,
    keys: KeyRing,
    max_age: Duration,
}

/// Adds to the provider's document where its keys are, unless another server's were configured. OIDC Discovery §3.
///
/// # Errors
/// When the issuer's own address is no endpoint.
pub fn advertise(issuer: &Issuer, provider: &mut ProviderMetadata) -> Result<(), Reason> {
    if provider.jwks_uri.is_none() {
        provider.jwks_uri = Some(EndpointUri::parse(issuer.endpoint(JWKS))?);
    }
    Ok(())
}

impl Discovery {
    /// Freezes a provider's document and its keys; caches may keep either for `max_age`.
    pub fn freeze(issuer: Issuer, provider: &ProviderMetadata, keys: KeyRing, max_age: Duration) -> Self {
        let configuration = Document::freeze(serde_json::Value::Object(provider.object()).to_string(), max_age);
        let jwks = ArcSwap::from_pointee(Document::freeze(keys.snapshot().jwks().to_owned(), max_age));
        Self { issuer, configuration, jwks, keys, max_age }
    }

    /// Freezes the keys again, after the ring was reloaded.
    pub fn refresh(&self) {
        self.jwks.store(Arc::new(Document::freeze(self.keys.snapshot().jwks().to_owned(), self.max_age)));
    }
}

/// Mounts the documents at every address clients look for them: the well-known segment after and before the issuer's path,
/// and the WSO2 aliases below each of `doors`, which are paths without a slash at their end.
pub fn mount(config: &mut ServiceConfig, discovery: &Data<Discovery>, doors: &[String]) {
    let path = discovery.issuer.path();
    let mut configuration = Vec::new();
    for name in [OPENID_CONFIGURATION, OAUTH_AUTHORIZATION_SERVER] {
        configuration.push(format!("{path}/.well-known/{name}"));
        if !path.is_empty() {
            configuration.push(format!("/.well-known/{name}{path}"));
        }
    }
    configuration.extend(doors.iter().map(|door| format!("{door}/oauth2/oidcdiscovery/.well-known/{OPENID_CONFIGURATION}")));
    let mut jwks = vec![format!("{path}/{JWKS}")];
    jwks.extend(doors.iter().map(|door| format!("{door}/oauth2/jwks")));
    serve(config, discovery, configuration, || get_or_head().to(configuration_document));
    serve(config, discovery, jwks, || get_or_head().to(jwks_document));
}

fn serve(config: &mut ServiceConfig, discovery: &Data<Discovery>, paths: Vec<String>, route: impl Fn() -> Route) {
    for path in paths {
        config.service(
            web::resource(path)
                .app_data(discovery.clone())
                .route(route())
                .route(cors::preflight(METHODS))
                .default_service(failure::only(METHODS))
                .wrap(cors::open()),
        );
    }
}

fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// The provider's metadata. OIDC Discovery §4.2, RFC 8414 §3.2.
async fn configuration_document(request: HttpRequest, discovery: Data<Discovery>) -> HttpResponse {
    discovery.configuration.answer(&request)
}

/// The provider's public keys. RFC 7517 §5.
async fn jwks_document(request: HttpRequest, discovery: Data<Discovery>) -> HttpResponse {
    discovery.jwks.load().answer(&request)
}
