//! Keycloak's own JSON of a client, made of the agreed metadata and the template.
//!
//! Keycloak merges a PUT into what it has: a member left out stays, and an empty attribute goes. So every flag and every mapped
//! attribute is always sent.

use protocol::{Object, RandomSource, Secret};
use serde_json::{Map, Value, json};

use super::copies::{ISSUER_MARK, REVISION_MARK};
use super::scope_names::ScopeNames;
use crate::connector::{ConnectorError, DesiredClient, DesiredSecret};
use crate::http::{agreed_members, unusable_secret};
use crate::redirects::PlainRedirects;
use crate::template::CopyTemplate;

/// The separator of values in an attribute.
const SEPARATOR: &str = "##";

/// The members that an attribute keeps as they are: a text, a number or a Boolean.
const ATTRIBUTES: [(&str, &str); 17] = [
    ("logo_uri", "logoUri"),
    ("tos_uri", "tosUri"),
    ("policy_uri", "policyUri"),
    ("jwks_uri", "jwks.url"),
    (
        "token_endpoint_auth_signing_alg",
        "token.endpoint.auth.signing.alg",
    ),
    (
        "id_token_signed_response_alg",
        "id.token.signed.response.alg",
    ),
    (
        "id_token_encrypted_response_alg",
        "id.token.encrypted.response.alg",
    ),
    (
        "id_token_encrypted_response_enc",
        "id.token.encrypted.response.enc",
    ),
    (
        "userinfo_signed_response_alg",
        "user.info.response.signature.alg",
    ),
    (
        "userinfo_encrypted_response_alg",
        "user.info.encrypted.response.alg",
    ),
    (
        "userinfo_encrypted_response_enc",
        "user.info.encrypted.response.enc",
    ),
    ("request_object_signing_alg", "request.object.signature.alg"),
    ("backchannel_logout_uri", "backchannel.logout.url"),
    (
        "backchannel_logout_session_required",
        "backchannel.logout.session.required",
    ),
    ("frontchannel_logout_uri", "frontchannel.logout.url"),
    ("tls_client_auth_subject_dn", "x509.subjectdn"),
    ("jwks", "jwks.string"),
];

/// The members with a Boolean that Keycloak wants as an attribute even if it is absent.
const FLAGS: [(&str, &str); 2] = [
    (
        "require_pushed_authorization_requests",
        "require.pushed.authorization.requests",
    ),
    ("dpop_bound_access_tokens", "dpop.bound.access.tokens"),
];

/// The members with lists that an attribute keeps, joined.
const JOINED: [(&str, &str); 2] = [
    ("post_logout_redirect_uris", "post.logout.redirect.uris"),
    ("default_acr_values", "default.acr.values"),
];

/// The members that other fields keep.
const OTHER_FIELDS: [&str; 7] = [
    "redirect_uris",
    "client_name",
    "client_uri",
    "token_endpoint_auth_method",
    "grant_types",
    "response_types",
    "scope",
];

/// The two calls that write a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Write {
    Post,
    Put,
}

/// A client in Keycloak's words.
pub(super) struct Representation {
    fields: Object,
    pub(super) scopes: Option<ScopeNames>,
    pub(super) dropped_members: Vec<String>,
}

