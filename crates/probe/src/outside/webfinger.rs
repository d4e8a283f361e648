//! WebFinger on every host a provider answers for. RFC 7033.

use protocol::issuer::{ISSUER_REL, UNKNOWN_RESOURCE, WEBFINGER_PATH};
use serde_json::Value;
use url::Url;

use super::expected::ExpectedDescriptor;
use super::requests::{OutsideChecker, address, astray, by_another, essence, get, said};
use super::{caching, checks};
use crate::client::{ProbeRequest, ProbeResponse};

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 5;

/// Asks one origin about one resource.
pub(super) fn check(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedDescriptor,
) -> Result<(), String> {
    let mut url = address(&expected.origin, WEBFINGER_PATH)?;
    url.query_pairs_mut()
        .append_pair("resource", &expected.resource)
        .append_pair("rel", ISSUER_REL);
    follow(checker, url, &expected.document)
}

/// Follows redirects, which WebFinger may use. RFC 7033 §4.2.
fn follow(
    checker: &mut OutsideChecker<'_, '_>,
    mut url: Url,
    expected: &Value,
) -> Result<(), String> {
    for _ in 0..=MAX_REDIRECTS {
        let request = get(&url);
        let Some(answer) = checker.ask(&request)? else {
            return Ok(());
        };
        let Some(location) = answer
            .location
            .clone()
            .filter(|_| (300..400).contains(&answer.status))
        else {
            return descriptor(checker, &request, &answer, expected);
        };
        caching::cors(checker, &request, &answer)?;
        let check = &checks::REDIRECTED_WEBFINGER;
        let next = match url.join(&location) {
            Ok(next) if next == url => {
                return checker.found(&checks::LOOP, &request, "is redirected to itself");
            }
            Ok(next) if next.scheme() == "https" || url.scheme() == "http" => next,
            _ => {
                return checker.found(
                    check,
                    &request,
                    &format!("is redirected to {location}, which is not https"),
                );
            }
        };
        if next.query() != url.query() {
            return checker.found(
                check,
                &request,
                &format!("is redirected to {location}, which has not the same query"),
            );
        }
        url = next;
    }
    checker.found(
        &checks::LOOP,
        &get(&url),
        &format!("is redirected more than {MAX_REDIRECTS} times"),
    )
}

fn descriptor(
    checker: &mut OutsideChecker<'_, '_>,
    request: &ProbeRequest,
    answer: &ProbeResponse,
    expected: &Value,
) -> Result<(), String> {
    match (answer.status, said(answer)) {
        (200, _) => {}
        (400, Some(_)) => {
            return checker.found(
                &checks::QUERY,
                request,
                "is answered with 400, since the query does not arrive whole",
            );
        }
        (404, Some(told)) if told == UNKNOWN_RESOURCE => {
            return checker.found(
                &checks::DOCUMENT,
                request,
                "is answered with 404, since the service does not know the resource",
            );
        }
        _ => {
            let (check, saw) = astray(request, answer);
            return checker.found(check, request, &saw);
        }
    }
    let Some(object) = answer.object() else {
        return checker.found(&checks::SWALLOWED, request, &by_another(answer));
    };
    if essence(answer) != "application/jrd+json" {
        let kind = answer.content_type.as_deref().unwrap_or("none");
        checker.found(
            &checks::CONTENT_TYPE,
            request,
            &format!("has the content type {kind} instead of application/jrd+json"),
        )?;
    }
    caching::cors(checker, request, answer)?;
    if object.get("subject") != expected.get("subject") {
        let told = object
            .get("subject")
            .and_then(Value::as_str)
            .unwrap_or_default();
        return checker.found(
            &checks::QUERY,
            request,
            &format!("is answered about {told:?}"),
        );
    }
    let link = |value: Option<&Value>| value.and_then(|links| links.get(0)?.get("href").cloned());
    if link(object.get("links")) != link(expected.get("links")) {
        return checker.found(
            &checks::ISSUER,
            request,
            "leads to another issuer than this configuration says",
        );
    }
    if Value::Object(object) != *expected {
        return checker.found(
            &checks::DOCUMENT,
            request,
            "says other things than this configuration",
        );
    }
    Ok(())
}
