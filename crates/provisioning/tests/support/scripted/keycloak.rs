//! A Keycloak for the calls of the connector, in memory. It merges a PUT, ignores scopes there, and answers 500 for a value that
//! is too long, as the real one does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use openssl::base64::decode_block;
use serde_json::{Value, json};
use url::Url;

use super::switches::Switches;
use super::{Request, Response, serve};

pub const REALM: &str = "main";
pub const SECRET: &str = "service-account-secret";

/// The scopes of the realm, each with true if it is a default.
const SCOPES: [(&str, bool); 7] = [
    ("basic", true),
    ("acr", true),
    ("roles", true),
    ("web-origins", true),
    ("profile", true),
    ("email", true),
    ("phone", false),
];

#[derive(Default)]
pub struct State {
    pub clients: BTreeMap<String, Value>,
    pub scopes: BTreeMap<String, [Vec<String>; 2]>,
    pub tokens: usize,
    /// True if the tokens that were given are refused.
    pub expired: bool,
    /// True if the service account lacks the role manage-clients.
    pub denied: bool,
    /// True if the service account has the role view-clients only.
    pub only_views: bool,
}

#[derive(Clone)]
pub struct Keycloak {
    pub at: Url,
    pub state: Arc<Mutex<State>>,
    pub switches: Arc<Switches>,
}

impl Keycloak {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let switches = Arc::new(Switches::default());
        let shared = Arc::clone(&state);
        Self {
            at: serve(&switches, move |request| {
                respond(&mut shared.lock().unwrap(), request)
            }),
            state,
            switches,
        }
    }

    /// The only client of the realm.
    pub fn only(&self) -> Value {
        let state = self.state.lock().unwrap();
        assert_eq!(state.clients.len(), 1);
        state.clients.values().next().unwrap().clone()
    }

    /// The client with this identifier.
    pub fn client(&self, client_id: &str) -> Option<Value> {
        let state = self.state.lock().unwrap();
        let mut clients = state.clients.values();
        clients
            .find(|client| client["clientId"] == client_id)
            .cloned()
    }

    /// The default and the optional scopes of a client.
    pub fn scopes(&self, id: &str) -> [Vec<String>; 2] {
        let mut scopes = self.state.lock().unwrap().scopes[id].clone();
        for names in &mut scopes {
            names.sort();
        }
        scopes
    }
}

fn respond(state: &mut State, request: &Request) -> Response {
    if let Some(realm) = request
        .path
        .strip_prefix("/realms/")
        .and_then(|rest| rest.strip_suffix("/protocol/openid-connect/token"))
    {
        return token(state, request, realm);
    }
    let Some(path) = request
        .path
        .strip_prefix(&format!("/admin/realms/{REALM}"))
        .map(|path| path.trim_start_matches('/'))
    else {
        return Response::new(404, &json!({ "error": "Realm not found." }));
    };
    let current = format!("Bearer token-{}", state.tokens);
    if state.expired || request.authorization.as_deref() != Some(current.as_str()) {
        state.expired = false;
        state.tokens += 1;
        return Response::new(401, &json!({ "error": "HTTP 401 Unauthorized" }));
    }
    if state.denied {
        return forbidden();
    }
    if state.only_views && request.method != "GET" {
        return forbidden();
    }
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    route(state, request, &segments)
}

fn forbidden() -> Response {
    Response::new(403, &json!({ "error": "HTTP 403 Forbidden" }))
}

fn token(state: &mut State, request: &Request, realm: &str) -> Response {
    if realm != REALM {
        return Response::new(404, &json!({ "error": "Realm does not exist" }));
    }
    let pair = request.authorization.as_deref().unwrap_or_default();
    let pair = decode_block(pair.trim_start_matches("Basic ")).unwrap();
    if pair != format!("frontdesk:{SECRET}").as_bytes() {
        return Response::new(
            401,
            &json!({ "error": "unauthorized_client", "error_description": "Invalid client or Invalid client credentials" }),
        );
    }
    assert_eq!(request.body, "grant_type=client_credentials");
    state.tokens += 1;
    Response::new(
        200,
        &json!({ "access_token": format!("token-{}", state.tokens), "expires_in": 300, "token_type": "Bearer" }),
    )
}

fn route(state: &mut State, request: &Request, segments: &[&str]) -> Response {
    match (request.method.as_str(), segments) {
        ("GET", []) => Response::new(200, &json!({ "realm": REALM })),
        ("GET", ["client-scopes"]) => Response::new(200, &scope_list(|_| true)),
        ("GET", ["default-default-client-scopes"]) => {
            Response::new(200, &scope_list(|(_, is)| *is))
        }
        ("GET", ["default-optional-client-scopes"]) => {
            Response::new(200, &scope_list(|(_, is)| !*is))
        }
        ("GET", ["clients"]) => page(state, request),
        ("POST", ["clients"]) => create(state, request),
        ("GET", ["clients", id]) => match state.clients.get(*id) {
            Some(client) => Response::new(200, client),
            None => Response::new(404, &json!({ "error": "Could not find client" })),
        },
        ("PUT", ["clients", id]) => update(state, request, id),
        ("DELETE", ["clients", id]) => match state.clients.remove(*id) {
            Some(_) => Response::empty(204),
            None => Response::new(404, &json!({ "error": "Could not find client" })),
        },
        ("GET", ["clients", _, "session-count" | "offline-session-count"]) => {
            Response::new(200, &json!({ "count": 1 }))
        }
        (
            method,
            [
                "clients",
                id,
                kind @ ("default-client-scopes" | "optional-client-scopes"),
                rest @ ..,
            ],
        ) => {
            let index = usize::from(*kind == "optional-client-scopes");
            let held = &mut state.scopes.get_mut(*id).unwrap()[index];
            match (method, rest) {
                ("GET", []) => {
                    let list: Vec<Value> = held.iter().map(|name| scope(name)).collect();
                    Response::new(200, &json!(list))
                }
                ("PUT", [scope]) => {
                    held.push(scope.trim_start_matches("id-of-").to_owned());
                    Response::empty(204)
                }
                ("DELETE", [scope]) => {
                    held.retain(|name| format!("id-of-{name}") != *scope);
                    Response::empty(204)
                }
                _ => Response::empty(405),
            }
        }
        _ => Response::empty(404),
    }
}

