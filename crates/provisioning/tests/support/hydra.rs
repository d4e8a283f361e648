//! Hydra's admin API of clients, in memory, with faults on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use url::Url;

use super::{Answer, Request, Response, serve};

/// A fault of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and does nothing.
    Status(u16),
    /// Does the work and closes the connection without an answer.
    CutAfterWork,
    /// Closes the connection before the work.
    CutBeforeWork,
}

#[derive(Default)]
pub struct State {
    pub clients: BTreeMap<String, Value>,
    /// The faults of the next requests, in order; `None` is no fault.
    pub faults: Vec<Option<Fault>>,
    pub requests: usize,
    /// Members that the server does not keep.
    pub forgotten: Vec<&'static str>,
}

#[derive(Clone)]
pub struct Hydra {
    pub at: Url,
    pub state: Arc<Mutex<State>>,
}

const PATH: &str = "/admin/clients";

impl Hydra {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let origin = serve(move |request| respond(&shared, request));
        Self {
            at: origin.join(PATH).unwrap(),
            state,
        }
    }

    pub fn client(&self, id: &str) -> Option<Value> {
        self.state.lock().unwrap().clients.get(id).cloned()
    }

    pub fn fail(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.state.lock().unwrap().faults = faults.into_iter().collect();
    }
}

fn respond(state: &Mutex<State>, request: &Request) -> Answer {
    let mut state = state.lock().unwrap();
    state.requests += 1;
    let fault = if state.faults.is_empty() {
        None
    } else {
        state.faults.remove(0)
    };
    match fault {
        Some(Fault::Status(status)) => {
            return Some(Response::new(
                status,
                &json!({ "error": "fault", "error_description": "a fault of the script" }),
            ));
        }
        Some(Fault::CutBeforeWork) => return None,
        Some(Fault::CutAfterWork) | None => {}
    }
    let response = work(&mut state, request);
    (fault.is_none()).then_some(response)
}

fn work(state: &mut State, request: &Request) -> Response {
    let id = request
        .path
        .strip_prefix(PATH)
        .unwrap_or_default()
        .trim_start_matches('/');
    let mut body = request.json();
    if let Some(members) = body.as_object_mut() {
        members.retain(|name, _| !state.forgotten.contains(&name.as_str()));
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
        ("PUT", id) if state.clients.contains_key(id) => {
            state.clients.insert(id.to_owned(), body.clone());
            Response::new(200, &body)
        }
        ("DELETE", id) if state.clients.remove(id).is_some() => Response::empty(204),
        _ => Response::new(404, &json!({ "error": "not_found" })),
    }
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
