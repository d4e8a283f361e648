//! The documents of a provider: its metadata, signed as well, at every address where clients look for it; its keys; and the
//! metadata of its registration endpoint. OIDC Discovery §4, RFC 8414 §3, RFC 7517, RFC 9728 §3.

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

/// The documents of a provider, rendered once. A request copies only a reference.
pub struct Discovery {
    issuer: Issuer,
    members: ArcSwap<Object>,
    signed: bool,
    configuration: ArcSwap<StaticDocument>,
    jwks: ArcSwap<StaticDocument>,
    resource: Option<(String, StaticDocument)>,
    keys: KeyRing,
    max_age: Duration,
}

/// Adds `jwks_uri` to the provider's metadata, unless it is configured. OIDC Discovery §3.
///
/// # Errors
/// The issuer's own address is not a valid endpoint.
pub fn advertise(issuer: &Issuer, provider: &mut ProviderMetadata) -> Result<(), Reason> {
    if provider.jwks_uri.is_none() {
        provider.jwks_uri = Some(EndpointUri::parse(issuer.endpoint(JWKS))?);
    }
    Ok(())
}

impl Discovery {
    /// Renders a provider's documents, with the members of `extra` behind those of the table; caches may keep each for `max_age`. `signed` adds the metadata as a JWT, unless `jwks_uri`
    /// is another server's, where clients would not find the key that signed.
    ///
    /// # Errors
    /// The metadata cannot be signed.
    pub fn new(
        issuer: Issuer,
        provider: &ProviderMetadata,
        extra: &Object,
        keys: KeyRing,
        signed: bool,
        max_age: Duration,
    ) -> Result<Self, KeyError> {
        let has_own_keys = provider
            .jwks_uri
            .as_ref()
            .is_some_and(|uri| uri.as_str() == issuer.endpoint(JWKS));
        let (mut members, signed) = (provider.object(), signed && has_own_keys);
        members.extend(extra.clone());
        Ok(Self {
            configuration: ArcSwap::from_pointee(render_configuration(
                &issuer, &members, signed, &keys, max_age,
            )?),
            jwks: ArcSwap::from_pointee(StaticDocument::from_json(
                keys.snapshot().jwks().to_owned(),
                max_age,
            )),
            resource: resource::render(&issuer, provider, max_age),
            issuer,
            members: ArcSwap::from_pointee(members),
            signed,
            keys,
            max_age,
        })
    }

    /// Renders the documents that depend on the keys again, after the keys were reloaded.
    ///
    /// # Errors
    /// The metadata cannot be signed; its document stays unchanged.
    pub fn refresh(&self) -> Result<(), KeyError> {
        self.jwks.store(Arc::new(StaticDocument::from_json(
            self.keys.snapshot().jwks().to_owned(),
            self.max_age,
        )));
        if self.signed {
            self.configuration.store(Arc::new(render_configuration(
                &self.issuer,
                &self.members.load(),
                true,
                &self.keys,
                self.max_age,
            )?));
        }
        Ok(())
    }

    /// Renders the provider's metadata again, after the document of the server behind changed. The other documents do not depend on it.
    ///
    /// # Errors
    /// The metadata cannot be signed; its document stays unchanged.
    pub fn replace(&self, provider: &ProviderMetadata, extra: &Object) -> Result<(), KeyError> {
        let mut members = provider.object();
        members.extend(extra.clone());
        let rendered = render_configuration(
            &self.issuer,
            &members,
            self.signed,
            &self.keys,
            self.max_age,
        )?;
        self.members.store(Arc::new(members));
        self.configuration.store(Arc::new(rendered));
        Ok(())
    }
}

fn render_configuration(
    issuer: &Issuer,
    members: &Object,
    signed: bool,
    keys: &KeyRing,
    max_age: Duration,
) -> Result<StaticDocument, KeyError> {
    let mut members = members.clone();
    if signed {
        let token = signed::sign_metadata(issuer, &members, keys)?;
        members.insert(signed::MEMBER.to_owned(), token.into());
    }
    Ok(StaticDocument::from_json(
        Value::Object(members).to_string(),
        max_age,
    ))
}

