//! What can be done at each kind of address.

use registration::Place;
use serde_json::{Value, json};

use super::addresses::At;
use super::{answers, component, object};

/// What the operations of one address have in common.
pub(super) struct Shared<'a> {
    pub(super) path: &'a str,
    pub(super) at: At,
}

/// One method of one address.
#[derive(Default)]
struct Operation {
    method: &'static str,
    summary: &'static str,
    /// The security schemes of which one is needed; the empty one is none.
    security: &'static [&'static str],
    parameters: Vec<Value>,
    /// The schema of the body, with an example.
    body: Option<(&'static str, Value)>,
    answers: &'static [&'static str],
}

/// What anything may be refused with.
const ALWAYS: [&str; 5] = [
    "NotFound",
    "TargetTooLong",
    "Misdirected",
    "HeadTooLarge",
    "Unavailable",
];

const REGISTER: &[&str] = &[
    "ClientRegistered",
    "InvalidMetadata",
    "Unauthorized",
    "Forbidden",
    "Slow",
    "TooLarge",
    "UnsupportedMediaType",
    "TooMany",
];

/// The tags, with what they are about.
pub(super) fn tags() -> Value {
    let row = |(name, doc)| json!({ "name": name, "description": doc });
    [
        (
            "webfinger",
            "From an account to its issuer. RFC 7033, RFC 6415.",
        ),
        (
            "discovery",
            "What a provider says of itself. OIDC Discovery 1.0, RFC 8414, RFC 9728.",
        ),
        (
            "registration",
            "Dynamic client registration. OIDC Registration 1.0, RFC 7591.",
        ),
        (
            "management",
            "What a client does with its registration. RFC 7592.",
        ),
        (
            "wso2",
            "The doors that clients of WSO2 Identity Server 5.3.0 know.",
        ),
        (
            "operation",
            "For whoever runs the service, on a listener of its own.",
        ),
    ]
    .map(row)
    .into_iter()
    .collect()
}

fn tag(at: At) -> &'static str {
    match at {
        At::Webfinger | At::HostMeta | At::HostMetaJson => "webfinger",
        At::Configuration | At::Jwks | At::Resource => "discovery",
        At::Registration(Place::Registration) => "registration",
        At::Registration(Place::Management) => "management",
        At::Registration(Place::Wso2Registration | Place::Wso2Unregistration) => "wso2",
        At::Healthz | At::Readyz | At::Metrics => "operation",
    }
}

/// The operations of an address, by method.
pub(super) fn of(shared: &Shared<'_>) -> Vec<(String, Value)> {
    let operations = match shared.at {
        At::Webfinger => read(
            "Ask who the issuer of a resource is",
            &["ResourceDescriptor", "MalformedQuery", "UnknownResource"],
            &query(),
        ),
        At::HostMeta => document(
            "Ask where resources of the host are described",
            &["HostMeta", "NotModified"],
        ),
        At::HostMetaJson => document(
            "Ask where resources of the host are described, in JSON",
            &["HostMetaJson", "NotModified"],
        ),
        At::Configuration => document(
            "Read the provider's document",
            &["ProviderMetadata", "NotModified"],
        ),
        At::Jwks => document(
            "Read the provider's public keys",
            &["JwkSet", "NotModified"],
        ),
        At::Resource => document(
            "Read what is said of the registration endpoint",
            &["ProtectedResource", "NotModified"],
        ),
        At::Registration(place) => registration(place),
        At::Healthz => vec![ask("Whether the process is there", &["Alive"])],
        At::Readyz => vec![ask("Whether requests are taken", &["Ready", "Unready"])],
        At::Metrics => vec![ask("What was counted", &["Metrics"])],
    };
    operations
        .into_iter()
        .map(|operation| (operation.method.to_owned(), operation.described(shared)))
        .collect()
}

fn ask(summary: &'static str, answers: &'static [&'static str]) -> Operation {
    Operation {
        method: "get",
        summary,
        answers,
        ..Operation::default()
    }
}

/// GET, HEAD, and what a page of another origin asks first.
fn read(
    summary: &'static str,
    answers: &'static [&'static str],
    parameters: &[Value],
) -> Vec<Operation> {
    let one = |method| Operation {
        method,
        parameters: parameters.to_vec(),
        ..ask(summary, answers)
    };
    vec![one("get"), one("head"), preflight()]
}