fn scope(name: &str) -> Value {
    json!({ "id": format!("id-of-{name}"), "name": name, "protocol": "openid-connect" })
}

fn scope_list(filter: impl Fn(&&(&str, bool)) -> bool) -> Value {
    let mut list: Vec<Value> = SCOPES
        .iter()
        .filter(filter)
        .map(|(name, _)| scope(name))
        .collect();
    list.push(json!({ "id": "id-of-saml", "name": "role_list", "protocol": "saml" }));
    list.into()
}

fn page(state: &State, request: &Request) -> Response {
    let number = |name: &str, default: usize| {
        request
            .query
            .get(name)
            .map_or(default, |text| text.parse().unwrap())
    };
    let page: Vec<Value> = state
        .clients
        .iter()
        .skip(number("first", 0))
        .take(number("max", 100))
        .map(|(id, client)| listed(state, id, client))
        .collect();
    Response::new(200, &json!(page))
}

/// A client of the list: with its scopes, with the members that Keycloak adds to mappers, and with what the caller may do.
fn listed(state: &State, id: &str, client: &Value) -> Value {
    let mut client = client.clone();
    let may = !state.only_views;
    client["access"] = json!({ "view": true, "configure": may, "manage": may });
    if let Some([default, optional]) = state.scopes.get(id) {
        client["defaultClientScopes"] = json!(default);
        client["optionalClientScopes"] = json!(optional);
    }
    for mapper in client["protocolMappers"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        mapper["id"] = "made-by-keycloak".into();
        mapper["consentRequired"] = false.into();
    }
    client
}

fn is_too_long(body: &Value) -> bool {
    let texts = body["redirectUris"]
        .as_array()
        .into_iter()
        .flatten()
        .chain([&body["name"], &body["baseUrl"]]);
    texts
        .filter_map(Value::as_str)
        .any(|text| text.chars().count() > 255)
}

fn create(state: &mut State, request: &Request) -> Response {
    let mut body = request.json();
    if is_too_long(&body) {
        return Response::new(500, &json!({ "error": "unknown_error" }));
    }
    if body["attributes"]["default.acr.values"] == "gold" {
        return Response::new(
            400,
            &json!({ "error": "invalid_input", "error_description": "Default ACR values need to contain values specified in the ACR-To-Loa mapping or number levels from set realm browser flow" }),
        );
    }
    let id = body["id"].as_str().unwrap().to_owned();
    let is_taken = |client: &Value| client["clientId"] == body["clientId"];
    if state.clients.contains_key(&id) || state.clients.values().any(is_taken) {
        return Response::new(409, &json!({ "errorMessage": "Client already exists" }));
    }
    let names = |list: &Value| -> Option<Vec<String>> {
        Some(
            list.as_array()?
                .iter()
                .map(|name| name.as_str().unwrap().to_owned())
                .collect(),
        )
    };
    let realm = |is: bool| -> Vec<String> {
        let of_kind = SCOPES.iter().filter(|(_, default)| *default == is);
        of_kind.map(|(name, _)| (*name).to_owned()).collect()
    };
    let scopes = [
        names(&body["defaultClientScopes"]).unwrap_or_else(|| realm(true)),
        names(&body["optionalClientScopes"]).unwrap_or_else(|| realm(false)),
    ];
    drop_empty_attributes(&mut body);
    state.scopes.insert(id.clone(), scopes);
    state.clients.insert(id, body);
    Response::empty(201)
}

fn update(state: &mut State, request: &Request, id: &str) -> Response {
    let body = request.json();
    if is_too_long(&body) {
        return Response::new(500, &json!({ "error": "unknown_error" }));
    }
    let Some(client) = state.clients.get_mut(id) else {
        return Response::new(404, &json!({ "error": "Could not find client" }));
    };
    for (name, value) in body.as_object().unwrap() {
        match name.as_str() {
            "defaultClientScopes" | "optionalClientScopes" => {}
            "attributes" => {
                for (attribute, value) in value.as_object().unwrap() {
                    client["attributes"][attribute] = value.clone();
                }
            }
            _ => client[name] = value.clone(),
        }
    }
    drop_empty_attributes(client);
    Response::empty(204)
}

fn drop_empty_attributes(client: &mut Value) {
    client["attributes"]
        .as_object_mut()
        .into_iter()
        .for_each(|attributes| attributes.retain(|_, value| value != ""));
}
