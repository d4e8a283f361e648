//! One question, and what an answer with the wrong status says of whoever sent it.

use std::collections::BTreeSet;

use serde_json::Value;
use ureq::http::header::{HeaderName, ORIGIN};
use url::Url;

use super::checks::{self, Check};
use super::report::CheckReport;
use crate::client::{ProbeClient, ProbeRequest, ProbeResponse};

/// What a page of somebody else's is called.
pub(super) const OTHER_ORIGIN: &str = "https://stranger.example";

/// How long a body may be to arrive wherever its head does, in bytes.
const SHORT: usize = 8192;

/// The way from question to question.
pub(super) struct OutsideChecker<'a, 'out> {
    pub(super) http: ProbeClient,
    pub(super) report: &'a mut CheckReport<'out>,
    /// Where the service answered.
    arrived: BTreeSet<Url>,
}

impl<'a, 'out> OutsideChecker<'a, 'out> {
    pub(super) fn new(http: ProbeClient, report: &'a mut CheckReport<'out>) -> Self {
        Self {
            http,
            report,
            arrived: BTreeSet::new(),
        }
    }

    /// Asks; nothing when there is no answer, which is a finding.
    pub(super) fn ask(&mut self, request: &ProbeRequest) -> Result<Option<ProbeResponse>, String> {
        match self.http.send(request) {
            Ok(answer) => self
                .report
                .asked(request, answer.status)
                .map(|()| Some(answer)),
            Err(reason) if request.length() > SHORT && self.arrived.contains(&request.url) => {
                self.found(
                    &checks::BODY,
                    request,
                    &format!(
                        "with a body of {} bytes is not answered, since {reason}",
                        request.length()
                    ),
                )?;
                Ok(None)
            }
            Err(reason) => {
                self.found(
                    &checks::UNREACHABLE,
                    request,
                    &format!("is not answered, since {reason}"),
                )?;
                Ok(None)
            }
        }
    }

    /// Asks for one of several statuses; nothing when it is another, which is a finding.
    pub(super) fn expect(
        &mut self,
        request: &ProbeRequest,
        statuses: &[u16],
    ) -> Result<Option<ProbeResponse>, String> {
        let Some(answer) = self.ask(request)? else {
            return Ok(None);
        };
        if statuses.contains(&answer.status) {
            self.arrived.insert(request.url.clone());
            return Ok(Some(answer));
        }
        let (check, saw) = match astray(request, &answer) {
            // As GET the same address arrived: it is not the address that is not passed on.
            (check, saw)
                if *check == checks::SWALLOWED
                    && request.changes()
                    && self.arrived.contains(&request.url) =>
            {
                (&checks::METHODS, saw)
            }
            other => other,
        };
        self.found(check, request, &saw)?;
        Ok(None)
    }

    /// Asks for a refusal of the service's own with one of several statuses.
    pub(super) fn refusal(
        &mut self,
        request: &ProbeRequest,
        statuses: &[u16],
    ) -> Result<Option<ProbeResponse>, String> {
        match self.expect(request, statuses)? {
            Some(answer) if said(&answer).is_none() => {
                let check = if answer.status == 401 {
                    &checks::LOGIN
                } else {
                    &checks::SWALLOWED
                };
                self.found(check, request, &by_another(&answer))?;
                Ok(None)
            }
            other => Ok(other),
        }
    }

    pub(super) fn found(
        &mut self,
        check: &'static Check,
        request: &ProbeRequest,
        saw: &str,
    ) -> Result<(), String> {
        self.report
            .found(check, &format!("{} {}", request.method, request.url), saw)
    }
}

/// GET as a page of a stranger would.
pub(super) fn get(url: &Url) -> ProbeRequest {
    ProbeRequest::get(url).header(ORIGIN, OTHER_ORIGIN)
}

/// An address of an origin.
pub(super) fn address(origin: &str, path: &str) -> Result<Url, String> {
    Url::parse(&format!("{origin}{path}"))
        .map_err(|fault| format!("{origin}{path} is no URL ({fault})"))
}

/// The description of a refusal of the service's own. RFC 6749 §5.2.
pub(super) fn said(answer: &ProbeResponse) -> Option<String> {
    let object = answer
        .object()
        .filter(|object| object.len() == 2 && object.get("error").is_some_and(Value::is_string))?;
    object
        .get("error_description")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// The part of a content type that names it.
pub(super) fn essence(answer: &ProbeResponse) -> String {
    let content_type = answer.content_type.as_deref().unwrap_or_default();
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// The only value of a header; nothing when there are several.
pub(super) fn only<'a>(answer: &'a ProbeResponse, name: &HeaderName) -> Option<&'a str> {
    match answer.values(name).as_slice() {
        [value] => Some(value),
        _ => None,
    }
}

/// An answer of another program, for a sentence.
pub(super) fn by_another(answer: &ProbeResponse) -> String {
    let kind = answer.content_type.as_deref().unwrap_or("no content type");
    format!(
        "is answered by another program, with {} and {kind}",
        answer.status
    )
}

/// What an unexpected status means.
pub(super) fn astray(request: &ProbeRequest, answer: &ProbeResponse) -> (&'static Check, String) {
    if let Some(location) = answer
        .location
        .as_deref()
        .filter(|_| (300..400).contains(&answer.status))
    {
        return redirected(&request.url, location);
    }
    let changes = request.changes();
    match (answer.status, said(answer)) {
        (421, _) => (
            &checks::MISDIRECTED,
            "is answered with 421, since the service was asked for another host".to_owned(),
        ),
        (status, Some(description)) if status >= 500 => (
            &checks::GATEWAY,
            format!(
                "is answered with {status}, and the service says: {}",
                description.trim_end_matches('.')
            ),
        ),
        (404 | 400, Some(description)) => {
            let status = answer.status;
            (
                &checks::PATH,
                format!(
                    "is answered with {status}, and the service says: {}",
                    description.trim_end_matches('.')
                ),
            )
        }
        (413, None) => (
            &checks::BODY,
            format!(
                "with a body of {} bytes is refused by the proxy with 413",
                request.length()
            ),
        ),
        (403 | 405 | 501, None) if changes => (
            &checks::METHODS,
            format!("is refused by another program with {}", answer.status),
        ),
        (405 | 501, _) if changes => (
            &checks::METHODS,
            format!(
                "is refused with {}: it arrives as another request",
                answer.status
            ),
        ),
        (500.., None) => (
            &checks::GATEWAY,
            format!(
                "is answered with {} by the proxy and not by the service",
                answer.status
            ),
        ),
        (401, None) => (&checks::LOGIN, by_another(answer)),
        (_, None) => (&checks::SWALLOWED, by_another(answer)),
        (status, Some(description)) => (
            &checks::DOCUMENT,
            format!(
                "is answered with {status}, and the service says: {}",
                description.trim_end_matches('.')
            ),
        ),
    }
}

/// What a redirect does to an address.
fn redirected(asked: &Url, location: &str) -> (&'static Check, String) {
    let saw = format!("is answered with a redirect to {location}");
    let Ok(next) = asked.join(location) else {
        return (&checks::REDIRECT, saw);
    };
    let bare = |url: &Url| url.path().trim_end_matches('/').to_owned();
    let check = if next == *asked || (asked.scheme() == "https" && next.scheme() == "http") {
        &checks::LOOP
    } else if next.host_str() != asked.host_str() {
        &checks::OTHER_HOST
    } else if next.path() != asked.path() && bare(&next) == bare(asked) {
        &checks::SLASH
    } else {
        &checks::REDIRECT
    };
    (check, saw)
}
