//! The authorization server that the documents name, alive or faulty in one way at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::certificates::Certificates;
use super::proxy::{Message, listen};

/// The host in the configuration.
const HOST: &str = "as.example.test";

/// A JWK Set with one key.
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","x":"eA","y":"eQ"}]}"#;

type Answers = HashMap<String, Option<(&'static str, &'static str)>>;

/// The server, until the test is over.
pub struct AuthorizationServer {
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<String>>>,
    port: u16,
}

impl AuthorizationServer {
    pub fn start(certificates: &Arc<Certificates>) -> Self {
        let (answers, asked) = (
            Arc::new(Mutex::new(Answers::new())),
            Arc::new(Mutex::new(Vec::new())),
        );
        let (certificates, given, noted) = (
            Arc::clone(certificates),
            Arc::clone(&answers),
            Arc::clone(&asked),
        );
        let port = listen(move |connection| {
            let Ok(mut stream) = certificates.whole.accept(connection) else {
                return;
            };
            let Some(request) = Message::read(&mut stream, false) else {
                return;
            };
            noted.lock().unwrap().push(request.first[..2].join(" "));
            let path = request.first[1].clone();
            let answer = given.lock().unwrap().get(&path).copied();
            let (status, body) = match answer {
                Some(Some(answer)) => answer,
                Some(None) => return,
                None => usual(&path),
            };
            let headers = [("content-type", "application/json")];
            let answer = Message::answer(status, &headers, body);
            let _ = std::io::Write::write_all(&mut stream, &answer.bytes());
            let _ = stream.shutdown();
        });
        Self {
            answers,
            asked,
            port,
        }
    }

    /// Answers a path with a status and a body from now on, or closes the connection.
    pub fn plant(&self, path: &str, answer: Option<(&'static str, &'static str)>) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// Answers a path as usual again.
    pub fn restore(&self, path: &str) {
        self.answers.lock().unwrap().remove(path);
    }

    /// Method and path of the requests since the last call, in order.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// The argument of `--resolve` that leads here.
    pub fn resolved(&self) -> String {
        self.resolved_as(HOST)
    }

    /// The argument of `--resolve` for another host.
    pub fn resolved_as(&self, host: &str) -> String {
        format!("{host}:443:127.0.0.1:{}", self.port)
    }
}

/// The answer of a living server to a request without parameters.
fn usual(path: &str) -> (&'static str, &'static str) {
    match path {
        "/authorize" => ("400", r#"{"error":"invalid_request"}"#),
        "/token" => ("405", ""),
        "/userinfo" => ("401", r#"{"error":"invalid_token"}"#),
        "/jwks" => ("200", KEYS),
        _ => ("404", ""),
    }
}
