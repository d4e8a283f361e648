//! Prints steps as text for people or as JSON for programs, with secrets masked.

use std::io::Write;
use std::time::{Duration, Instant};

use protocol::escape::deceives;
use protocol::{Object, Secret};
use serde_json::{Value, json};

use super::quoted::{Quoted, replace_quoted};
use super::step_error::StepError;
use crate::client::{ProbeRequest, ProbeResponse};

/// The text that stands in place of a secret.
const MASK: &str = "…";

/// Members whose values are masked. RFC 7591 §3.2.1, RFC 7592 §3.
pub(super) const SECRET_MEMBERS: [&str; 2] = ["client_secret", "registration_access_token"];

/// The details of a step that are printed after its request and status.
#[derive(Debug, Default)]
pub(super) struct StepNotes {
    /// Members of the response.
    pub(super) members: Object,
    /// Notes about conditions that are not errors.
    pub(super) texts: Vec<String>,
    /// True if the provider lacks an optional feature.
    pub(super) absent: bool,
}

impl StepNotes {
    /// Adds the named members that `object` has, secrets masked.
    pub(super) fn add_members(&mut self, object: &Object, names: &[&str]) {
        for name in names {
            let Some(value) = object.get(*name) else {
                continue;
            };
            let shown = if SECRET_MEMBERS.contains(name) {
                describe_length(&display_value(value)).into()
            } else {
                value.clone()
            };
            self.members.insert((*name).to_owned(), shown);
        }
    }
}

/// The result of a step.
#[derive(Debug, Clone, Copy)]
pub(super) enum StepOutcome<'a> {
    Ok,
    /// The provider lacks an optional feature.
    Absent,
    /// The step failed, for this reason.
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

/// A step, as it is printed.
pub(super) struct PrintedStep<'a> {
    pub(super) name: &'static str,
    pub(super) request: &'a ProbeRequest,
    pub(super) answer: Option<&'a ProbeResponse>,
    pub(super) took: Duration,
    pub(super) notes: &'a StepNotes,
    pub(super) outcome: StepOutcome<'a>,
}

/// Writes steps to an output, and masks secrets in them.
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

    /// Masks `secret` in everything that is printed from now on.
    pub(super) fn mask(&mut self, secret: &Secret) {
        // Shorter secrets occur in ordinary words, which would be masked too.
        if secret.reveal().chars().count() >= 4 && !self.secrets.contains(secret) {
            self.secrets.push(secret.clone());
            // A secret may contain another: the longest is masked first.
            self.secrets
                .sort_by_key(|secret| std::cmp::Reverse(secret.reveal().len()));
        }
    }

    /// Masks the secrets in the quoted parts of a text, and replaces the characters that control a terminal.
    pub(super) fn sanitize(&self, text: &str) -> String {
        escape_control(&replace_quoted(text, |quoted| self.mask_text(quoted)))
    }

    /// Masks the secrets in a text of another party.
    fn mask_text(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.reveal(), MASK)
        })
    }

    /// Sanitizes a text of another party.
    fn sanitize_quoted(&self, text: &str) -> String {
        escape_control(&self.mask_text(text))
    }

    pub(super) fn print_step(&mut self, step: &PrintedStep<'_>) -> Result<(), StepError> {
        self.steps += 1;
        let lines = if self.json {
            self.to_json_line(step)
        } else {
            self.to_paragraph(step)
        };
        self.write(&lines)
    }

    /// Prints the result of all steps: of the provider, and the reason for which no user can log in there, if there is one.
    pub(super) fn print_summary(
        &mut self,
        outcome: &Result<Option<String>, StepError>,
    ) -> Result<(), StepError> {
        let (steps, milliseconds) = (self.steps, milliseconds(self.begun.elapsed()));
        let line = match (self.json, outcome) {
            (true, Ok(None)) => json!({"summary": "ok", "steps": steps, "milliseconds": milliseconds}).to_string(),
            (true, Ok(Some(reason))) => {
                json!({"summary": "ok", "no_login": reason, "steps": steps, "milliseconds": milliseconds}).to_string()
            }
            (true, Err(error)) => {
                json!({"summary": "failed", "step": error.step(), "error": error.to_string(), "steps": steps, "milliseconds": milliseconds})
                    .to_string()
            }
            (false, Ok(None)) => format!("Everything asked for works: {steps} steps in {milliseconds} ms."),
            (false, Ok(Some(reason))) => {
                format!("No user can log in at this provider: {reason}. Everything else that was asked for works: {steps} steps in {milliseconds} ms.")
            }
            (false, Err(error)) => format!("Stopped at {} after {milliseconds} ms.", error.step()),
        };
        self.write(&format!("{line}\n"))
    }

    fn to_paragraph(&self, step: &PrintedStep<'_>) -> String {
        let mut lines = vec![
            format!(
                "{}. {}: {} ({} ms)",
                self.steps,
                step.name,
                step.outcome.mark(),
                milliseconds(step.took)
            ),
            format!(
                "   {} {}",
                step.request.method,
                Quoted(step.request.url.as_str())
            ),
        ];
        if let Some(answer) = step.answer {
            lines.push(format!(
                "   {} {}",
                answer.status,
                Quoted(answer.content_type.as_deref().unwrap_or_default())
            ));
        }
        lines.extend(
            step.notes
                .members
                .iter()
                .map(|(name, value)| format!("   {name}: {}", Quoted(&display_value(value)))),
        );
        lines.extend(
            step.notes
                .texts
                .iter()
                .map(|note| format!("   note: {note}")),
        );
        let fit: Vec<String> = lines
            .iter()
            .map(|line| self.sanitize(line).trim_end().to_owned())
            .collect();
        fit.join("\n") + "\n"
    }

    fn to_json_line(&self, step: &PrintedStep<'_>) -> String {
        let mut object = Object::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("step", step.name.into());
        put("outcome", step.outcome.mark().to_ascii_lowercase().into());
        put("method", step.request.method.as_str().into());
        put(
            "url",
            self.sanitize_quoted(step.request.url.as_str()).into(),
        );
        if let Some(answer) = step.answer {
            put("status", answer.status.into());
            if let Some(content_type) = &answer.content_type {
                put("content_type", self.sanitize_quoted(content_type).into());
            }
        }
        put("milliseconds", milliseconds(step.took));
        if !step.notes.members.is_empty() {
            put(
                "members",
                self.sanitize_value(Value::Object(step.notes.members.clone())),
            );
        }
        if !step.notes.texts.is_empty() {
            let texts = step.notes.texts.iter().map(|text| self.sanitize(text));
            put("notes", texts.collect::<Vec<String>>().into());
        }
        if let StepOutcome::Failed(reason) = step.outcome {
            put("error", self.sanitize(reason).into());
        }
        format!("{}\n", Value::Object(object))
    }

    /// Sanitizes a value that another party sent.
    fn sanitize_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.sanitize_quoted(&text)),
            Value::Array(values) => values
                .into_iter()
                .map(|value| self.sanitize_value(value))
                .collect(),
            Value::Object(object) => object
                .into_iter()
                .map(|(name, value)| (self.sanitize_quoted(&name), self.sanitize_value(value)))
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

