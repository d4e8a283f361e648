//! Registration and management, without registering anybody. RFC 7591 §3, RFC 7592 §2.

use std::mem;

use protocol::Secret;
use ureq::http::Method;
use ureq::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, ORIGIN, WWW_AUTHENTICATE};
use url::Url;

use super::expected::ExpectedProvider;
use super::requests::{OTHER_ORIGIN, OutsideChecker, get, said};
use super::{caching, checks};
use crate::client::{Authorization, ProbeRequest, ProbeResponse};

/// The status of a registration without credentials at a protected provider.
const PROTECTED: u16 = 401;

/// The status of every registration at a closed provider.
const CLOSED: u16 = 403;

/// The identifier of a client that does not exist.
const NO_CLIENT: &str = "frontdesk-check";

/// JSON that no endpoint takes for metadata.
const NO_METADATA: &str = "[]";

/// Checks every registration and management endpoint of a provider.
pub(super) fn check(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedProvider,
) -> Result<(), String> {
    let register = expected.address(&expected.registration_path)?;
    let manage = expected.address(&format!("{}/{NO_CLIENT}", expected.registration_path))?;
    if is_as_open_as_configured(checker, expected.anonymous_status, &register)? {
        length(checker, &register, expected.body_bytes)?;
        if expected.anonymous_status != CLOSED {
            basic(checker, &register)?;
        }
    }
    bearer(checker, &manage)?;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = empty(method, &manage);
        if let Some(answer) = checker.refusal(&request, &[401])? {
            challenges(checker, &request, &answer, &["Bearer"])?;
        }
    }
    caching::preflight(checker, &register, &Method::POST)?;
    caching::preflight(checker, &manage, &Method::DELETE)?;
    for paths in &expected.wso2_paths {
        for path in &paths.registration {
            for slash in ["", "/"] {
                wso2(
                    checker,
                    expected.anonymous_status,
                    &empty(Method::POST, &expected.address(&format!("{path}{slash}"))?),
                )?;
            }
        }
        let Some(registration) = paths.registration.last() else {
            continue;
        };
        let query = "userId=nobody%40example.com&applicationName=nobody";
        let unregister = empty(
            Method::DELETE,
            &expected.address(&format!("{registration}/{NO_CLIENT}?{query}"))?,
        );
        if let Some(answer) = checker.refusal(&unregister, &[401])? {
            challenges(checker, &unregister, &answer, &["Basic"])?;
        }
    }
    Ok(())
}

/// Leaves out the addresses for WSO2 clients that another program serves, such as the authorization server on the same host:
/// a deployment without such clients need not pass them on.
pub(super) fn leave_out_foreign_wso2_paths(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &mut ExpectedProvider,
) -> Result<(), String> {
    let mut kept = Vec::new();
    for paths in mem::take(&mut expected.wso2_paths) {
        let keys = get(&expected.address(&paths.jwks)?);
        let Some(registration) = paths.registration.first() else {
            continue;
        };
        let register = empty(Method::POST, &expected.address(registration)?);
        let elsewhere = |request| {
            checker
                .http
                .send(request)
                .is_ok_and(|answer| answer.status == 404 && said(&answer).is_none())
        };
        if elsewhere(&keys) && elsewhere(&register) {
            let (origin, base) = (expected.issuer.origin(), &paths.base);
            checker
                .report
                .note(&format!("the paths for WSO2 clients below {origin}{base} are not passed on, which only such clients miss"))?;
        } else {
            kept.push(paths);
        }
    }
    expected.wso2_paths = kept;
    Ok(())
}

fn empty(method: Method, url: &Url) -> ProbeRequest {
    let request = ProbeRequest::new(method, url).header(ORIGIN, OTHER_ORIGIN);
    if matches!(request.method, Method::POST | Method::PUT) {
        request.with_json(NO_METADATA.to_owned())
    } else {
        request
    }
}

/// Returns true if the registration endpoint is as open as is configured.
fn is_as_open_as_configured(
    checker: &mut OutsideChecker<'_, '_>,
    expected: u16,
    url: &Url,
) -> Result<bool, String> {
    let request = empty(Method::POST, url);
    let Some(answer) = checker.refusal(&request, &[400, 401, 403])? else {
        return Ok(false);
    };
    let configured = match expected {
        CLOSED => "closed",
        PROTECTED => "protected",
        _ => "open",
    };
    if answer.status != expected {
        let saw = format!(
            "is answered with {} instead of {expected}, although registration is {configured}",
            answer.status
        );
        checker.found(&checks::ACCESS, &request, &saw)?;
        return Ok(false);
    }
    caching::cors(checker, &request, &answer)?;
    if answer.values(&CACHE_CONTROL) != ["no-store"] {
        let told = answer.values(&CACHE_CONTROL).join(", ");
        checker.found(
            &checks::CACHE_CONTROL,
            &request,
            &format!("has the Cache-Control {told:?} instead of \"no-store\""),
        )?;
    }
    if expected == PROTECTED {
        challenges(checker, &request, &answer, &["Bearer", "Basic"])?;
    }
    Ok(true)
}