/// Returns every path of the provider's metadata: the well-known segment after and before the issuer's path, and the WSO2 alias
/// below each of `wso2_bases`, which are paths without a slash at their end. OIDC Discovery §4, RFC 8414 §3.1.
pub fn configuration_paths(issuer: &Issuer, wso2_bases: &[String]) -> Vec<String> {
    let path = issuer.path();
    let mut paths = Vec::new();
    for name in [OPENID_CONFIGURATION, OAUTH_AUTHORIZATION_SERVER] {
        paths.push(format!("{path}/.well-known/{name}"));
        if !path.is_empty() {
            paths.push(format!("/.well-known/{name}{path}"));
        }
    }
    paths.extend(wso2_bases.iter().map(|base| wso2_configuration_path(base)));
    paths
}

/// Returns every path of the JWK Set: below the issuer, and the WSO2 alias below each of `wso2_bases`.
pub fn jwks_paths(issuer: &Issuer, wso2_bases: &[String]) -> Vec<String> {
    let mut paths = vec![format!("{}/{JWKS}", issuer.path())];
    paths.extend(wso2_bases.iter().map(|base| wso2_jwks_path(base)));
    paths
}

/// Returns the path of the provider's metadata for WSO2 clients below `base`, a path without a slash at its end.
pub fn wso2_configuration_path(base: &str) -> String {
    format!("{base}/oauth2/oidcdiscovery/.well-known/{OPENID_CONFIGURATION}")
}

/// Returns the path of the JWK Set for WSO2 clients below `base`, a path without a slash at its end.
pub fn wso2_jwks_path(base: &str) -> String {
    format!("{base}/oauth2/jwks")
}

/// One of a provider's documents.
#[derive(Clone)]
pub enum DocumentKind {
    /// The provider's metadata. OIDC Discovery §4.2, RFC 8414 §3.2.
    Configuration(Data<Discovery>),
    /// The provider's public keys. RFC 7517 §5.
    Jwks(Data<Discovery>),
    /// The metadata of the registration endpoint. RFC 9728 §3.2.
    Resource(StaticDocument),
}

impl DocumentKind {
    /// Returns the response to a request with these headers: the current document, or 304.
    pub fn respond(&self, request: &HeaderMap) -> HttpResponse {
        match self {
            Self::Configuration(discovery) => discovery.configuration.load().respond(request),
            Self::Jwks(discovery) => discovery.jwks.load().respond(request),
            Self::Resource(document) => document.respond(request),
        }
    }
}

/// Returns every path of a document, with the document. The metadata of the registration endpoint has a single path, which
/// RFC 9728 §3.1 defines.
pub fn documents(
    discovery: &Data<Discovery>,
    wso2_bases: &[String],
) -> Vec<(String, DocumentKind)> {
    let (configuration, jwks) = (
        configuration_paths(&discovery.issuer, wso2_bases),
        jwks_paths(&discovery.issuer, wso2_bases),
    );
    let configuration = configuration
        .into_iter()
        .map(|path| (path, DocumentKind::Configuration(discovery.clone())));
    let jwks = jwks
        .into_iter()
        .map(|path| (path, DocumentKind::Jwks(discovery.clone())));
    let resource = discovery
        .resource
        .iter()
        .map(|(path, document)| (path.clone(), DocumentKind::Resource(document.clone())));
    configuration.chain(jwks).chain(resource).collect()
}

/// Mounts the documents at their paths, with and without a slash at the end.
pub fn mount(config: &mut ServiceConfig, discovery: &Data<Discovery>, wso2_bases: &[String]) {
    for (path, document) in documents(discovery, wso2_bases) {
        config.service(
            web::resource([path.clone(), format!("{path}/")])
                .route(
                    get_or_head()
                        .to(move |request: HttpRequest| ready(document.respond(request.headers()))),
                )
                .route(cors::preflight(METHODS))
                .default_service(failure::method_not_allowed_route(METHODS))
                .wrap(cors::open()),
        );
    }
}

fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}
