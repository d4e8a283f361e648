//! A registration endpoint with RFC 7592, in memory. It chooses identifiers and secrets, and exchanges the registration access
//! token at each update, as oidc-provider does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use url::Url;

use super::{Request, Response, serve};

pub const TOKEN: &str = "initial-access-token";

#[derive(Default)]
pub struct State {
    pub clients: BTreeMap<String, Value>,
    pub made: usize,
    /// The origin in `registration_client_uri`, if it differs from that of the endpoint.
    pub public_origin: Option<String>,
    /// True if a client without redirect URIs is registered, as Keycloak does.
    pub takes_everything: bool,
    /// The identifier of every client from now on.
    pub forced_id: Option<&'static str>,
    /// True if every request is answered with 500.
    pub broken: bool,
}

#[derive(Clone)]
pub struct Registration {
    pub at: Url,
    pub state: Arc<Mutex<State>>,
}

impl Registration {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let origin = serve(&Arc::default(), move |request| {
            respond(&mut shared.lock().unwrap(), request)
        });
        state.lock().unwrap().public_origin = Some(origin.to_string());
        Self {
            at: origin.join("/register").unwrap(),
            state,
        }
    }
}

fn respond(state: &mut State, request: &Request) -> Response {
    if state.broken {
        return Response::new(500, &json!({ "error": "unknown_error" }));
    }
    let bearer = request.authorization.as_deref().unwrap_or_default();
    let bearer = bearer.trim_start_matches("Bearer ").to_owned();
    let refused = || Response::new(401, &json!({ "error": "invalid_token" }));
    match (
        request.method.as_str(),
        request.path.strip_prefix("/register/"),
    ) {
        ("POST", None) if bearer != TOKEN => refused(),
        ("POST", None) => register(state, request.json()),
        (method, Some(id)) => {
            let Some(client) = state.clients.get_mut(id) else {
                return refused();
            };
            if client["registration_access_token"] != bearer {
                return refused();
            }
            match method {
                "PUT" => {
                    let kept = ["client_secret", "registration_client_uri"]
                        .map(|name| (name, client[name].clone()));
                    *client = request.json();
                    for (name, value) in kept {
                        client[name] = value;
                    }
                    client["registration_access_token"] = format!("{bearer}+").into();
                    Response::new(200, client)
                }
                "GET" => Response::new(200, client),
                "DELETE" => {
                    state.clients.remove(id);
                    Response::empty(204)
                }
                _ => Response::empty(405),
            }
        }
        _ => Response::empty(404),
    }
}

fn register(state: &mut State, mut client: Value) -> Response {
    let uris = client["redirect_uris"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    if uris.is_empty() && !state.takes_everything {
        return Response::new(400, &json!({ "error": "invalid_redirect_uri" }));
    }
    if uris.iter().any(|uri| uri.as_str().unwrap().len() > 255) {
        return Response::new(500, &json!({ "error": "unknown_error" }));
    }
    if client["scope"]
        .as_str()
        .is_some_and(|scope| scope.contains("openid"))
    {
        return Response::new(400, &json!({ "error": "invalid_client_metadata" }));
    }
    state.made += 1;
    let id = match state.forced_id {
        Some(id) => id.to_owned(),
        None => format!("chosen-{}", state.made),
    };
    let origin = state.public_origin.clone().unwrap();
    client["client_id"] = id.as_str().into();
    client["client_secret"] = format!("secret-of-{id}").into();
    client["registration_access_token"] = format!("token-of-{id}").into();
    client["registration_client_uri"] = format!("{origin}register/{id}").into();
    state.clients.insert(id, client.clone());
    Response::new(201, &client)
}
