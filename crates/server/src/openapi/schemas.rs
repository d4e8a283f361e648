//! The schemas of bodies: those of metadata from its tables, row by row.

use protocol::jwks::JwkSet;
use protocol::member::Member;
use protocol::values::LANGUAGE_TAG;
use protocol::{ClientInformation, ClientMetadata, ErrorCode, ProviderMetadata, Row};
use serde_json::{Value, json};

use super::{component, object};
use crate::provider;

/// What the provider always adds.
const ALWAYS_ISSUED: [&str; 4] = [
    "client_id",
    "client_id_issued_at",
    "registration_access_token",
    "registration_client_uri",
];

/// The components.
pub(super) fn all() -> Value {
    let text = json!({ "type": "string" });
    let codes: Vec<&str> = ErrorCode::ROWS.iter().map(|row| row.name).collect();
    let meanings: Vec<String> = ErrorCode::ROWS
        .iter()
        .map(|row| format!("`{}`: {}", row.name, row.doc.trim()))
        .collect();
    let mut offered = table(
        "ProviderMetadata",
        "What a provider offers. OIDC Discovery §3, RFC 8414 §2.",
        ProviderMetadata::ROWS,
    );
    if let Some(members) = offered.as_object_mut() {
        members.insert(
            "required".to_owned(),
            ["issuer"].into_iter().chain(provider::REQUIRED).collect(),
        );
        members.insert("additionalProperties".to_owned(), json!(false));
    }
    object([
        (
            "ClientMetadata",
            table(
                "ClientMetadata",
                "What was agreed of a client. RFC 7591 §2.",
                ClientMetadata::ROWS,
            ),
        ),
        (
            "ClientInformation",
            table(
                "ClientInformation",
                "What the provider adds. RFC 7591 §3.2.1, RFC 7592 §3.",
                ClientInformation::ROWS,
            ),
        ),
        ("ClientInformationResponse", answered()),
        (
            "ClientRegistrationRequest",
            asked(
                "What a client asks for; unknown members are dropped. RFC 7591 §3.1.",
                &requested,
            ),
        ),
        ("ClientUpdateRequest", updated()),
        ("Wso2RegistrationRequest", of_wso2()),
        ("ProviderMetadata", offered),
        ("JwkSet", JwkSet::schema()),
        (
            "ProtectedResourceMetadata",
            json!({
                "type": "object",
                "description": "What is said of the registration endpoint. RFC 9728 §2.",
                "required": ["resource", "authorization_servers"],
                "properties": {
                    "resource": { "type": "string", "format": "uri" },
                    "authorization_servers": { "type": "array", "items": { "type": "string", "format": "uri" } },
                    "bearer_methods_supported": { "type": "array", "items": text },
                    "resource_name": text,
                },
                "additionalProperties": false,
            }),
        ),
        ("ResourceDescriptor", described()),
        (
            "Error",
            json!({
                "type": "object",
                "description": "A refusal. RFC 6749 §5.2, RFC 7591 §3.2.2.",
                "required": ["error", "error_description"],
                "properties": {
                    "error": { "type": "string", "enum": codes, "description": meanings.join("\n") },
                    "error_description": { "type": "string", "description": "One sentence for whoever develops the client." },
                },
                "additionalProperties": false,
            }),
        ),
        ("Text", text),
    ])
}

/// A table as an object's schema.
fn table(name: &str, doc: &str, rows: &[Row]) -> Value {
    let member = |row: &Row| {
        let mut schema = (row.schema)();
        if let Some(members) = schema.as_object_mut() {
            members.insert(
                "description".to_owned(),
                json!(format!("{} {}.", row.doc.trim(), row.spec)),
            );
            if let Some(default) = row.default {
                members.insert("default".to_owned(), default());
            }
        }
        (row.name, schema)
    };
    let localized = rows
        .iter()
        .filter(|row| row.localized)
        .map(|row| (tagged(row), of_member(name, row)));
    let mut members = vec![
        ("type", json!("object")),
        ("description", json!(doc)),
        ("properties", object(rows.iter().map(member))),
    ];
    if rows.iter().any(|row| row.localized) {
        members.push(("patternProperties", object(localized)));
    }
    object(members)
}