/// That a refusal names exactly these schemes. RFC 9110 §11.6.1.
fn challenges(
    checker: &mut OutsideChecker<'_, '_>,
    request: &ProbeRequest,
    answer: &ProbeResponse,
    schemes: &[&str],
) -> Result<(), String> {
    let told = schemes_of(answer);
    if told == schemes {
        return Ok(());
    }
    let told = if told.is_empty() {
        "none".to_owned()
    } else {
        told.join(", ")
    };
    checker.found(
        &checks::CHALLENGE,
        request,
        &format!(
            "is refused with the challenges {told} instead of {}",
            schemes.join(", ")
        ),
    )
}

/// The schemes of an answer; a proxy may put several challenges on one line.
fn schemes_of(answer: &ProbeResponse) -> Vec<&str> {
    let told = answer.values(&WWW_AUTHENTICATE);
    let words = told.into_iter().flat_map(|value| value.split([' ', ',']));
    words
        .filter(|word| matches!(*word, "Bearer" | "Basic" | "Negotiate" | "Digest" | "NTLM"))
        .collect()
}

/// A long body is refused for what is in it or for who sends it, not for its length.
fn length(checker: &mut OutsideChecker<'_, '_>, url: &Url, body_max: usize) -> Result<(), String> {
    let body = format!("[\"{}\"]", "a".repeat(body_max - body_max / 16));
    let request = ProbeRequest::new(Method::POST, url).with_json(body);
    checker.refusal(&request, &[400, 401, 403]).map(drop)
}

/// Wrong credentials are refused in the scheme they came in, those that do not arrive in both. A refusal that names no
/// scheme at all is a finding of its own.
fn basic(checker: &mut OutsideChecker<'_, '_>, url: &Url) -> Result<(), String> {
    let wrong = Authorization::basic(NO_CLIENT, &Secret::new(NO_CLIENT));
    let request = empty(Method::POST, url).authorized(Some(wrong));
    let Some(answer) = checker.refusal(&request, &[400, 401, 429])? else {
        return Ok(());
    };
    if answer.status == 429 {
        return checker.report.note(&format!(
            "whether Basic credentials arrive at {url} cannot be seen now, after many wrong ones"
        ));
    }
    if schemes_of(&answer) == ["Basic"] || (answer.status == 401 && schemes_of(&answer).is_empty())
    {
        return Ok(());
    }
    checker.found(
        &checks::AUTHORIZATION,
        &request,
        "with Basic credentials is answered as if there were none",
    )
}

/// A wrong token is called invalid, one that does not arrive is missing. RFC 6750 §3.1.
fn bearer(checker: &mut OutsideChecker<'_, '_>, url: &Url) -> Result<(), String> {
    let request = ProbeRequest::get(url)
        .header(ORIGIN, OTHER_ORIGIN)
        .authorized(Some(Authorization::bearer(&Secret::new(NO_CLIENT))));
    let Some(answer) = checker.refusal(&request, &[401])? else {
        return Ok(());
    };
    let told = answer.values(&WWW_AUTHENTICATE);
    if told.is_empty() || told.iter().any(|value| value.contains("invalid_token")) {
        return Ok(());
    }
    checker.found(
        &checks::AUTHORIZATION,
        &request,
        "with a Bearer token is answered as if there were none",
    )
}

/// The WSO2 doors always ask for credentials, and are for programs and not for pages.
fn wso2(
    checker: &mut OutsideChecker<'_, '_>,
    anonymous_status: u16,
    request: &ProbeRequest,
) -> Result<(), String> {
    let expected = if anonymous_status == CLOSED {
        CLOSED
    } else {
        PROTECTED
    };
    let Some(answer) = checker.refusal(request, &[401, 403])? else {
        return Ok(());
    };
    if answer.status != expected {
        return checker.found(
            &checks::ACCESS,
            request,
            &format!("is answered with {} instead of {expected}", answer.status),
        );
    }
    if answer.status == 401 {
        challenges(checker, request, &answer, &["Basic", "Bearer"])?;
    }
    let allowed = answer.values(&ACCESS_CONTROL_ALLOW_ORIGIN);
    if !allowed.is_empty() {
        let saw = format!(
            "has Access-Control-Allow-Origin: {} although no page may read it",
            allowed.join(", ")
        );
        checker.found(&checks::CORS, request, &saw)?;
    }
    Ok(())
}
