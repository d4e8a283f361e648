//! One step: ask, judge, show.

use std::time::Instant;

use protocol::{Object, Secret};
use serde_json::Value;

use super::broken::Broken;
use super::http::{Answer, Authorization, Http, Request};
use super::report::{Findings, Outcome, Report, SECRET_MEMBERS, Step};

/// The way from step to step.
pub(super) struct Journey<'a, 'out> {
    http: Http,
    report: &'a mut Report<'out>,
}

impl<'a, 'out> Journey<'a, 'out> {
    pub(super) fn new(http: Http, report: &'a mut Report<'out>) -> Self {
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
        request: &Request,
        judge: impl FnOnce(&Answer, &mut Findings) -> Result<T, String>,
    ) -> Result<T, Broken> {
        let begun = Instant::now();
        let answer = self.http.send(request);
        let took = begun.elapsed();
        let mut findings = Findings::default();
        let verdict = answer.as_ref().map_err(Clone::clone).and_then(|answer| {
            self.hide_members(answer); // before anything of the answer is quoted
            judge(answer, &mut findings)
        });
        let outcome = match &verdict {
            Err(reason) => Outcome::Failed(reason),
            Ok(_) if findings.absent => Outcome::Absent,
            Ok(_) => Outcome::Ok,
        };
        self.report.step(&Step { name, request, answer: answer.as_ref().ok(), took, findings: &findings, outcome })?;
        verdict.map_err(|reason| Broken::new(name, self.fit(&reason)))
    }

    fn hide_members(&mut self, answer: &Answer) {
        let Some(object) = answer.object() else { return };
        for secret in SECRET_MEMBERS.iter().filter_map(|member| object.get(*member)).filter_map(Value::as_str) {
            self.report.hide(&Secret::new(secret));
        }
    }
}

/// That the status is the one expected. The error is the rest of a sentence with what the server had to say.
pub(super) fn expect_status(answer: &Answer, expected: u16) -> Result<(), String> {
    let status = answer.status;
    if status == expected {
        return Ok(());
    }
    let more = match &answer.location {
        Some(location) if (300..400).contains(&status) => format!(", a redirect to {location}, which clients do not follow here"),
        _ => said(answer),
    };
    Err(format!("the status should be {expected} and is {status}{more}"))
}

/// The error object of an OAuth answer (RFC 6749 §5.2), in brackets.
fn said(answer: &Answer) -> String {
    let object = answer.object().unwrap_or_default();
    let text = |member: &str| object.get(member).and_then(Value::as_str);
    match (text("error"), text("error_description")) {
        (Some(error), Some(description)) => format!(" ({error}: {})", description.trim_end_matches('.')),
        (Some(error), None) => format!(" ({error})"),
        _ => String::new(),
    }
}

/// The body as a JSON object. The error is the rest of a sentence.
pub(super) fn expect_object(answer: &Answer) -> Result<Object, String> {
    answer.object().ok_or_else(|| {
        let kind = answer.content_type.as_deref().unwrap_or("of no content type");
        format!("the body should be a JSON object and is not one (its content type is {kind})")
    })
}
