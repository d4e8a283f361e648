//! Runs one step: sends its request, checks the response, prints both.

use std::time::Instant;

use protocol::{Object, Secret};
use serde_json::Value;

use super::report::{SECRET_MEMBERS, Step, StepNotes, StepOutcome, TryReport};
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
    /// "{step} failed: ".
    pub(super) fn run_step<T>(
        &mut self,
        name: &'static str,
        request: &ProbeRequest,
        check: impl FnOnce(&ProbeResponse, &mut StepNotes) -> Result<T, String>,
    ) -> Result<T, StepError> {
        let begun = Instant::now();
        let answer = self.http.send(request);
        let took = begun.elapsed();
        let mut notes = StepNotes::default();
        let verdict = answer.as_ref().map_err(Clone::clone).and_then(|answer| {
            self.mask_secret_members(answer); // before any of the response is quoted
            check(answer, &mut notes)
        });
        let outcome = match &verdict {
            Err(reason) => StepOutcome::Failed(reason),
            Ok(_) if notes.absent => StepOutcome::Absent,
            Ok(_) => StepOutcome::Ok,
        };
        self.report.print_step(&Step {
            name,
            request,
            answer: answer.as_ref().ok(),
            took,
            notes: &notes,
            outcome,
        })?;
        verdict.map_err(|reason| StepError::new(name, self.sanitize(&reason)))
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
pub(super) fn expect_status(answer: &ProbeResponse, expected: u16) -> Result<(), String> {
    let status = answer.status;
    if status == expected {
        return Ok(());
    }
    let more = match &answer.location {
        Some(location) if (300..400).contains(&status) => {
            format!(", a redirect to {location}, which clients do not follow for this request")
        }
        _ => oauth_error(answer),
    };
    Err(format!(
        "the status should be {expected} and is {status}{more}"
    ))
}

/// Returns the error object of an OAuth response (RFC 6749 §5.2) in brackets, or an empty string.
fn oauth_error(answer: &ProbeResponse) -> String {
    let object = answer.object().unwrap_or_default();
    let text = |member: &str| object.get(member).and_then(Value::as_str);
    match (text("error"), text("error_description")) {
        (Some(error), Some(description)) => {
            format!(" ({error}: {})", description.trim_end_matches('.'))
        }
        (Some(error), None) => format!(" ({error})"),
        _ => String::new(),
    }
}

/// Returns the body as a JSON object. The error is the rest of a sentence.
pub(super) fn expect_object(answer: &ProbeResponse) -> Result<Object, String> {
    answer.object().ok_or_else(|| {
        let kind = answer.content_type.as_deref().unwrap_or("missing");
        format!("the body should be a JSON object and is not one (its content type is {kind})")
    })
}