/// The names of a member in any language. OIDC Registration §2.1.
fn tagged(row: &Row) -> String {
    format!("^{}#({LANGUAGE_TAG})$", row.name)
}

/// The schema of a table's member, where it stands.
fn of_member(table: &str, row: &Row) -> Value {
    component("schemas", &format!("{table}/properties/{}", row.name))
}

/// The agreed metadata and what the provider adds, and nothing else.
fn answered() -> Value {
    json!({
        "description": "What was agreed of a client, and its credentials. RFC 7591 §3.2.1, RFC 7592 §3.",
        "allOf": [component("schemas", "ClientInformation"), component("schemas", "ClientMetadata")],
        "required": ALWAYS_ISSUED,
        "dependentRequired": { "client_secret": ["client_secret_expires_at"], "client_secret_expires_at": ["client_secret"] },
        "unevaluatedProperties": false,
    })
}

/// Client metadata as it is asked for, each member in the forms that `accepted` says.
fn asked(doc: &str, accepted: &dyn Fn(&Row) -> Value) -> Value {
    let localized = ClientMetadata::ROWS.iter().filter(|row| row.localized);
    json!({
        "type": "object",
        "description": doc,
        "properties": object(ClientMetadata::ROWS.iter().map(|row| (row.name, accepted(row)))),
        "patternProperties": object(localized.map(|row| (tagged(row), accepted(row)))),
    })
}

/// `null` counts as absent, and so does `""` except for an array. RFC 7592 §2.2.
fn requested(row: &Row) -> Value {
    let absent = if row.list {
        json!({ "type": "null" })
    } else {
        json!({ "enum": ["", null] })
    };
    json!({ "anyOf": [of_member("ClientMetadata", row), absent] })
}

fn updated() -> Value {
    let echoed = |row: &Row| match row.name {
        "client_id" => json!({ "type": "string", "description": "The client's own." }),
        "client_secret" => {
            json!({ "type": ["string", "null"], "description": "The client's own, or left out." })
        }
        _ => json!(false),
    };
    json!({
        "description": "All the metadata the client wants from now on. RFC 7592 §2.2.",
        "type": "object",
        "allOf": [component("schemas", "ClientRegistrationRequest")],
        "required": ["client_id"],
        "properties": object(ClientInformation::ROWS.iter().map(|row| (row.name, echoed(row)))),
    })
}

/// WSO2 clients send one value where others send a list of one, and several grants in one text.
fn of_wso2() -> Value {
    let scalar = |row: &Row| match (row.list, row.name) {
        (true, "grant_types") => {
            json!({ "type": ["array", "string", "null"], "items": { "type": "string" } })
        }
        (true, _) => {
            let one = component(
                "schemas",
                &format!("ClientMetadata/properties/{}/items", row.name),
            );
            json!({ "anyOf": [of_member("ClientMetadata", row), one, { "type": "null" }] })
        }
        (false, _) => requested(row),
    };
    let mut schema = asked(
        "What a WSO2 client asks for; unknown members are dropped.",
        &scalar,
    );
    if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        let owner = json!({ "type": ["string", "null"], "description": "The account the client is registered for." });
        members.insert("ext_param_owner".to_owned(), owner);
    }
    schema
}

/// A JSON Resource Descriptor. RFC 7033 §4.4.
fn described() -> Value {
    let texts = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let uri = json!({ "type": "string", "format": "uri" });
    let link = json!({
        "type": "object",
        "required": ["rel"],
        "properties": {
            "rel": { "type": "string" },
            "type": { "type": "string" },
            "href": uri,
            "template": { "type": "string" },
            "titles": texts,
            "properties": texts,
        },
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "description": "What is known of a resource. RFC 7033 §4.4.",
        "required": ["links"],
        "properties": {
            "subject": { "type": "string" },
            "aliases": { "type": "array", "items": uri },
            "links": { "type": "array", "items": link },
        },
        "additionalProperties": false,
    })
}
