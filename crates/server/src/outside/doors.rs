//! Registration and management, without registering anybody. RFC 7591 §3, RFC 7592 §2.

use std::mem;

use protocol::Secret;
use registration::{Access, ENDPOINT, WSO2_ENDPOINTS};
use ureq::http::Method;
use ureq::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, ORIGIN, WWW_AUTHENTICATE};
use url::Url;

use super::documents::Place;
use super::visit::{STRANGER, Visits, get, said};
use super::{caching, checks};
use crate::attempt::http::{Answer, Authorization, Request};

/// A client that nobody has.
const NO_CLIENT: &str = "frontdesk-check";

/// JSON that no door takes for metadata.
const NO_METADATA: &str = "[]";

/// Every door of a provider; `body_max` is what the service reads of a body, in bytes.
pub(super) fn look(visits: &mut Visits<'_, '_>, place: &Place, body_max: usize) -> Result<(), String> {
    let register = place.at(&format!("{}/{ENDPOINT}", place.issuer.path()))?;
    let manage = place.at(&format!("{}/{ENDPOINT}/{NO_CLIENT}", place.issuer.path()))?;
    if stands(visits, place.access, &register)? {
        length(visits, &register, body_max)?;
        if place.access != Access::Closed {
            basic(visits, &register)?;
        }
    }
    bearer(visits, &manage)?;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = empty(method, &manage);
        if let Some(answer) = visits.refusal(&request, &[401])? {
            challenges(visits, &request, &answer, &["Bearer"])?;
        }
    }
    caching::preflight(visits, &register, &Method::POST)?;
    caching::preflight(visits, &manage, &Method::DELETE)?;
    for door in &place.doors {
        for name in WSO2_ENDPOINTS {
            for slash in ["", "/"] {
                wso2(visits, place.access, &empty(Method::POST, &place.at(&format!("{door}/{name}{slash}"))?))?;
            }
        }
        let query = "userId=nobody%40example.com&applicationName=nobody";
        let unregister = empty(Method::DELETE, &place.at(&format!("{door}/identity/register/{NO_CLIENT}?{query}"))?);
        if let Some(answer) = visits.refusal(&unregister, &[401])? {
            challenges(visits, &unregister, &answer, &["Basic"])?;
        }
    }
    Ok(())
}

/// Leaves out the doors for WSO2 clients that another program has, as when that is the authorization server on the same host: who has
/// no such clients need not pass them on.
pub(super) fn passed_on(visits: &mut Visits<'_, '_>, place: &mut Place) -> Result<(), String> {
    let mut kept = Vec::new();
    for door in mem::take(&mut place.doors) {
        let keys = get(&place.at(&format!("{door}/oauth2/jwks"))?);
        let register = empty(Method::POST, &place.at(&format!("{door}/{}", WSO2_ENDPOINTS[0]))?);
        let elsewhere = |request| visits.http.send(request).is_ok_and(|answer| answer.status == 404 && said(&answer).is_none());
        if elsewhere(&keys) && elsewhere(&register) {
            let origin = place.issuer.origin();
            visits
                .report
                .note(&format!("the paths for WSO2 clients below {origin}{door} are not passed on, which only such clients miss"))?;
        } else {
            kept.push(door);
        }
    }
    place.doors = kept;
    Ok(())
}

fn empty(method: Method, url: &Url) -> Request {
    let request = Request::new(method, url).header(ORIGIN, STRANGER);
    if matches!(request.method, Method::POST | Method::PUT) { request.with_json(NO_METADATA.to_owned()) } else { request }
}

/// Whether the standard door is as open as is configured.
fn stands(visits: &mut Visits<'_, '_>, access: Access, url: &Url) -> Result<bool, String> {
    let request = empty(Method::POST, url);
    let Some(answer) = visits.refusal(&request, &[400, 401, 403])? else { return Ok(false) };
    let (expected, configured) = match access {
        Access::Open => (400, "open"),
        Access::Protected => (401, "protected"),
        Access::Closed => (403, "closed"),
    };
    if answer.status != expected {
        let saw = format!("is answered with {} instead of {expected}, although registration is {configured}", answer.status);
        visits.found(&checks::ACCESS, &request, &saw)?;
        return Ok(false);
    }
    caching::cors(visits, &request, &answer)?;
    if answer.values(&CACHE_CONTROL) != ["no-store"] {
        let told = answer.values(&CACHE_CONTROL).join(", ");
        visits.found(&checks::CACHE_CONTROL, &request, &format!("has the Cache-Control {told:?} instead of \"no-store\""))?;
    }
    if access == Access::Protected {
        challenges(visits, &request, &answer, &["Bearer", "Basic"])?;
    }
    Ok(true)
}

