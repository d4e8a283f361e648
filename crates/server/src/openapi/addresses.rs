//! The addresses of the description, from the very lists that the routes are mounted from.

use protocol::uri::EndpointUri;
use protocol::{Issuer, Object, ProviderMetadata};
use registration::EndpointKind;
use serde_json::{Value, json};
use webfinger::host_meta;

use super::schemas::object;

/// An issuer without a path, and an issuer in place of every tenant's; with the text for its path in the description.
const ISSUERS: [(&str, &str); 2] = [
    ("https://login.example.com", ""),
    ("https://login.example.com/t/tenant", "/t/{tenant}"),
];

/// Returns the path items: each address with the item of its kind, which `items` has.
pub(super) fn paths(items: &Value) -> Value {
    let hosts = [
        (webfinger::PATH, "webfinger"),
        (host_meta::PATH, "host-meta"),
        (host_meta::JSON_PATH, "host-meta.json"),
    ];
    let management =
        ["/healthz", "/readyz", "/metrics"].map(|path| (path, path.trim_start_matches('/')));
    let owned = |(path, kind): (&str, &'static str)| (path.to_owned(), kind);
    let providers = ISSUERS
        .into_iter()
        .flat_map(|(issuer, path)| provider(issuer, path));
    let all = hosts
        .into_iter()
        .map(owned)
        .chain(providers)
        .chain(management.into_iter().map(owned));
    object(all.map(|(path, kind)| {
        let item = items.get(kind).and_then(Value::as_object);
        let item = item.map_or(Value::Null, |item| path_item(&path, item));
        (path, item)
    }))
}

/// Returns the addresses of one issuer with their kinds; `shown` replaces its path.
fn provider(issuer: &str, shown: &str) -> Vec<(String, &'static str)> {
    let Ok(issuer) = Issuer::parse(issuer) else {
        return Vec::new();
    };
    let prefixes = [issuer.path().to_owned()];
    let offer = ProviderMetadata {
        registration_endpoint: EndpointUri::parse(issuer.endpoint(registration::ENDPOINT)).ok(),
        ..ProviderMetadata::default_offer(issuer.clone())
    };
    let configurations = oidc_discovery::configuration_paths(&issuer, &prefixes);
    let jwks = oidc_discovery::jwks_paths(&issuer, &prefixes);
    let resource = oidc_discovery::protected_resource(&issuer, &offer);
    let registration = registration::addresses(&issuer, &prefixes);
    let mut all: Vec<(String, &str)> = Vec::new();
    all.extend(
        configurations
            .into_iter()
            .map(|path| (path, "configuration")),
    );
    all.extend(jwks.into_iter().map(|path| (path, "jwks")));
    all.extend(resource.map(|(path, _)| (path, "protected-resource")));
    all.push((authorize::path(&issuer), "authorize"));
    all.extend(
        registration
            .into_iter()
            .map(|(path, place)| (path, kind(place))),
    );
    for (path, _) in &mut all {
        // A route's pattern as a path template: without the expressions of its parameters.
        *path = path.replace(":.*}", "}").replace(":.+}", "}");
        if !issuer.path().is_empty() {
            *path = path.replacen(issuer.path(), shown, 1);
        }
    }
    all
}

fn kind(place: EndpointKind) -> &'static str {
    match place {
        EndpointKind::Registration => "registration",
        EndpointKind::Management => "management",
        EndpointKind::Wso2Registration => "wso2-registration",
        EndpointKind::Wso2Unregistration => "wso2-unregistration",
    }
}

/// Returns the item of an address: each operation with an identifier, and the tenant among the parameters of a tenant's.
fn path_item(path: &str, item: &Object) -> Value {
    let mut parameters = Vec::new();
    if path.contains("{tenant}") {
        parameters.push(json!({
            "name": "tenant", "in": "path", "required": true, "description": "The tenant: the end of the issuer's path.",
            "schema": { "type": "string", "minLength": 1 }, "example": "example.com",
        }));
    }
    let own = item.get("parameters").and_then(Value::as_array);
    parameters.extend(own.into_iter().flatten().cloned());
    let servers = item
        .get("servers")
        .cloned()
        .map(|servers| ("servers".to_owned(), servers));
    let parameters = (!parameters.is_empty()).then(|| ("parameters".to_owned(), parameters.into()));
    let operations = item.iter().filter_map(|(method, operation)| {
        let operation = match operation.get("$as").and_then(Value::as_str) {
            Some(other) => item.get(other)?.as_object()?,
            None => operation.as_object()?,
        };
        let identifier = ("operationId".to_owned(), json!(identifier(method, path)));
        let members = operation
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        Some((
            method.clone(),
            object([identifier].into_iter().chain(members)),
        ))
    });
    object(servers.into_iter().chain(parameters).chain(operations))
}

/// Returns the method and the words of the path, such as `get-register-client_id`.
fn identifier(method: &str, path: &str) -> String {
    let words = path
        .split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty());
    [method]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join("-")
}
