//! Prints requests and findings as text for people or as JSON for programs.

use std::io::Write;

use anyhow::bail;
use protocol::Object;
use serde_json::{Value, json};

use super::checks::Check;
use crate::client::ProbeRequest;
use crate::journey::report::escape_control;

/// Writes lines to an output, and counts requests and findings.
pub(super) struct CheckReport<'out> {
    out: &'out mut dyn Write,
    json: bool,
    asked: usize,
    found: Vec<&'static str>,
}

impl<'out> CheckReport<'out> {
    pub(super) fn new(out: &'out mut dyn Write, json: bool) -> Self {
        Self {
            out,
            json,
            asked: 0,
            found: Vec::new(),
        }
    }

    /// Prints a request and the status of its response.
    pub(super) fn add_request(
        &mut self,
        request: &ProbeRequest,
        status: u16,
    ) -> anyhow::Result<()> {
        self.asked += 1;
        let (method, url) = (request.method.as_str(), request.url.as_str());
        self.line(
            &format!("{status} {method} {url}"),
            || json!({"asked": method, "url": url, "status": status}),
        )
    }

    /// Prints a finding: `saw` is the rest of a sentence that begins with `subject`. The fix of a check is printed once.
    pub(super) fn add_finding(
        &mut self,
        check: &'static Check,
        subject: &str,
        saw: &str,
    ) -> anyhow::Result<()> {
        let fix = if self.found.contains(&check.name) {
            "fix as above".to_owned()
        } else {
            check.fix_with_directives()
        };
        self.found.push(check.name);
        let json = || {
            let mut object = Object::new();
            let members = [
                ("wrong", check.name),
                ("at", subject),
                ("saw", saw),
                ("mend", check.fix),
                ("nginx", check.nginx),
                ("caddy", check.caddy),
                ("traefik", check.traefik),
            ];
            for (name, text) in members.into_iter().filter(|(_, text)| !text.is_empty()) {
                object.insert(name.to_owned(), escape_control(text).into());
            }
            Value::Object(object)
        };
        self.line(&format!("wrong: {subject} {saw}: {fix}."), json)
    }

    /// Prints a note, which is no finding.
    pub(super) fn add_note(&mut self, text: &str) -> anyhow::Result<()> {
        self.line(
            &format!("note: {text}"),
            || json!({"note": escape_control(text)}),
        )
    }

    /// Prints the summary.
    ///
    /// # Errors
    /// The number of findings, if there are any.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        let (asked, wrong) = (self.asked, self.found.len());
        let summary = if wrong == 0 { "ok" } else { "failed" };
        let text = match wrong {
            0 => format!("no problems found: {asked} requests"),
            wrong => format!("{asked} requests, {wrong} failed"),
        };
        self.line(
            &text,
            || json!({"summary": summary, "asked": asked, "wrong": wrong}),
        )?;
        match wrong {
            0 => Ok(()),
            1 => bail!("1 problem found"),
            many => bail!("{many} problems found"),
        }
    }

    fn line(&mut self, text: &str, json: impl FnOnce() -> Value) -> anyhow::Result<()> {
        let line = if self.json {
            json().to_string()
        } else {
            escape_control(text)
        };
        writeln!(self.out, "{line}")?;
        Ok(self.out.flush()?)
    }
}
