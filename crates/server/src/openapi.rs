//! `docs/openapi.json`: every address, what it takes and what it answers, as `OpenAPI` 3.1 says such things. Made of the
//! tables and of the lists of addresses the routes are mounted from.

use protocol::Object;
use serde_json::{Value, json};

mod addresses;
mod answers;
mod headers;
mod operations;
mod schemas;

/// What a reader should know before the addresses.
const ABOUT: &str = "WebFinger, discovery and dynamic client registration of an OpenID provider.\n\n\
     Every address follows from an issuer. Those of an issuer without a path are named here, and those of a tenant's, `https://host/t/{tenant}`; \
     an issuer with another path has it where a tenant has `/t/{tenant}`. A deployment has the addresses of the providers that are configured. \
     A method that an address does not have is answered with 405 and an `Allow` header. \
     Every refusal is a JSON object with `error` and `error_description`.";

/// The page.
pub fn page() -> String {
    let mut page = serde_json::to_string_pretty(&description()).unwrap_or_default();
    page.push('\n');
    page
}

/// The description. `OpenAPI` 3.1.1.
pub fn description() -> Value {
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Frontdesk",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The front desk of an OpenID provider.",
            "description": ABOUT,
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{
            "url": "https://{host}",
            "description": "The host of an issuer; WebFinger is asked on the host of each domain.",
            "variables": { "host": { "default": "localhost:9443", "description": "Host and port." } },
        }],
        "tags": operations::tags(),
        "paths": addresses::paths(),
        "components": {
            "schemas": schemas::all(),
            "responses": answers::all(),
            "headers": headers::all(),
            "securitySchemes": {
                "account": { "type": "http", "scheme": "basic", "description": "An account of this deployment. RFC 7617." },
                "initial_access_token": { "type": "http", "scheme": "bearer", "description": "A token that permits registrations. RFC 7591 §1.2." },
                "registration_access_token": { "type": "http", "scheme": "bearer", "description": "The token that came with the client. RFC 7592 §1.2." },
            },
        },
    })
}

/// A reference to a component.
fn component(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

/// An object of these members, in their order.
fn object(members: impl IntoIterator<Item = (impl Into<String>, Value)>) -> Value {
    Value::Object(
        members
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect::<Object>(),
    )
}
