//! Sends a request, and classifies a response with an unexpected status.

use std::collections::BTreeSet;

use anyhow::anyhow;
use serde_json::Value;
use ureq::http::Method;
use ureq::http::header::{HeaderName, ORIGIN};
use url::Url;

use super::checks::{self, Check};
use super::report::CheckReport;
use crate::client::{ProbeClient, ProbeRequest, ProbeResponse};

/// The origin of a foreign web page.
pub(super) const OTHER_ORIGIN: &str = "https://stranger.example";

/// The maximum length of a body that arrives wherever its head does, in bytes.
const SHORT_BODY_BYTES: usize = 8192;

/// Sends the requests of every check and reports their findings.
pub(super) struct OutsideChecker<'a, 'out> {
    pub(super) http: ProbeClient,
    pub(super) report: &'a mut CheckReport<'out>,
    /// Addresses at which the service answered.
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

    /// Sends a request. A missing response is a finding, and `None` is returned.
    pub(super) fn send(&mut self, request: &ProbeRequest) -> anyhow::Result<Option<ProbeResponse>> {
        match self.http.send(request) {
            Ok(answer) => self
                .report
                .add_request(request, answer.status)
                .map(|()| Some(answer)),
            Err(reason)
                if request.body_length() > SHORT_BODY_BYTES
                    && self.arrived.contains(&request.url) =>
            {
                self.add_finding(
                    &checks::BODY,
                    request,
                    &format!(
                        "with a body of {} bytes is not answered, since {reason}",
                        request.body_length()
                    ),
                )?;
                Ok(None)
            }
            Err(reason) => {
                self.add_finding(
                    &checks::UNREACHABLE,
                    request,
                    &format!("is not answered, since {reason}"),
                )?;
                Ok(None)
            }
        }
    }

    /// Sends a request that must get one of `statuses`. Another status is a finding, and `None` is returned.
    pub(super) fn expect(
        &mut self,
        request: &ProbeRequest,
        statuses: &[u16],
    ) -> anyhow::Result<Option<ProbeResponse>> {
        let Some(answer) = self.send(request)? else {
            return Ok(None);
        };
        if statuses.contains(&answer.status) {
            self.arrived.insert(request.url.clone());
            return Ok(Some(answer));
        }
        let (check, saw) = match classify(request, &answer) {
            // A GET of this address reached the service, so the method is blocked and not the address.
            (check, saw)
                if *check == checks::SWALLOWED
                    && request.is_modifying()
                    && self.arrived.contains(&request.url) =>
            {
                (&checks::METHODS, saw)
            }
            other => other,
        };
        self.add_finding(check, request, &saw)?;
        Ok(None)
    }

    /// Sends a request that the service itself must refuse with one of `statuses`.
    pub(super) fn expect_refusal(
        &mut self,
        request: &ProbeRequest,
        statuses: &[u16],
    ) -> anyhow::Result<Option<ProbeResponse>> {
        match self.expect(request, statuses)? {
            Some(answer) if error_description(&answer).is_none() => {
                let check = if answer.status == 401 {
                    &checks::LOGIN
                } else {
                    &checks::SWALLOWED
                };
                self.add_finding(check, request, &describe_foreign(&answer))?;
                Ok(None)
            }
            other => Ok(other),
        }
    }

    pub(super) fn add_finding(
        &mut self,
        check: &'static Check,
        request: &ProbeRequest,
        saw: &str,
    ) -> anyhow::Result<()> {
        self.report
            .add_finding(check, &format!("{} {}", request.method, request.url), saw)
    }
}

/// Returns a GET request as from a foreign web page.
pub(super) fn get(url: &Url) -> ProbeRequest {
    ProbeRequest::get(url).with_header(ORIGIN, OTHER_ORIGIN)
}

/// Parses the URL of a path at an origin.
pub(super) fn parse_address(origin: &str, path: &str) -> anyhow::Result<Url> {
    Url::parse(&format!("{origin}{path}"))
        .map_err(|fault| anyhow!("{origin}{path} is not a URL ({fault})"))
}

/// Returns the `error_description` if the service itself refused the request. RFC 6749 §5.2.
pub(super) fn error_description(answer: &ProbeResponse) -> Option<String> {
    let object = answer
        .object()
        .filter(|object| object.len() == 2 && object.get("error").is_some_and(Value::is_string))?;
    object
        .get("error_description")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

/// The content type without its parameters, in lower case.
pub(super) fn media_type(answer: &ProbeResponse) -> String {
    let content_type = answer.content_type.as_deref().unwrap_or_default();
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// The value of a header, or `None` if it occurs several times.
pub(super) fn single_value<'a>(answer: &'a ProbeResponse, name: &HeaderName) -> Option<&'a str> {
    match answer.values(name).as_slice() {
        [value] => Some(value),
        _ => None,
    }
}

/// Describes a response of another program, as the rest of a sentence.
pub(super) fn describe_foreign(answer: &ProbeResponse) -> String {
    let kind = answer.content_type.as_deref().unwrap_or("no content type");
    format!(
        "is answered by another program, with {} and {kind}",
        answer.status
    )
}

/// Returns the check that an unexpected status fails, and the rest of a sentence about it.
pub(super) fn classify(request: &ProbeRequest, answer: &ProbeResponse) -> (&'static Check, String) {
    let status = answer.status;
    if let Some(location) = answer
        .location
        .as_deref()
        .filter(|_| (300..400).contains(&status))
    {
        return classify_redirect(&request.url, location);
    }
    if status == 421 {
        let saw = "is answered with 421, since the service was asked for another host";
        return (&checks::MISDIRECTED, saw.to_owned());
    }
    match error_description(answer) {
        Some(description) => classify_refusal(request, status, &description),
        None => classify_foreign(request, answer),
    }
}

/// Classifies a refusal by the service itself.
fn classify_refusal(
    request: &ProbeRequest,
    status: u16,
    description: &str,
) -> (&'static Check, String) {
    let description = description.trim_end_matches('.');
    let said = format!("is answered with {status}, and the service says: {description}");
    match status {
        405 if request.is_modifying() => (
            &checks::METHODS,
            format!("is refused with {status}: the service received another request"),
        ),
        429 if request.method == Method::POST => (
            &checks::LIMIT,
            format!("is answered with {status}, since the limit of registrations was reached"),
        ),
        500.. => (&checks::GATEWAY, said),
        404 | 400 => (&checks::PATH, said),
        _ => (&checks::DOCUMENT, said),
    }
}

/// Classifies a response of another program.
fn classify_foreign(request: &ProbeRequest, answer: &ProbeResponse) -> (&'static Check, String) {
    let (status, changes) = (answer.status, request.is_modifying());
    match status {
        413 => (
            &checks::BODY,
            format!(
                "with a body of {} bytes is refused by the proxy with 413",
                request.body_length()
            ),
        ),
        403 | 405 | 501 if changes => (
            &checks::METHODS,
            format!("is refused by another program with {status}"),
        ),
        500.. => (
            &checks::GATEWAY,
            format!("is answered with {status} by the proxy and not by the service"),
        ),
        401 => (&checks::LOGIN, describe_foreign(answer)),
        _ => (&checks::SWALLOWED, describe_foreign(answer)),
    }
}

/// Returns the check that a redirect fails, and the rest of a sentence about it.
fn classify_redirect(asked: &Url, location: &str) -> (&'static Check, String) {
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