impl Representation {
    pub(super) fn new(
        wanted: &DesiredClient<'_>,
        id: &str,
        template: &CopyTemplate,
        random: &RandomSource,
    ) -> Result<Self, ConnectorError> {
        let members = agreed_members(wanted)?;
        let metadata = wanted.metadata.members();
        let redirects = PlainRedirects::new(metadata).with_any_loopback_port(metadata);
        let mut dropped_members: Vec<String> = members
            .keys()
            .filter(|name| !is_kept(name))
            .cloned()
            .collect();
        if redirects.is_incomplete {
            dropped_members.push("redirect_uris".to_owned());
        }
        let mut fields = template.members().clone();
        fields.remove("defaultClientScopes");
        fields.remove("optionalClientScopes");
        fields.extend(fixed_fields(wanted, id, &members, &redirects.uris));
        for (name, default) in [
            ("consentRequired", Value::Bool(true)),
            ("fullScopeAllowed", Value::Bool(false)),
            ("webOrigins", json!(["+"])),
            ("protocolMappers", json!([])),
        ] {
            fields.entry(name).or_insert(default);
        }
        if let Some(secret) = secret(wanted, random)? {
            fields.insert("secret".to_owned(), secret.reveal().into());
        }
        let mut attributes = match fields.remove("attributes") {
            Some(Value::Object(attributes)) => attributes,
            _ => Map::new(),
        };
        attributes.extend(mapped_attributes(&members));
        attributes.insert(ISSUER_MARK.to_owned(), wanted.issuer.as_str().into());
        attributes.insert(
            REVISION_MARK.to_owned(),
            template.revision(wanted.revision).into(),
        );
        fields.insert("attributes".to_owned(), Value::Object(attributes));
        Ok(Self {
            scopes: ScopeNames::new(wanted, template.members()),
            fields,
            dropped_members,
        })
    }

    /// Returns the body of a call. The scopes stand in a POST only, since Keycloak ignores them in a PUT.
    pub(super) fn body(self, write: Write) -> Value {
        let mut fields = self.fields;
        if let (Write::Post, Some(scopes)) = (write, self.scopes) {
            fields.insert("defaultClientScopes".to_owned(), scopes.default.into());
            fields.insert("optionalClientScopes".to_owned(), scopes.optional.into());
        }
        Value::Object(fields)
    }

    /// Returns true if a client of the list has these fields. Keycloak adds members to the mappers, and a secret that is not
    /// kept is another at each call.
    pub(super) fn equals(&self, copy: &Object, keeps_secret: bool) -> bool {
        self.fields.iter().all(|(name, value)| {
            let held = copy.get(name);
            match (name.as_str(), value) {
                ("secret", value) => !keeps_secret || held.is_none_or(|held| held == value),
                ("protocolMappers", Value::Array(mappers)) => has_mappers(mappers, held),
                ("attributes", Value::Object(attributes)) => {
                    attributes.iter().all(|(name, value)| {
                        let held = held.and_then(|held| held.get(name));
                        held == Some(value) || (value == "" && held.is_none())
                    })
                }
                (_, Value::Array(values)) => same_set(values, held),
                (_, Value::String(text)) if text.is_empty() => {
                    held.is_none_or(|held| held == "" || held.is_null())
                }
                _ => held == Some(value),
            }
        })
    }
}

/// Returns true if the mappers of a copy are these: by name, with every member that was sent.
fn has_mappers(mappers: &[Value], held: Option<&Value>) -> bool {
    let held = held
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    held.len() == mappers.len()
        && mappers
            .iter()
            .all(|mapper| held.iter().any(|one| contains(one, mapper)))
}

/// Returns true if an object has all members of another, at any depth.
fn contains(held: &Value, sent: &Value) -> bool {
    match (held, sent) {
        (Value::Object(held), Value::Object(sent)) => sent
            .iter()
            .all(|(name, value)| held.get(name).is_some_and(|held| contains(held, value))),
        _ => held == sent,
    }
}

fn same_set(values: &[Value], held: Option<&Value>) -> bool {
    let held = held
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    held.len() == values.len() && values.iter().all(|value| held.contains(value))
}

/// Returns true if a field of Keycloak's client keeps the member. A name with a language tag is not kept.
fn is_kept(name: &str) -> bool {
    OTHER_FIELDS.contains(&name)
        || ATTRIBUTES
            .iter()
            .chain(&FLAGS)
            .chain(&JOINED)
            .any(|(member, _)| *member == name)
}

