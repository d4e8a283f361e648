//! Checks WebFinger on every host that a provider answers for. RFC 7033.

use protocol::Object;
use protocol::issuer::{ISSUER_REL, UNKNOWN_RESOURCE, WEBFINGER_PATH};
use serde_json::Value;
use url::Url;

use super::expected::ExpectedDescriptor;
use super::requests::{
    OutsideChecker, classify, describe_foreign, error_description, get, media_type, parse_address,
};
use super::{caching, checks};
use crate::client::{ProbeRequest, ProbeResponse};

/// The maximum number of redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Asks an origin about a resource.
pub(super) fn check(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedDescriptor,
) -> anyhow::Result<()> {
    let mut url = parse_address(&expected.origin, WEBFINGER_PATH)?;
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
) -> anyhow::Result<()> {
    for _ in 0..=MAX_REDIRECTS {
        let request = get(&url);
        let Some(answer) = checker.send(&request)? else {
            return Ok(());
        };
        let Some(location) = answer
            .location
            .clone()
            .filter(|_| (300..400).contains(&answer.status))
        else {
            return check_descriptor(checker, &request, &answer, expected);
        };
        caching::check_cors(checker, &request, &answer)?;
        let check = &checks::REDIRECTED_WEBFINGER;
        let next = match url.join(&location) {
            Ok(next) if next == url => {
                return checker.add_finding(&checks::LOOP, &request, "is redirected to itself");
            }
            Ok(next) if next.scheme() == "https" || url.scheme() == "http" => next,
            _ => {
                return checker.add_finding(
                    check,
                    &request,
                    &format!("is redirected to {location}, which is not https"),
                );
            }
        };
        if next.query() != url.query() {
            return checker.add_finding(
                check,
                &request,
                &format!("is redirected to {location}, which has another query"),
            );
        }
        url = next;
    }
    checker.add_finding(
        &checks::LOOP,
        &get(&url),
        &format!("is redirected more than {MAX_REDIRECTS} times"),
    )
}

fn check_descriptor(
    checker: &mut OutsideChecker<'_, '_>,
    request: &ProbeRequest,
    answer: &ProbeResponse,
    expected: &Value,
) -> anyhow::Result<()> {
    match (answer.status, error_description(answer)) {
        (200, _) => {}
        (400, Some(_)) => {
            return checker.add_finding(
                &checks::QUERY,
                request,
                "is answered with 400, since the query arrives incomplete",
            );
        }
        (404, Some(description)) if description == UNKNOWN_RESOURCE => {
            return checker.add_finding(
                &checks::DOCUMENT,
                request,
                "is answered with 404, since the service does not know the resource",
            );
        }
        _ => {
            let (check, saw) = classify(request, answer);
            return checker.add_finding(check, request, &saw);
        }
    }
    let Some(object) = answer.object() else {
        return checker.add_finding(&checks::SWALLOWED, request, &describe_foreign(answer));
    };
    check_content_type(checker, request, answer)?;
    caching::check_cors(checker, request, answer)?;
    compare(checker, request, object, expected)
}

fn check_content_type(
    checker: &mut OutsideChecker<'_, '_>,
    request: &ProbeRequest,
    answer: &ProbeResponse,
) -> anyhow::Result<()> {
    if media_type(answer) != "application/jrd+json" {
        let kind = answer.content_type.as_deref().unwrap_or("none");
        checker.add_finding(
            &checks::CONTENT_TYPE,
            request,
            &format!("has the content type {kind} instead of application/jrd+json"),
        )?;
    }
    Ok(())
}

/// Compares a descriptor with the expected one.
fn compare(
    checker: &mut OutsideChecker<'_, '_>,
    request: &ProbeRequest,
    object: Object,
    expected: &Value,
) -> anyhow::Result<()> {
    if object.get("subject") != expected.get("subject") {
        let subject = object
            .get("subject")
            .and_then(Value::as_str)
            .unwrap_or_default();
        return checker.add_finding(
            &checks::QUERY,
            request,
            &format!("is answered about {subject:?}"),
        );
    }
    let link = |value: Option<&Value>| value.and_then(|links| links.get(0)?.get("href").cloned());
    if link(object.get("links")) != link(expected.get("links")) {
        return checker.add_finding(
            &checks::ISSUER,
            request,
            "names another issuer than this configuration",
        );
    }
    if Value::Object(object) != *expected {
        return checker.add_finding(
            &checks::DOCUMENT,
            request,
            "differs from this configuration",
        );
    }
    Ok(())
}
