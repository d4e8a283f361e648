//! One step: ask, judge, show.

use std::time::Instant;

use protocol::{Object, Secret};
use serde_json::Value;

use super::report::{SECRET_MEMBERS, Step, StepNotes, StepOutcome, TryReport};
use super::step_error::StepError;
use crate::client::{Authorization, ProbeClient, ProbeRequest, ProbeResponse};

/// The way from step to step.
pub(super) struct StepRunner<'a, 'out> {
    http: ProbeClient,
    report: &'a mut TryReport<'out>,
}

impl<'a, 'out> StepRunner<'a, 'out> {
    pub(super) fn new(http: ProbeClient, report: &'a mut TryReport<'out>) -> Self {
        Self { http, report }
    }

    /// Masks what is secret in the credentials from here on.
    pub(super) fn hide(&mut self, authorization: &Authorization) {
        for secret in &authorization.secrets {
            self.report.hide(secret);
        }
    }

    /// A text fit to be shown.
    pub(super) fn fit(&self, text: &str) -> String {
        self.report.fit(text)
    }

    /// Asks, lets `judge` look at the answer, and shows both. The error of `judge` is the rest of a sentence after
    /// "{step} failed: ".
    pub(super) fn step<T>(
        &mut self,
        name: &'static str,
        request: &ProbeRequest,
        judge: impl FnOnce(&ProbeResponse, &mut StepNotes) -> Result<T, String>,
    ) -> Result<T, StepError> {
        let begun = Instant::now();
        let answer = self.http.send(request);
        let took = begun.elapsed();
        let mut notes = StepNotes::default();
        let verdict = answer.as_ref().map_err(Clone::clone).and_then(|answer| {
            self.hide_members(answer); // before anything of the answer is quoted
            judge(answer, &mut notes)
        });
        let outcome = match &verdict {
            Err(reason) => StepOutcome::Failed(reason),
            Ok(_) if notes.absent => StepOutcome::Absent,
            Ok(_) => StepOutcome::Ok,
        };
        self.report.step(&Step {
            name,
            request,
            answer: answer.as_ref().ok(),
            took,
            notes: &notes,
            outcome,
        })?;
        verdict.map_err(|reason| StepError::new(name, self.fit(&reason)))
    }

    fn hide_members(&mut self, answer: &ProbeResponse) {
        let Some(object) = answer.object() else {
            return;
        };
        for secret in SECRET_MEMBERS
            .iter()
            .filter_map(|member| object.get(*member))
            .filter_map(Value::as_str)
        {
            self.report.hide(&Secret::new(secret));
        }
    }
}

/// That the status is the one expected. The error is the rest of a sentence with what the server had to say.
pub(super) fn expect_status(answer: &ProbeResponse, expected: u16) -> Result<(), String> {
    let status = answer.status;
    if status == expected {
        return Ok(());
    }
    let more = match &answer.location {
        Some(location) if (300..400).contains(&status) => {
            format!(", a redirect to {location}, which clients do not follow here")
        }
        _ => said(answer),
    };
    Err(format!(
        "the status should be {expected} and is {status}{more}"
    ))
}

/// The error object of an OAuth answer (RFC 6749 §5.2), in brackets.
fn said(answer: &ProbeResponse) -> String {
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

/// The body as a JSON object. The error is the rest of a sentence.
pub(super) fn expect_object(answer: &ProbeResponse) -> Result<Object, String> {
    answer.object().ok_or_else(|| {
        let kind = answer
            .content_type
            .as_deref()
            .unwrap_or("of no content type");
        format!("the body should be a JSON object and is not one (its content type is {kind})")
    })
}
