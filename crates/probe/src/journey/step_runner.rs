//! Runs a step: sends its request, checks the response, prints both.

use std::time::Instant;

use anyhow::{Context, bail};
use protocol::error_code::FIXED_DESCRIPTIONS;
use protocol::{ErrorCode, Object, Secret};
use serde_json::Value;

use super::quoted::Quoted;
use super::report::{PrintedStep, SECRET_MEMBERS, StepNotes, StepOutcome, TryReport};
use super::step_error::StepError;
use crate::client::{Authorization, ProbeClient, ProbeRequest, ProbeResponse};

pub(super) struct StepRunner<'a, 'out> {
    http: ProbeClient,
    report: &'a mut TryReport<'out>,
}

impl<'a, 'out> StepRunner<'a, 'out> {
    pub(super) fn new(http: ProbeClient, report: &'a mut TryReport<'out>) -> Self {
        Self { http, report }
    }

    /// Masks the secrets of the credentials in everything that is printed from now on.
    pub(super) fn mask(&mut self, authorization: &Authorization) {
        for secret in &authorization.secrets {
            self.report.mask(secret);
        }
    }

    /// Masks secrets and control characters in a text.
    pub(super) fn sanitize(&self, text: &str) -> String {
        self.report.sanitize(text)
    }

    /// Sends a request, checks its response with `check`, and prints both. The error of `check` is the rest of a sentence after
    /// "{step} failed: ", and so is the reason why there is no response, which fails the step.
    pub(super) fn run_step<T>(
        &mut self,
        name: &'static str,
        request: &ProbeRequest,
        check: impl FnOnce(&ProbeResponse, &mut StepNotes) -> anyhow::Result<T>,
    ) -> Result<T, StepError> {
        self.run_tolerant_step(name, request, check, |reason, _| Err(reason))
    }

    /// As [`StepRunner::run_step`], but `no_answer` decides whether the step failed without a response.
    pub(super) fn run_tolerant_step<T>(
        &mut self,
        name: &'static str,
        request: &ProbeRequest,
        check: impl FnOnce(&ProbeResponse, &mut StepNotes) -> anyhow::Result<T>,
        no_answer: impl FnOnce(anyhow::Error, &mut StepNotes) -> anyhow::Result<T>,
    ) -> Result<T, StepError> {
        let begun = Instant::now();
        let answer = self.http.send(request);
        let took = begun.elapsed();
        let mut notes = StepNotes::default();
        let (answer, verdict) = match answer {
            Ok(answer) => {
                self.mask_secret_members(&answer); // before any of the response is printed
                let verdict = check(&answer, &mut notes);
                (Some(answer), verdict)
            }
            Err(reason) => (None, no_answer(reason, &mut notes)),
        };
        let verdict = verdict.map_err(|error| format!("{error:#}"));
        let outcome = match &verdict {
            Err(reason) => StepOutcome::Failed(reason),
            Ok(_) if notes.absent => StepOutcome::Absent,
            Ok(_) => StepOutcome::Ok,
        };
        self.report.print_step(&PrintedStep {
            name,
            request,
            answer: answer.as_ref(),
            took,
            notes: &notes,
            outcome,
        })?;
        verdict.map_err(|reason| self.fail(name, &reason))
    }

    /// Returns the error of a step, with secrets and control characters of its reason masked.
    pub(super) fn fail(&self, step: &'static str, reason: &str) -> StepError {
        StepError::new(step, self.sanitize(reason))
    }

    fn mask_secret_members(&mut self, answer: &ProbeResponse) {
        let Some(object) = answer.object() else {
            return;
        };
        for secret in SECRET_MEMBERS
            .iter()
            .filter_map(|member| object.get(*member))
            .filter_map(Value::as_str)
        {
            self.report.mask(&Secret::new(secret));
        }
    }
}

/// Checks the status. The error is the rest of a sentence and includes the server's error description.
pub(super) fn expect_status(answer: &ProbeResponse, expected: u16) -> anyhow::Result<()> {
    let status = answer.status;
    if status == expected {
        return Ok(());
    }
    let more = match &answer.location {
        Some(location) if (300..400).contains(&status) => {
            let location = Quoted(location);
            format!(", a redirect to {location}, which clients do not follow for this request")
        }
        _ => oauth_error(answer),
    };
    bail!("the status should be {expected} and is {status}{more}")
}

/// Returns the error object of an OAuth response (RFC 6749 §5.2) in brackets, or an empty string. A code and a description
/// that the specifications or this project define are not quoted, since every word of them is known.
pub(super) fn oauth_error(answer: &ProbeResponse) -> String {
    let object = answer.object().unwrap_or_default();
    let text = |member: &str| object.get(member).and_then(Value::as_str);
    let Some(error) = text("error") else {
        return String::new();
    };
    let code = if ErrorCode::ROWS.iter().any(|row| row.name == error) {
        error.to_owned()
    } else {
        Quoted(error).to_string()
    };
    match text("error_description") {
        Some(known) if FIXED_DESCRIPTIONS.contains(&known) => {
            format!(" ({code}: {})", known.trim_end_matches('.'))
        }
        Some(description) => {
            format!(" ({code}: {})", Quoted(description.trim_end_matches('.')))
        }
        None => format!(" ({code})"),
    }
}

/// Returns the body as a JSON object. The error is the rest of a sentence.
pub(super) fn expect_object(answer: &ProbeResponse) -> anyhow::Result<Object> {
    answer.object().with_context(|| {
        let kind = Quoted(answer.content_type.as_deref().unwrap_or("missing"));
        format!("the body should be a JSON object and is not one (its content type is {kind})")
    })
}
