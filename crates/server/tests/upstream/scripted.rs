//! An authorization server that gives its document as a test says.

#![allow(dead_code, reason = "each test file uses its part of it")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use serde_json::{Value, json};

/// The issuer of every test.
pub const ISSUER: &str = "https://login.example.com/realms/main";

/// The document of a small server.
pub fn document() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/auth"),
        "token_endpoint": format!("{ISSUER}/token"),
        "jwks_uri": format!("{ISSUER}/certs"),
        "registration_endpoint": format!("{ISSUER}/their-registration"),
        "signed_metadata": "their.signed.metadata",
        "scopes_supported": ["profile", "openid"],
        "response_types_supported": ["code", "token id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "grant_types_supported": ["implicit", "authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "credentials_endpoint_draft_00": "https://login.example.com/credentials",
        "an_object_of_theirs": { "deep": [1, null, { "b": 1, "a": 2 }] },
    })
}

/// The next answers.
#[derive(Clone)]
pub struct Script {
    pub status: &'static str,
    pub content_type: &'static str,
    pub headers: String,
    pub body: String,
}

impl Script {
    pub fn json(document: &Value) -> Self {
        Self::text(&document.to_string())
    }

    pub fn text(body: &str) -> Self {
        Self {
            status: "200 OK",
            content_type: "application/json",
            headers: String::new(),
            body: body.to_owned(),
        }
    }

    pub fn status(status: &'static str) -> Self {
        Self {
            status,
            ..Self::text("{}")
        }
    }
}

struct State {
    script: Script,
    is_held: bool,
    requests: Vec<String>,
}

/// A server on loopback. Its answers can be changed and held back.
#[derive(Clone)]
pub struct Scripted {
    pub port: u16,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Scripted {
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State {
            script,
            is_held: false,
            requests: Vec::new(),
        };
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            state: Arc::new((Mutex::new(state), Condvar::new())),
        };
        let shared = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = shared.clone();
                thread::spawn(move || shared.answer(stream));
            }
        });
        server
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut head = String::new();
        for line in BufReader::new(stream.try_clone().unwrap())
            .lines()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
        {
            head.push_str(&line);
            head.push('\n');
        }
        let (lock, changed) = &*self.state;
        let mut state = lock.lock().unwrap();
        state.requests.push(head);
        changed.notify_all();
        let state = changed.wait_while(state, |state| state.is_held).unwrap();
        let Script {
            status,
            content_type,
            headers,
            body,
        } = state.script.clone();
        drop(state);
        // A client that reads no further has seen enough.
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n{body}",
            body.len()
        );
    }

    /// The address of its document.
    pub fn url(&self) -> String {
        format!(
            "http://127.0.0.1:{}/realms/main/.well-known/openid-configuration",
            self.port
        )
    }

    /// Changes the answers from now on.
    pub fn says(&self, script: Script) {
        self.state.0.lock().unwrap().script = script;
    }

    /// Holds every answer back, or lets them go.
    pub fn hold(&self, is_held: bool) {
        self.state.0.lock().unwrap().is_held = is_held;
        self.state.1.notify_all();
    }

    /// The heads of all requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.state.0.lock().unwrap().requests.clone()
    }
}
