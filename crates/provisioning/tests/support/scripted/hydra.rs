//! Hydra's admin API of clients, in memory, with faults on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use url::Url;

use super::switches::{Fault, Switches};
use super::{Request, Response, serve};

#[derive(Default)]
pub struct State {
    pub clients: BTreeMap<String, Value>,
    /// Members that the server does not keep.
    pub forgotten: Vec<&'static str>,
    /// The secret that the server gives each client in place of the sent one.
    pub forced_secret: Option<&'static str>,
    /// A client with this name is refused, with this status and error code.
    pub poison: Option<(String, u16, &'static str)>,
}

#[derive(Clone)]
pub struct Hydra {
    pub at: Url,
    pub state: Arc<Mutex<State>>,
    pub switches: Arc<Switches>,
}

const PATH: &str = "/admin/clients";

impl Hydra {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let switches = Arc::new(Switches::default());
        let shared = Arc::clone(&state);
        let origin = serve(&switches, move |request| {
            work(&mut shared.lock().unwrap(), request)
        });
        Self {
            at: origin.join(PATH).unwrap(),
            state,
            switches,
        }
    }

    pub fn client(&self, id: &str) -> Option<Value> {
        self.state.lock().unwrap().clients.get(id).cloned()
    }

    /// The identifiers of all clients.
    pub fn ids(&self) -> Vec<String> {
        self.state.lock().unwrap().clients.keys().cloned().collect()
    }

    /// Puts a client there, as an administrator of the server does.
    pub fn put(&self, id: &str, client: &Value) {
        let mut state = self.state.lock().unwrap();
        state.clients.insert(id.to_owned(), client.clone());
    }

    /// Takes a client away, as an administrator of the server does.
    pub fn take(&self, id: &str) -> Option<Value> {
        self.state.lock().unwrap().clients.remove(id)
    }

    /// Forgets everything.
    pub fn forget(&self) {
        self.state.lock().unwrap().clients.clear();
    }

    /// Refuses clients with this name from now on.
    pub fn refuse(&self, name: &str, status: u16, error: &'static str) {
        self.state.lock().unwrap().poison = Some((name.to_owned(), status, error));
    }

    pub fn fail(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.switches.next(faults);
    }
}

fn work(state: &mut State, request: &Request) -> Response {
    let id = request
        .path
        .strip_prefix(PATH)
        .unwrap_or_default()
        .trim_start_matches('/');
    let id = decoded(id);
    let id = id.as_str();
    let mut body = request.json();
    if let Some(members) = body.as_object_mut() {
        members.retain(|name, _| !state.forgotten.contains(&name.as_str()));
    }
    if let Some(secret) = state.forced_secret
        && body.is_object()
    {
        body["client_secret"] = secret.into();
    }
    if let Some((name, status, error)) = &state.poison
        && body["client_name"] == **name
    {
        return Response::new(
            *status,
            &json!({ "error": error, "error_description": "the script refuses it" }),
        );
    }
    match (request.method.as_str(), id) {
        ("POST", "") => {
            let id = body["client_id"].as_str().unwrap_or_default().to_owned();
            if state.clients.contains_key(&id) {
                return Response::new(409, &json!({ "error": "conflict" }));
            }
            state.clients.insert(id, body.clone());
            Response::new(201, &body)
        }
        ("GET", "") => list(state, request),
        ("GET", id) if state.clients.contains_key(id) => Response::new(200, &state.clients[id]),
        ("PUT", id) if state.clients.contains_key(id) => {
            state.clients.insert(id.to_owned(), body.clone());
            Response::new(200, &body)
        }
        ("DELETE", id) if state.clients.remove(id).is_some() => Response::empty(204),
        _ => Response::new(404, &json!({ "error": "not_found" })),
    }
}

/// Decodes an identifier in a path.
fn decoded(id: &str) -> String {
    let form = format!("id={}", id.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(form.as_bytes());
    pairs
        .next()
        .map(|(_, id)| id.into_owned())
        .unwrap_or_default()
}

/// Pages of two copies, so that few are several pages.
fn list(state: &State, request: &Request) -> Response {
    let begin: usize = request
        .query
        .get("page_token")
        .map_or(0, |token| token.parse().unwrap());
    let owner = request.query.get("owner");
    let copies: Vec<&Value> = state
        .clients
        .values()
        .filter(|client| owner.is_none_or(|owner| client["owner"] == **owner))
        .collect();
    let page: Vec<&Value> = copies.iter().skip(begin).take(2).copied().collect();
    let mut response = Response::new(200, &json!(page));
    if begin + 2 < copies.len() {
        response.headers.push((
            "Link",
            format!(
                "<{PATH}?owner=frontdesk&page_token={}>; rel=\"next\"",
                begin + 2
            ),
        ));
    }
    response
}