/// Returns the fields that the template cannot change.
fn fixed_fields(
    wanted: &DesiredClient<'_>,
    id: &str,
    members: &Object,
    redirect_uris: &[String],
) -> Object {
    let text = |name: &str| {
        members
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let has_grant = |grant: &str| {
        members
            .get("grant_types")
            .and_then(Value::as_array)
            .is_some_and(|grants| grants.iter().any(|one| one == grant))
    };
    let method = text("token_endpoint_auth_method");
    let client_id = wanted.client_id.map_or("", |id| id.as_str());
    let fields = json!({
        "id": id,
        "clientId": client_id,
        "name": text("client_name"),
        "baseUrl": text("client_uri"),
        "protocol": "openid-connect",
        "enabled": wanted.enabled,
        "publicClient": method == "none",
        "bearerOnly": false,
        "clientAuthenticatorType": authenticator(method),
        "redirectUris": redirect_uris,
        "standardFlowEnabled": has_grant("authorization_code"),
        "implicitFlowEnabled": has_grant("implicit"),
        "directAccessGrantsEnabled": has_grant("password"),
        "serviceAccountsEnabled": has_grant("client_credentials"),
        "frontchannelLogout": members.contains_key("frontchannel_logout_uri"),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Object::new(),
    }
}

/// Returns Keycloak's name of an authentication method.
fn authenticator(method: &str) -> &'static str {
    match method {
        "private_key_jwt" => "client-jwt",
        "client_secret_jwt" => "client-secret-jwt",
        "tls_client_auth" | "self_signed_tls_client_auth" => "client-x509",
        _ => "client-secret",
    }
}

/// Returns the attributes that follow from the members; an empty text for each that is absent.
fn mapped_attributes(members: &Object) -> Object {
    let mut attributes = Object::new();
    let mut set = |name: &str, text: String| {
        attributes.insert(name.to_owned(), Value::String(text));
    };
    for (member, attribute) in ATTRIBUTES {
        set(
            attribute,
            members.get(member).map_or_else(String::new, plain),
        );
    }
    for (member, attribute) in FLAGS {
        let flag = members
            .get(member)
            .is_some_and(|value| value == &Value::Bool(true));
        set(attribute, flag.to_string());
    }
    for (member, attribute) in JOINED {
        let values = members.get(member).and_then(Value::as_array);
        let values: Vec<&str> = values
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        set(attribute, values.join(SEPARATOR));
    }
    set("use.jwks.url", members.contains_key("jwks_uri").to_string());
    set("use.jwks.string", members.contains_key("jwks").to_string());
    let method = members
        .get("token_endpoint_auth_method")
        .map_or_else(String::new, plain);
    let is_secret = matches!(
        method.as_str(),
        "client_secret_basic" | "client_secret_post"
    );
    set(
        "client.secret.authentication.allowed.method",
        if is_secret {
            method.clone()
        } else {
            String::new()
        },
    );
    // A public client without PKCE would lose its code to any application on the same device (RFC 8252 §8.1).
    set(
        "pkce.code.challenge.method",
        if method == "none" {
            "S256".to_owned()
        } else {
            String::new()
        },
    );
    let has_grant = |grant: &str| {
        members
            .get("grant_types")
            .and_then(Value::as_array)
            .is_some_and(|grants| grants.iter().any(|one| one == grant))
    };
    for (grant, attribute) in [
        ("refresh_token", "use.refresh.tokens"),
        (
            "urn:ietf:params:oauth:grant-type:device_code",
            "oauth2.device.authorization.grant.enabled",
        ),
        (
            "urn:openid:params:grant-type:ciba",
            "oidc.ciba.grant.enabled",
        ),
    ] {
        set(attribute, has_grant(grant).to_string());
    }
    attributes
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn secret(
    wanted: &DesiredClient<'_>,
    random: &RandomSource,
) -> Result<Option<Secret>, ConnectorError> {
    match wanted.secret {
        DesiredSecret::None => Ok(None),
        DesiredSecret::This(secret) => Ok(Some(Secret::new(secret.reveal()))),
        DesiredSecret::Unusable => unusable_secret(random).map(Some),
    }
}
