//! Questions and findings as lines for people or for programs.

use std::io::Write;

use protocol::Object;
use serde_json::{Value, json};

use super::checks::Check;
use crate::attempt::http::Request;
use crate::attempt::report::legible;

/// Where lines are written, and what was found so far.
pub(super) struct Report<'out> {
    out: &'out mut dyn Write,
    json: bool,
    asked: usize,
    found: Vec<&'static str>,
}

impl<'out> Report<'out> {
    pub(super) fn new(out: &'out mut dyn Write, json: bool) -> Self {
        Self { out, json, asked: 0, found: Vec::new() }
    }

    /// Shows a question and the status it was answered with.
    pub(super) fn asked(&mut self, request: &Request, status: u16) -> Result<(), String> {
        self.asked += 1;
        let (method, url) = (request.method.as_str(), request.url.as_str());
        self.line(&format!("{status} {method} {url}"), || json!({"asked": method, "url": url, "status": status}))
    }

    /// Shows what is wrong: `saw` is the rest of a sentence that begins with what was asked. How to mend it is said once.
    pub(super) fn found(&mut self, check: &'static Check, subject: &str, saw: &str) -> Result<(), String> {
        let mend = if self.found.contains(&check.name) { "mend it as above".to_owned() } else { check.mended() };
        self.found.push(check.name);
        let json = || {
            let mut object = Object::new();
            let members = [
                ("wrong", check.name),
                ("at", subject),
                ("saw", saw),
                ("mend", check.mend),
                ("nginx", check.nginx),
                ("caddy", check.caddy),
                ("traefik", check.traefik),
            ];
            for (name, text) in members.into_iter().filter(|(_, text)| !text.is_empty()) {
                object.insert(name.to_owned(), legible(text).into());
            }
            Value::Object(object)
        };
        self.line(&format!("wrong: {subject} {saw}: {mend}."), json)
    }

    /// Shows what nobody need mend.
    pub(super) fn note(&mut self, text: &str) -> Result<(), String> {
        self.line(&format!("note: {text}"), || json!({"note": legible(text)}))
    }

    /// Says how it ended.
    ///
    /// # Errors
    /// How many things are wrong.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        let (asked, wrong) = (self.asked, self.found.len());
        let summary = if wrong == 0 { "ok" } else { "failed" };
        let text = match wrong {
            0 => format!("all is well: {asked} questions"),
            wrong => format!("{asked} questions, {wrong} answered wrongly"),
        };
        self.line(&text, || json!({"summary": summary, "asked": asked, "wrong": wrong}))?;
        match wrong {
            0 => Ok(()),
            1 => Err("one thing is wrong".to_owned()),
            many => Err(format!("{many} things are wrong")),
        }
    }

    fn line(&mut self, text: &str, json: impl FnOnce() -> Value) -> Result<(), String> {
        let line = if self.json { json().to_string() } else { legible(text) };
        writeln!(self.out, "{line}").and_then(|()| self.out.flush()).map_err(|error| error.to_string())
    }
}