fn document(summary: &'static str, answers: &'static [&'static str]) -> Vec<Operation> {
    let known = json!({
        "name": "If-None-Match", "in": "header", "description": "The version that is known already. RFC 9110 §13.1.2.",
        "schema": { "type": "string" }, "example": "\"none\"",
    });
    read(summary, answers, &[known])
}

fn preflight() -> Operation {
    Operation {
        method: "options",
        summary: "Ask what a page of another origin may do",
        answers: &["Preflight"],
        ..Operation::default()
    }
}

fn query() -> Vec<Value> {
    vec![
        json!({
            "name": "resource", "in": "query", "required": true, "description": "The account or address asked about. RFC 7033 §4.1.",
            "schema": { "type": "string", "minLength": 1 }, "example": "acct:alice@localhost",
        }),
        json!({
            "name": "rel", "in": "query", "description": "The relations asked for; none means all. RFC 7033 §4.3.", "explode": true,
            "schema": { "type": "array", "items": { "type": "string" } }, "example": [webfinger::ISSUER_REL],
        }),
    ]
}

fn registration(place: Place) -> Vec<Operation> {
    let asked =
        json!({ "redirect_uris": ["https://client.example/callback"], "client_name": "Example" });
    let account_or_token = &["account", "initial_access_token"];
    match place {
        Place::Registration => vec![
            Operation {
                method: "post",
                summary: "Register a client",
                security: &["account", "initial_access_token", ""],
                body: Some(("ClientRegistrationRequest", asked)),
                answers: REGISTER,
                ..Operation::default()
            },
            preflight(),
        ],
        Place::Management => managed(),
        Place::Wso2Registration => vec![Operation {
            method: "post",
            summary: "Register a client the WSO2 way; also with a slash at the path's end",
            security: account_or_token,
            body: Some(("Wso2RegistrationRequest", asked)),
            answers: REGISTER,
            ..Operation::default()
        }],
        Place::Wso2Unregistration => {
            let parameter = |(name, doc, example): (&str, &str, &str)| {
                json!({
                    "name": name, "in": "query", "required": true, "description": doc,
                    "schema": { "type": "string", "minLength": 1 }, "example": example,
                })
            };
            let parameters = [
                ("userId", "The account that owns the client.", "admin"),
                ("applicationName", "The client's name.", "Example"),
            ];
            vec![Operation {
                method: "delete",
                summary: "Unregister a client the WSO2 way",
                security: &["account"],
                parameters: parameters.map(parameter).into(),
                answers: &[
                    "Deleted",
                    "MissingParameter",
                    "Unauthorized",
                    "Forbidden",
                    "TooMany",
                ],
                ..Operation::default()
            }]
        }
    }
}

fn managed() -> Vec<Operation> {
    let one = |method, summary, answers| Operation {
        method,
        summary,
        security: &["registration_access_token"],
        answers,
        ..Operation::default()
    };
    let update = &[
        "Client",
        "InvalidMetadata",
        "Unauthorized",
        "Slow",
        "Stale",
        "TooLarge",
        "UnsupportedMediaType",
        "TooMany",
    ];
    let asked =
        json!({ "client_id": "nobody", "redirect_uris": ["https://client.example/callback"] });
    vec![
        one("get", "Read the registration", &["Client", "Unauthorized"]),
        one("head", "Read the registration", &["Client", "Unauthorized"]),
        Operation {
            body: Some(("ClientUpdateRequest", asked)),
            ..one("put", "Replace the metadata", update)
        },
        one(
            "delete",
            "Delete the client",
            &["Deleted", "Unauthorized", "TooMany"],
        ),
        preflight(),
    ]
}

impl Operation {
    fn described(self, shared: &Shared<'_>) -> Value {
        let own = matches!(shared.at, At::Healthz | At::Readyz | At::Metrics);
        // 404 has one meaning for each operation.
        let specific = self.answers.contains(&"UnknownResource");
        let common = ALWAYS
            .into_iter()
            .filter(|name| !(own || specific && *name == "NotFound"));
        let answers: Vec<&str> = self.answers.iter().copied().chain(common).collect();
        let mut members = vec![
            ("operationId", json!(identifier(self.method, shared.path))),
            ("summary", json!(self.summary)),
            ("tags", json!([tag(shared.at)])),
        ];
        if !self.security.is_empty() {
            let scheme = |name: &&str| {
                if name.is_empty() {
                    json!({})
                } else {
                    object([(*name, json!([]))])
                }
            };
            members.push(("security", self.security.iter().map(scheme).collect()));
        }
        if !self.parameters.is_empty() {
            members.push(("parameters", self.parameters.into()));
        }
        if let Some((schema, example)) = self.body {
            let content = json!({ "application/json": { "schema": component("schemas", schema), "example": example } });
            members.push((
                "requestBody",
                json!({ "required": true, "content": content }),
            ));
        }
        members.push(("responses", answers::of(&answers)));
        object(members)
    }
}

/// The method and the words of the path, such as `get-register-client_id`.
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
