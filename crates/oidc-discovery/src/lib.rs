//! What a provider says of itself: its metadata at every address clients look for it, signed as well, and its keys; and what
//! it says of its registration endpoint. OIDC Discovery §4, RFC 8414 §3, RFC 7517, RFC 9728 §3.

#![warn(missing_docs)]

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route, guard};
use arc_swap::ArcSwap;
use keys::{KeyError, KeyRing};
use oauth_http::{StaticDocument, cors, failure};
use protocol::issuer::{OAUTH_AUTHORIZATION_SERVER, OPENID_CONFIGURATION};
use protocol::member::Reason;
use protocol::uri::EndpointUri;
use protocol::{Issuer, Object, ProviderMetadata};
use serde_json::Value;

mod resource;
mod signed;

pub use resource::protected_resource;
pub use signed::MEMBER as SIGNED_METADATA;

/// The name of the JWK Set below the issuer.
const JWKS: &str = "jwks";

const METHODS: &str = "GET, HEAD, OPTIONS";

/// The documents of one provider, frozen; a request copies nothing but a reference.
pub struct Discovery {
    issuer: Issuer,
    members: Object,
    signed: bool,
    configuration: ArcSwap<StaticDocument>,
    jwks: ArcSwap<StaticDocument>,
    resource: Option<(String, StaticDocument)>,
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
    /// Freezes a provider's documents; caches may keep each for `max_age`. `signed` adds the metadata as a JWT, unless the
    /// document sends clients elsewhere for the keys: they would not find the one that signed.
    ///
    /// # Errors
    /// When the metadata cannot be signed.
    pub fn freeze(
        issuer: Issuer,
        provider: &ProviderMetadata,
        keys: KeyRing,
        signed: bool,
        max_age: Duration,
    ) -> Result<Self, KeyError> {
        let ours = provider
            .jwks_uri
            .as_ref()
            .is_some_and(|uri| uri.as_str() == issuer.endpoint(JWKS));
        let (members, signed) = (provider.object(), signed && ours);
        Ok(Self {
            configuration: ArcSwap::from_pointee(configuration(
                &issuer, &members, signed, &keys, max_age,
            )?),
            jwks: ArcSwap::from_pointee(StaticDocument::from_json(
                keys.snapshot().jwks().to_owned(),
                max_age,
            )),
            resource: resource::freeze(&issuer, provider, max_age),
            issuer,
            members,
            signed,
            keys,
            max_age,
        })
    }

    /// Freezes again what follows from the keys, after the ring was reloaded.
    ///
    /// # Errors
    /// When the metadata cannot be signed; the document stays as it was.
    pub fn refresh(&self) -> Result<(), KeyError> {
        self.jwks.store(Arc::new(StaticDocument::from_json(
            self.keys.snapshot().jwks().to_owned(),
            self.max_age,
        )));
        if self.signed {
            self.configuration.store(Arc::new(configuration(
                &self.issuer,
                &self.members,
                true,
                &self.keys,
                self.max_age,
            )?));
        }
        Ok(())
    }
}

fn configuration(
    issuer: &Issuer,
    members: &Object,
    signed: bool,
    keys: &KeyRing,
    max_age: Duration,
) -> Result<StaticDocument, KeyError> {
    let mut members = members.clone();
    if signed {
        let token = signed::metadata(issuer, &members, keys)?;
        members.insert(signed::MEMBER.to_owned(), token.into());
    }
    Ok(StaticDocument::from_json(
        Value::Object(members).to_string(),
        max_age,
    ))
}

/// Every path that has the provider's document: the well-known segment after and before the issuer's path, and the WSO2
/// alias below each of `doors`, which are paths without a slash at their end. OIDC Discovery §4, RFC 8414 §3.1.
pub fn configuration_paths(issuer: &Issuer, doors: &[String]) -> Vec<String> {
    let path = issuer.path();
    let mut paths = Vec::new();
    for name in [OPENID_CONFIGURATION, OAUTH_AUTHORIZATION_SERVER] {
        paths.push(format!("{path}/.well-known/{name}"));
        if !path.is_empty() {
            paths.push(format!("/.well-known/{name}{path}"));
        }
    }
    paths.extend(doors.iter().map(|door| wso2_configuration_path(door)));
    paths
}

/// Every path that has the JWK Set: below the issuer, and the WSO2 alias below each of `doors`.
pub fn jwks_paths(issuer: &Issuer, doors: &[String]) -> Vec<String> {
    let mut paths = vec![format!("{}/{JWKS}", issuer.path())];
    paths.extend(doors.iter().map(|door| wso2_jwks_path(door)));
    paths
}

/// The path of the provider's document for WSO2 clients, below `base`, which is a path without a slash at its end.
pub fn wso2_configuration_path(base: &str) -> String {
    format!("{base}/oauth2/oidcdiscovery/.well-known/{OPENID_CONFIGURATION}")
}

/// The path of the JWK Set for WSO2 clients, likewise.
pub fn wso2_jwks_path(base: &str) -> String {
    format!("{base}/oauth2/jwks")
}

/// One of a provider's documents.
#[derive(Clone)]
pub enum Page {
    /// Its metadata. OIDC Discovery §4.2, RFC 8414 §3.2.
    Configuration(Data<Discovery>),
    /// Its public keys. RFC 7517 §5.
    Jwks(Data<Discovery>),
    /// What it says of its registration endpoint. RFC 9728 §3.2.
    Resource(StaticDocument),
}

impl Page {
    /// The document as it is now, or 304 when who sent these headers has it.
    pub fn answer(&self, asked: &HeaderMap) -> HttpResponse {
        match self {
            Self::Configuration(discovery) => discovery.configuration.load().respond(asked),
            Self::Jwks(discovery) => discovery.jwks.load().respond(asked),
            Self::Resource(document) => document.respond(asked),
        }
    }
}

/// Every address clients look for documents at, with what is there; what is said of the registration endpoint has the one
/// address that RFC 9728 §3.1 gives it.
pub fn pages(discovery: &Data<Discovery>, doors: &[String]) -> Vec<(String, Page)> {
    let (configuration, jwks) = (
        configuration_paths(&discovery.issuer, doors),
        jwks_paths(&discovery.issuer, doors),
    );
    let configuration = configuration
        .into_iter()
        .map(|path| (path, Page::Configuration(discovery.clone())));
    let jwks = jwks
        .into_iter()
        .map(|path| (path, Page::Jwks(discovery.clone())));
    let resource = discovery
        .resource
        .iter()
        .map(|(path, document)| (path.clone(), Page::Resource(document.clone())));
    configuration.chain(jwks).chain(resource).collect()
}

/// Mounts the documents at their addresses.
pub fn mount(config: &mut ServiceConfig, discovery: &Data<Discovery>, doors: &[String]) {
    for (path, page) in pages(discovery, doors) {
        config.service(
            web::resource(path)
                .route(
                    get_or_head()
                        .to(move |request: HttpRequest| ready(page.answer(request.headers()))),
                )
                .route(cors::preflight(METHODS))
                .default_service(failure::only(METHODS))
                .wrap(cors::open()),
        );
    }
}

fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
