//! Steps as lines, for people or for programs, with secrets masked.

use std::io::Write;
use std::time::{Duration, Instant};

use protocol::escape::deceives;
use protocol::{Object, Secret};
use serde_json::{Value, json};

use super::step_error::StepError;
use crate::client::{ProbeRequest, ProbeResponse};

/// Members whose values must not be seen. RFC 7591 §3.2.1, RFC 7592 §3.
pub(super) const SECRET_MEMBERS: [&str; 2] = ["client_secret", "registration_access_token"];

/// What a step has to show beside the exchange itself.
#[derive(Debug, Default)]
pub(super) struct StepNotes {
    /// The members that matter.
    pub(super) members: Object,
    /// What a user should know although nothing is error.
    pub(super) texts: Vec<String>,
    /// Whether what was asked for is not there, and need not be.
    pub(super) absent: bool,
}

impl StepNotes {
    /// Shows those of the named members that `object` has, the secret ones masked.
    pub(super) fn show(&mut self, object: &Object, names: &[&str]) {
        for name in names {
            let Some(value) = object.get(*name) else {
                continue;
            };
            let shown = if SECRET_MEMBERS.contains(name) {
                mask(&plain(value)).into()
            } else {
                value.clone()
            };
            self.members.insert((*name).to_owned(), shown);
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum StepOutcome<'a> {
    /// As it should.
    Ok,
    /// What was asked for is not there, and need not be.
    Absent,
    /// StepError, with the reason.
    Failed(&'a str),
}

impl StepOutcome<'_> {
    const fn mark(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Absent => "absent",
            Self::Failed(_) => "FAILED",
        }
    }
}

/// One step, as it is shown.
pub(super) struct Step<'a> {
    pub(super) name: &'static str,
    pub(super) request: &'a ProbeRequest,
    pub(super) answer: Option<&'a ProbeResponse>,
    pub(super) took: Duration,
    pub(super) notes: &'a StepNotes,
    pub(super) outcome: StepOutcome<'a>,
}

/// Where steps are written, and what must not be seen there.
pub(super) struct TryReport<'out> {
    out: &'out mut dyn Write,
    json: bool,
    secrets: Vec<Secret>,
    begun: Instant,
    steps: usize,
}

impl<'out> TryReport<'out> {
    pub(super) fn new(out: &'out mut dyn Write, json: bool) -> Self {
        Self {
            out,
            json,
            secrets: Vec::new(),
            begun: Instant::now(),
            steps: 0,
        }
    }

    /// Masks `secret` wherever it would be shown from here on.
    pub(super) fn hide(&mut self, secret: &Secret) {
        // Shorter ones stand in every other word; a provider that issues them has nothing to hide.
        if secret.reveal().chars().count() >= 4 && !self.secrets.contains(secret) {
            self.secrets.push(secret.clone());
            // One secret may contain another: the longest is masked first.
            self.secrets
                .sort_by_key(|secret| std::cmp::Reverse(secret.reveal().len()));
        }
    }

