//! WebFinger on every host a provider answers for. RFC 7033.

use ::webfinger::{Directory, ISSUER_REL, PATH, Resource};
use serde_json::Value;
use url::Url;

use super::visit::{Visits, address, astray, by_another, essence, get, said};
use super::{caching, checks};
use crate::attempt::http::{Answer, Request};
use crate::config::ProviderConfig;

/// How many redirects are followed.
const HOPS_MAX: usize = 5;

/// Asks on the issuer's own host about the issuer, and on each domain about an account that nobody has. Its name has an escape
/// of its own, which shows what becomes of percent-encoding.
pub(super) fn look(
    visits: &mut Visits<'_, '_>,
    directory: &Directory,
    provider: &ProviderConfig,
    reached: impl Fn(&str) -> bool,
) -> Result<(), String> {
    let issuer = &provider.issuer;
    let own = (issuer.origin().to_owned(), issuer.as_str().to_owned());
    let domains = provider.domains.iter().map(|domain| (format!("https://{domain}"), format!("acct:frontdesk%2Bcheck@{domain}")));
    for (origin, resource) in [own].into_iter().chain(domains).filter(|(origin, _)| reached(origin)) {
        let told = Resource::parse(&resource).ok().and_then(|resource| directory.describe(&resource, &[ISSUER_REL.to_owned()]));
        let expected = told.and_then(|told| serde_json::from_str::<Value>(&told).ok()).unwrap_or_default();
        let mut url = address(&origin, PATH)?;
        url.query_pairs_mut().append_pair("resource", &resource).append_pair("rel", ISSUER_REL);
        follow(visits, url, &expected)?;
    }
    Ok(())
}

/// Follows redirects, which WebFinger may use. RFC 7033 §4.2.
fn follow(visits: &mut Visits<'_, '_>, mut url: Url, expected: &Value) -> Result<(), String> {
    for _ in 0..=HOPS_MAX {
        let request = get(&url);
        let Some(answer) = visits.ask(&request)? else { return Ok(()) };
        let Some(location) = answer.location.clone().filter(|_| (300..400).contains(&answer.status)) else {
            return descriptor(visits, &request, &answer, expected);
        };
        caching::cors(visits, &request, &answer)?;
        let check = &checks::REDIRECTED_WEBFINGER;
        let next = match url.join(&location) {
            Ok(next) if next == url => return visits.found(&checks::LOOP, &request, "is redirected to itself"),
            Ok(next) if next.scheme() == "https" || url.scheme() == "http" => next,
            _ => return visits.found(check, &request, &format!("is redirected to {location}, which is not https")),
        };
        if next.query() != url.query() {
            return visits.found(check, &request, &format!("is redirected to {location}, which has not the same query"));
        }
        url = next;
    }
    visits.found(&checks::LOOP, &get(&url), &format!("is redirected more than {HOPS_MAX} times"))
}

fn descriptor(visits: &mut Visits<'_, '_>, request: &Request, answer: &Answer, expected: &Value) -> Result<(), String> {
    match (answer.status, said(answer)) {
        (200, _) => {}
        (400, Some(_)) => return visits.found(&checks::QUERY, request, "is answered with 400, since the query does not arrive whole"),
        (404, Some(told)) if told.contains("that resource") => {
            return visits.found(&checks::DOCUMENT, request, "is answered with 404, since the service does not know the resource");
        }
        _ => {
            let (check, saw) = astray(request, answer);
            return visits.found(check, request, &saw);
        }
    }
    let Some(object) = answer.object() else { return visits.found(&checks::SWALLOWED, request, &by_another(answer)) };
    if essence(answer) != "application/jrd+json" {
        let kind = answer.content_type.as_deref().unwrap_or("none");
        visits.found(&checks::CONTENT_TYPE, request, &format!("has the content type {kind} instead of application/jrd+json"))?;
    }
    caching::cors(visits, request, answer)?;
    if object.get("subject") != expected.get("subject") {
        let told = object.get("subject").and_then(Value::as_str).unwrap_or_default();
        return visits.found(&checks::QUERY, request, &format!("is answered about {told:?}"));
    }
    let link = |value: Option<&Value>| value.and_then(|links| links.get(0)?.get("href").cloned());
    if link(object.get("links")) != link(expected.get("links")) {
        return visits.found(&checks::ISSUER, request, "leads to another issuer than this configuration says");
    }
    if Value::Object(object) != *expected {
        return visits.found(&checks::DOCUMENT, request, "says other things than this configuration");
    }
    Ok(())
}
