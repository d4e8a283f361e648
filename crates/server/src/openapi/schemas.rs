//! The schemas that are rendered from tables, row by row.

use protocol::jwks::JwkSet;
use protocol::member::Member;
use protocol::values::LANGUAGE_TAG;
use protocol::{ClientInformation, ClientMetadata, ErrorCode, MemberRow, Object, ProviderMetadata};
use serde_json::{Value, json};

use crate::provider;

/// Returns the schema that `{"$schema-of": name}` stands for; `null` for an unknown name.
pub(super) fn named(name: &str) -> Value {
    match name {
        "ClientMetadata/properties" => properties(ClientMetadata::ROWS),
        "ClientMetadata/patternProperties" => {
            localized(ClientMetadata::ROWS, |row| member("ClientMetadata", row))
        }
        "ClientInformation/properties" => properties(ClientInformation::ROWS),
        "ClientRegistrationRequest/properties" => each(ClientMetadata::ROWS, requested),
        "ClientRegistrationRequest/patternProperties" => localized(ClientMetadata::ROWS, requested),
        "ClientUpdateRequest/properties" => each(ClientInformation::ROWS, echoed),
        "Wso2RegistrationRequest/properties" => each(ClientMetadata::ROWS, requested_of_wso2),
        "Wso2RegistrationRequest/patternProperties" => {
            localized(ClientMetadata::ROWS, requested_of_wso2)
        }
        "ProviderMetadata/properties" => properties(ProviderMetadata::ROWS),
        "ProviderMetadata/patternProperties" => localized(ProviderMetadata::ROWS, |row| {
            member("ProviderMetadata", row)
        }),
        "ProviderMetadata/required" => ["issuer"].into_iter().chain(provider::REQUIRED).collect(),
        "JwkSet" => JwkSet::schema(),
        "ErrorCode" => error_codes(),
        _ => Value::Null,
    }
}

/// Returns the schema of each row under the member's name.
fn each(rows: &[MemberRow], schema: impl Fn(&MemberRow) -> Value) -> Value {
    object(rows.iter().map(|row| (row.name, schema(row))))
}

/// Returns the schema of each localized row under its names in any language. OIDC Registration §2.1.
fn localized(rows: &[MemberRow], schema: impl Fn(&MemberRow) -> Value) -> Value {
    let localized = rows.iter().filter(|row| row.localized);
    object(localized.map(|row| (format!("^{}#({LANGUAGE_TAG})$", row.name), schema(row))))
}

/// Returns the schema of a table's type with the sentence and the default of its row.
fn properties(rows: &[MemberRow]) -> Value {
    each(rows, |row| {
        let mut schema = (row.schema)();
        if let Some(members) = schema.as_object_mut() {
            let description = format!("{} {}.", row.doc.trim(), row.spec);
            members.insert("description".to_owned(), json!(description));
            if let Some(default) = row.default {
                members.insert("default".to_owned(), default());
            }
        }
        schema
    })
}

/// Returns a reference to the schema of a table's member.
fn member(table: &str, row: &MemberRow) -> Value {
    json!({ "$ref": format!("#/components/schemas/{table}/properties/{}", row.name) })
}

/// `null` counts as absent, and so does `""` except for an array. RFC 7592 §2.2.
fn requested(row: &MemberRow) -> Value {
    let absent = if row.list {
        json!({ "type": "null" })
    } else {
        json!({ "enum": ["", null] })
    };
    json!({ "anyOf": [member("ClientMetadata", row), absent] })
}

/// WSO2 clients send a single value where others send a list, and several grants in a single text.
fn requested_of_wso2(row: &MemberRow) -> Value {
    if !row.list {
        return requested(row);
    }
    if row.name == "grant_types" {
        return json!({ "type": ["array", "string", "null"], "items": { "type": "string" } });
    }
    let items = format!(
        "#/components/schemas/ClientMetadata/properties/{}/items",
        row.name
    );
    json!({ "anyOf": [member("ClientMetadata", row), { "$ref": items }, { "type": "null" }] })
}

/// An update repeats the client's identifier, may repeat its secret, and has nothing else that the provider issued. RFC 7592 §2.2.
fn echoed(row: &MemberRow) -> Value {
    match row.name {
        "client_id" => json!({ "type": "string", "description": "The client's own." }),
        "client_secret" => {
            json!({ "type": ["string", "null"], "description": "The client's own, or left out." })
        }
        _ => json!(false),
    }
}

fn error_codes() -> Value {
    let codes: Vec<&str> = ErrorCode::ROWS.iter().map(|row| row.name).collect();
    let meanings: Vec<String> = ErrorCode::ROWS
        .iter()
        .map(|row| format!("`{}`: {}", row.name, row.doc.trim()))
        .collect();
    json!({ "type": "string", "enum": codes, "description": meanings.join("\n") })
}

/// Returns an object of these members, in their order.
pub(super) fn object(members: impl IntoIterator<Item = (impl Into<String>, Value)>) -> Value {
    let members = members.into_iter();
    Value::Object(
        members
            .map(|(name, value)| (name.into(), value))
            .collect::<Object>(),
    )
}