    /// A text fit to be shown: secrets masked, and nothing in it that a terminal would obey.
    pub(super) fn fit(&self, text: &str) -> String {
        let masked = self.secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.reveal(), &mask(secret.reveal()))
        });
        escape_control(&masked)
    }

    /// Shows one step.
    pub(super) fn step(&mut self, step: &Step<'_>) -> Result<(), StepError> {
        self.steps += 1;
        let lines = if self.json {
            self.line(step)
        } else {
            self.paragraph(step)
        };
        self.write(&lines)
    }

    /// Shows how the journey ended.
    pub(super) fn finish(&mut self, outcome: &Result<(), StepError>) -> Result<(), StepError> {
        let (steps, milliseconds) = (self.steps, milliseconds(self.begun.elapsed()));
        let line = match (self.json, outcome) {
            (true, Ok(())) => json!({"summary": "ok", "steps": steps, "milliseconds": milliseconds}).to_string(),
            (true, Err(error)) => {
                json!({"summary": "failed", "step": error.step(), "error": error.to_string(), "steps": steps, "milliseconds": milliseconds})
                    .to_string()
            }
            (false, Ok(())) => format!("Everything asked for works: {steps} steps in {milliseconds} ms."),
            (false, Err(error)) => format!("Stopped at {} after {milliseconds} ms.", error.step()),
        };
        self.write(&format!("{line}\n"))
    }

    fn paragraph(&self, step: &Step<'_>) -> String {
        let mut lines = vec![
            format!(
                "{}. {}: {} ({} ms)",
                self.steps,
                step.name,
                step.outcome.mark(),
                milliseconds(step.took)
            ),
            format!("   {} {}", step.request.method, step.request.url),
        ];
        if let Some(answer) = step.answer {
            lines.push(format!(
                "   {} {}",
                answer.status,
                answer.content_type.as_deref().unwrap_or_default()
            ));
        }
        lines.extend(
            step.notes
                .members
                .iter()
                .map(|(name, value)| format!("   {name}: {}", plain(value))),
        );
        lines.extend(
            step.notes
                .texts
                .iter()
                .map(|note| format!("   note: {note}")),
        );
        let fit: Vec<String> = lines
            .iter()
            .map(|line| self.fit(line).trim_end().to_owned())
            .collect();
        fit.join("\n") + "\n"
    }

    fn line(&self, step: &Step<'_>) -> String {
        let mut object = Object::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("step", step.name.into());
        put("outcome", step.outcome.mark().to_ascii_lowercase().into());
        put("method", step.request.method.as_str().into());
        put("url", step.request.url.as_str().into());
        if let Some(answer) = step.answer {
            put("status", answer.status.into());
            if let Some(content_type) = &answer.content_type {
                put("content_type", content_type.as_str().into());
            }
        }
        put("milliseconds", milliseconds(step.took));
        if !step.notes.members.is_empty() {
            put("members", Value::Object(step.notes.members.clone()));
        }
        if !step.notes.texts.is_empty() {
            put("notes", step.notes.texts.as_slice().into());
        }
        if let StepOutcome::Failed(reason) = step.outcome {
            put("error", reason.into());
        }
        format!("{}\n", self.fit_value(Value::Object(object)))
    }

    fn fit_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fit(&text)),
            Value::Array(values) => values
                .into_iter()
                .map(|value| self.fit_value(value))
                .collect(),
            Value::Object(object) => object
                .into_iter()
                .map(|(name, value)| (self.fit(&name), self.fit_value(value)))
                .collect(),
            other => other,
        }
    }

    fn write(&mut self, text: &str) -> Result<(), StepError> {
        let written = self
            .out
            .write_all(text.as_bytes())
            .and_then(|()| self.out.flush());
        written.map_err(|error| {
            StepError::new(
                "printing",
                format!("the output cannot be written ({error})"),
            )
        })
    }
}

/// The first characters of a secret, when they do not give it away.
fn mask(secret: &str) -> String {
    let shown = if secret.chars().count() >= 16 { 4 } else { 0 };
    secret.chars().take(shown).chain(['…']).collect()
}

/// Replaces characters that a terminal would obey or that cannot be seen.
pub(crate) fn escape_control(text: &str) -> String {
    text.chars()
        .map(|c| if deceives(c) { '\u{fffd}' } else { c })
        .collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<String>>().join(" "),
        other => other.to_string(),
    }
}

fn milliseconds(span: Duration) -> Value {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_terminal_controls_are_not_shown() {
        let mut out = Vec::new();
        let mut report = TryReport::new(&mut out, false);
        report.hide(&Secret::new("iat_0123456789abcdef"));
        report.hide(&Secret::new("hunter2"));
        report.hide(&Secret::new("abc"));
        assert_eq!(
            report.fit("token iat_0123456789abcdef, password hunter2, abc"),
            "token iat_…, password …, abc"
        );
        assert_eq!(report.fit("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
    }

    #[test]
    fn a_secret_inside_another_leaves_nothing_of_it() {
        let mut out = Vec::new();
        let mut report = TryReport::new(&mut out, false);
        report.hide(&Secret::new("0123456789"));
        report.hide(&Secret::new("abcdef0123456789ghijkl"));
        assert_eq!(report.fit("abcdef0123456789ghijkl"), "abcd…");
    }
}