/// That a refusal names exactly these schemes. RFC 9110 §11.6.1.
fn challenges(visits: &mut Visits<'_, '_>, request: &Request, answer: &Answer, schemes: &[&str]) -> Result<(), String> {
    let told = schemes_of(answer);
    if told == schemes {
        return Ok(());
    }
    let told = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
    visits.found(&checks::CHALLENGE, request, &format!("is refused with the challenges {told} instead of {}", schemes.join(", ")))
}

/// The schemes of an answer; a proxy may put several challenges on one line.
fn schemes_of(answer: &Answer) -> Vec<&str> {
    let told = answer.values(&WWW_AUTHENTICATE);
    let words = told.into_iter().flat_map(|value| value.split([' ', ',']));
    words.filter(|word| matches!(*word, "Bearer" | "Basic" | "Negotiate" | "Digest" | "NTLM")).collect()
}

/// A long body is refused for what is in it or for who sends it, not for its length.
fn length(visits: &mut Visits<'_, '_>, url: &Url, body_max: usize) -> Result<(), String> {
    let body = format!("[\"{}\"]", "a".repeat(body_max - body_max / 16));
    let request = Request::new(Method::POST, url).with_json(body);
    visits.refusal(&request, &[400, 401, 403]).map(drop)
}

/// Wrong credentials are refused in the scheme they came in, those that do not arrive in both. A refusal that names no
/// scheme at all is a finding of its own.
fn basic(visits: &mut Visits<'_, '_>, url: &Url) -> Result<(), String> {
    let wrong = Authorization::basic(NO_CLIENT, &Secret::new(NO_CLIENT));
    let request = empty(Method::POST, url).authorized(Some(wrong));
    let Some(answer) = visits.refusal(&request, &[400, 401, 429])? else { return Ok(()) };
    if answer.status == 429 {
        return visits.report.note(&format!("whether Basic credentials arrive at {url} cannot be seen now, after many wrong ones"));
    }
    if schemes_of(&answer) == ["Basic"] || (answer.status == 401 && schemes_of(&answer).is_empty()) {
        return Ok(());
    }
    visits.found(&checks::AUTHORIZATION, &request, "with Basic credentials is answered as if there were none")
}

/// A wrong token is called invalid, one that does not arrive is missing. RFC 6750 §3.1.
fn bearer(visits: &mut Visits<'_, '_>, url: &Url) -> Result<(), String> {
    let request = Request::get(url).header(ORIGIN, STRANGER).authorized(Some(Authorization::bearer(&Secret::new(NO_CLIENT))));
    let Some(answer) = visits.refusal(&request, &[401])? else { return Ok(()) };
    let told = answer.values(&WWW_AUTHENTICATE);
    if told.is_empty() || told.iter().any(|value| value.contains("invalid_token")) {
        return Ok(());
    }
    visits.found(&checks::AUTHORIZATION, &request, "with a Bearer token is answered as if there were none")
}

/// The WSO2 doors always ask for credentials, and are for programs and not for pages.
fn wso2(visits: &mut Visits<'_, '_>, access: Access, request: &Request) -> Result<(), String> {
    let expected = if access == Access::Closed { 403 } else { 401 };
    let Some(answer) = visits.refusal(request, &[401, 403])? else { return Ok(()) };
    if answer.status != expected {
        return visits.found(&checks::ACCESS, request, &format!("is answered with {} instead of {expected}", answer.status));
    }
    if answer.status == 401 {
        challenges(visits, request, &answer, &["Basic", "Bearer"])?;
    }
    let allowed = answer.values(&ACCESS_CONTROL_ALLOW_ORIGIN);
    if !allowed.is_empty() {
        let saw = format!("has Access-Control-Allow-Origin: {} although no page may read it", allowed.join(", "));
        visits.found(&checks::CORS, request, &saw)?;
    }
    Ok(())
}
