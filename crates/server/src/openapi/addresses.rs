//! The addresses, from the very lists that the routes are mounted from.

use protocol::uri::EndpointUri;
use protocol::{Issuer, ProviderMetadata};
use registration::Place;
use serde_json::{Value, json};
use webfinger::host_meta;

use super::object;
use super::operations::{self, Shared};

/// What is at an address.
#[derive(Clone, Copy)]
pub(super) enum At {
    Webfinger,
    HostMeta,
    HostMetaJson,
    Configuration,
    Jwks,
    Resource,
    Registration(Place),
    Healthz,
    Readyz,
    Metrics,
}

/// An issuer without a path, and one that stands for every tenant's; with what stands in the place of its path here.
const ISSUERS: [(&str, &str); 2] = [
    ("https://login.example.com", ""),
    ("https://login.example.com/t/tenant", "/t/{tenant}"),
];

/// Where the management listener is unless it is configured.
const MANAGEMENT: &str = "http://127.0.0.1:9444";

/// The path items, each address once.
pub(super) fn paths() -> Value {
    let mut paths = vec![
        (webfinger::PATH.to_owned(), At::Webfinger),
        (host_meta::PATH.to_owned(), At::HostMeta),
        (host_meta::JSON_PATH.to_owned(), At::HostMetaJson),
    ];
    paths.extend(
        ISSUERS
            .into_iter()
            .flat_map(|(issuer, path)| of(issuer, path)),
    );
    let management = [
        ("/healthz", At::Healthz),
        ("/readyz", At::Readyz),
        ("/metrics", At::Metrics),
    ];
    paths.extend(management.map(|(path, at)| (path.to_owned(), at)));
    object(paths.into_iter().map(|(path, at)| {
        let item = item(&path, at);
        (path, item)
    }))
}

/// Those of one issuer, whose own path gives way to `shown`.
fn of(issuer: &str, shown: &str) -> Vec<(String, At)> {
    let Ok(issuer) = Issuer::parse(issuer) else {
        return Vec::new();
    };
    let doors = [issuer.path().to_owned()];
    let offer = ProviderMetadata {
        registration_endpoint: EndpointUri::parse(issuer.endpoint(registration::ENDPOINT)).ok(),
        ..ProviderMetadata::default_offer(issuer.clone())
    };
    let configurations = oidc_discovery::configuration_paths(&issuer, &doors)
        .into_iter()
        .map(|path| (path, At::Configuration));
    let jwks = oidc_discovery::jwks_paths(&issuer, &doors)
        .into_iter()
        .map(|path| (path, At::Jwks));
    let resource =
        oidc_discovery::protected_resource(&issuer, &offer).map(|(path, _)| (path, At::Resource));
    let registration = registration::addresses(&issuer, &doors)
        .into_iter()
        .map(|(path, place)| (path, At::Registration(place)));
    let shown = |path: String| {
        if issuer.path().is_empty() {
            path
        } else {
            path.replacen(issuer.path(), shown, 1)
        }
    };
    let all = configurations
        .chain(jwks)
        .chain(resource)
        .chain(registration);
    all.map(|(path, at)| (shown(templated(&path)), at))
        .collect()
}

/// A route's pattern as a path template: without the expressions of its parameters.
fn templated(pattern: &str) -> String {
    pattern.replace(":.*}", "}").replace(":.+}", "}")
}

fn item(path: &str, at: At) -> Value {
    let shared = Shared { path, at };
    let parameters: Vec<Value> = [
        (
            "{tenant}",
            "tenant",
            "The tenant: the end of the issuer's path.",
            "example.com",
        ),
        (
            "{client_id}",
            "client_id",
            "The client identifier.",
            "nobody",
        ),
    ]
    .into_iter()
    .filter(|(place, ..)| path.contains(place))
    .map(|(_, name, doc, example)| {
        json!({
            "name": name, "in": "path", "required": true, "description": doc,
            "schema": { "type": "string", "minLength": 1 }, "example": example,
        })
    })
    .collect();
    let mut members = vec![];
    if matches!(at, At::Healthz | At::Readyz | At::Metrics) {
        members.push((
            "servers".to_owned(),
            json!([{ "url": MANAGEMENT, "description": "The management listener." }]),
        ));
    }
    if !parameters.is_empty() {
        members.push(("parameters".to_owned(), parameters.into()));
    }
    members.extend(operations::of(&shared));
    object(members)
}