/// Returns the length of a secret, in words.
fn describe_length(secret: &str) -> String {
    format!("({} characters)", secret.chars().count())
}

/// Replaces characters that control a terminal or are invisible.
pub(crate) fn escape_control(text: &str) -> String {
    text.chars()
        .map(|c| if deceives(c) { '\u{fffd}' } else { c })
        .collect()
}

fn display_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values
            .iter()
            .map(display_value)
            .collect::<Vec<String>>()
            .join(" "),
        other => other.to_string(),
    }
}

fn milliseconds(duration: Duration) -> Value {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Secrets are masked in text of another party, and characters that control a terminal are shown nowhere.
    #[test]
    fn quoted_secrets_and_controls_are_hidden() {
        let mut out = Vec::new();
        let mut report = TryReport::new(&mut out, false);
        report.mask(&Secret::new("iat_0123456789abcdef"));
        report.mask(&Secret::new("hunter2"));
        report.mask(&Secret::new("abc"));
        let quoted = Quoted("token iat_0123456789abcdef, password hunter2, abc");
        assert_eq!(
            report.sanitize(&format!("said {quoted}")),
            "said token …, password …, abc"
        );
        assert_eq!(
            report.sanitize("a\u{1b}[2Jb\u{202e}c"),
            "a\u{fffd}[2Jb\u{fffd}c"
        );
    }

    /// A password that is one of our words is masked in text of another party only.
    #[test]
    fn own_words_are_not_masked() {
        let mut out = Vec::new();
        let mut report = TryReport::new(&mut out, false);
        report.mask(&Secret::new("status"));
        let sentence = format!("the status is {}", Quoted("a status"));
        assert_eq!(report.sanitize(&sentence), "the status is a …");
    }

    /// A secret that contains another secret is masked as a whole.
    #[test]
    fn nested_secret_is_masked_whole() {
        let mut out = Vec::new();
        let mut report = TryReport::new(&mut out, false);
        report.mask(&Secret::new("0123456789"));
        report.mask(&Secret::new("abcdef0123456789ghijkl"));
        let quoted = Quoted("abcdef0123456789ghijkl").to_string();
        assert_eq!(report.sanitize(&quoted), "…");
    }
}
