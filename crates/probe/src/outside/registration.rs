//! Checks registration and management, without registering a client. RFC 7591 §3, RFC 7592 §2.

use std::mem;

use protocol::Secret;
use ureq::http::Method;
use ureq::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, ORIGIN, WWW_AUTHENTICATE};
use url::Url;

use super::expected::ExpectedProvider;
use super::requests::{OTHER_ORIGIN, OutsideChecker, error_description, get};
use super::{caching, checks};
use crate::client::{Authorization, ProbeRequest, ProbeResponse};

/// The status of a registration without credentials at a protected provider.
const PROTECTED: u16 = 401;

/// The status of every registration at a closed provider.
const CLOSED: u16 = 403;

/// The identifier of a client that does not exist.
const NO_CLIENT: &str = "frontdesk-check";

/// JSON that no endpoint accepts as metadata.
const NOT_METADATA: &str = "[]";

/// Checks every registration and management endpoint of a provider.
pub(super) fn check(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedProvider,
) -> anyhow::Result<()> {
    let register = expected.address(&expected.registration_path)?;
    let manage = expected.address(&format!("{}/{NO_CLIENT}", expected.registration_path))?;
    if is_as_open_as_configured(checker, expected.anonymous_status, &register)? {
        check_body_length(checker, &register, expected.body_bytes)?;
        if expected.anonymous_status != CLOSED {
            check_basic(checker, &register)?;
        }
    }
    check_bearer(checker, &manage)?;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = request_without_metadata(method, &manage);
        if let Some(answer) = checker.expect_refusal(&request, &[401])? {
            check_challenges(checker, &request, &answer, &["Bearer"])?;
        }
    }
    caching::check_preflight(checker, &register, &Method::POST)?;
    caching::check_preflight(checker, &manage, &Method::DELETE)?;
    for paths in &expected.wso2_paths {
        for path in &paths.registration {
            for slash in ["", "/"] {
                check_wso2(
                    checker,
                    expected.anonymous_status,
                    &request_without_metadata(
                        Method::POST,
                        &expected.address(&format!("{path}{slash}"))?,
                    ),
                )?;
            }
        }
        let Some(registration) = paths.registration.last() else {
            continue;
        };
        let query = "userId=nobody%40example.com&applicationName=nobody";
        let unregister = request_without_metadata(
            Method::DELETE,
            &expected.address(&format!("{registration}/{NO_CLIENT}?{query}"))?,
        );
        if let Some(answer) = checker.expect_refusal(&unregister, &[401])? {
            check_challenges(checker, &unregister, &answer, &["Basic"])?;
        }
    }
    Ok(())
}

/// Removes the addresses for WSO2 clients that another program serves, for example the authorization server on the same host:
/// a deployment without WSO2 clients need not forward them.
pub(super) fn drop_foreign_wso2_paths(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &mut ExpectedProvider,
) -> anyhow::Result<()> {
    let mut kept = Vec::new();
    for paths in mem::take(&mut expected.wso2_paths) {
        let keys = get(&expected.address(&paths.jwks)?);
        let Some(registration) = paths.registration.first() else {
            continue;
        };
        let register = request_without_metadata(Method::POST, &expected.address(registration)?);
        let is_foreign = |request| {
            checker
                .http
                .send(request)
                .is_ok_and(|answer| answer.status == 404 && error_description(&answer).is_none())
        };
        if is_foreign(&keys) && is_foreign(&register) {
            let (origin, base) = (expected.issuer.origin(), &paths.base);
            checker.report.add_note(&format!("the paths for WSO2 clients below {origin}{base} are not passed on; only WSO2 clients need them"))?;
        } else {
            kept.push(paths);
        }
    }
    expected.wso2_paths = kept;
    Ok(())
}

/// Returns a request whose body, if the method has one, is not metadata.
fn request_without_metadata(method: Method, url: &Url) -> ProbeRequest {
    let request = ProbeRequest::new(method, url).with_header(ORIGIN, OTHER_ORIGIN);
    if matches!(request.method, Method::POST | Method::PUT) {
        request.with_json(NOT_METADATA.to_owned())
    } else {
        request
    }
}

/// Returns true if the registration endpoint is as open as is configured.
fn is_as_open_as_configured(
    checker: &mut OutsideChecker<'_, '_>,
    expected: u16,
    url: &Url,
) -> anyhow::Result<bool> {
    let request = request_without_metadata(Method::POST, url);
    let Some(answer) = checker.expect_refusal(&request, &[400, 401, 403])? else {
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
        checker.add_finding(&checks::ACCESS, &request, &saw)?;
        return Ok(false);
    }
    caching::check_cors(checker, &request, &answer)?;
    if answer.values(&CACHE_CONTROL) != ["no-store"] {
        let value = answer.values(&CACHE_CONTROL).join(", ");
        checker.add_finding(
            &checks::CACHE_CONTROL,
            &request,
            &format!("has the Cache-Control {value:?} instead of \"no-store\""),
        )?;
    }
    if expected == PROTECTED {
        check_challenges(checker, &request, &answer, &["Bearer", "Basic"])?;
    }
    Ok(true)
}

/// Checks that a refusal names exactly these schemes. RFC 9110 §11.6.1.
fn check_challenges(
    checker: &mut OutsideChecker<'_, '_>,
    request: &ProbeRequest,
    answer: &ProbeResponse,
    schemes: &[&str],
) -> anyhow::Result<()> {
    let found = challenge_schemes(answer);
    if found == schemes {
        return Ok(());
    }
    let found = if found.is_empty() {
        "none".to_owned()
    } else {
        found.join(", ")
    };
    checker.add_finding(
        &checks::CHALLENGE,
        request,
        &format!(
            "is refused with the challenges {found} instead of {}",
            schemes.join(", ")
        ),
    )
}

/// The schemes of a response's challenges; a proxy may put several on a single line.
fn challenge_schemes(answer: &ProbeResponse) -> Vec<&str> {
    let values = answer.values(&WWW_AUTHENTICATE);
    let words = values.into_iter().flat_map(|value| value.split([' ', ',']));
    words
        .filter(|word| matches!(*word, "Bearer" | "Basic" | "Negotiate" | "Digest" | "NTLM"))
        .collect()
}

/// Checks that a long body is refused for its content or its sender, not for its length.
fn check_body_length(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    body_max: usize,
) -> anyhow::Result<()> {
    let body = format!("[\"{}\"]", "a".repeat(body_max - body_max / 16));
    let request = ProbeRequest::new(Method::POST, url).with_json(body);
    checker.expect_refusal(&request, &[400, 401, 403]).map(drop)
}

/// Checks that Basic credentials arrive: wrong credentials are challenged with their own scheme, missing ones with both. A
/// refusal without a challenge is a finding of another check.
fn check_basic(checker: &mut OutsideChecker<'_, '_>, url: &Url) -> anyhow::Result<()> {
    let wrong = Authorization::basic(NO_CLIENT, &Secret::new(NO_CLIENT));
    let request = request_without_metadata(Method::POST, url).with_authorization(Some(wrong));
    let Some(answer) = checker.expect_refusal(&request, &[400, 401, 429])? else {
        return Ok(());
    };
    if answer.status == 429 {
        return checker.report.add_note(&format!(
            "could not check whether Basic credentials arrive at {url}: too many failed logins"
        ));
    }
    if challenge_schemes(&answer) == ["Basic"]
        || (answer.status == 401 && challenge_schemes(&answer).is_empty())
    {
        return Ok(());
    }
    checker.add_finding(
        &checks::AUTHORIZATION,
        &request,
        "with Basic credentials is answered as if there were none",
    )
}

/// Checks that a Bearer token arrives: a wrong token is answered with `invalid_token`, a missing one without. RFC 6750 §3.1.
fn check_bearer(checker: &mut OutsideChecker<'_, '_>, url: &Url) -> anyhow::Result<()> {
    let request = ProbeRequest::get(url)
        .with_header(ORIGIN, OTHER_ORIGIN)
        .with_authorization(Some(Authorization::bearer(&Secret::new(NO_CLIENT))));
    let Some(answer) = checker.expect_refusal(&request, &[401])? else {
        return Ok(());
    };
    let challenges = answer.values(&WWW_AUTHENTICATE);
    if challenges.is_empty()
        || challenges
            .iter()
            .any(|value| value.contains("invalid_token"))
    {
        return Ok(());
    }
    checker.add_finding(
        &checks::AUTHORIZATION,
        &request,
        "with a Bearer token is answered as if there were none",
    )
}

/// Checks that a WSO2 endpoint requires credentials, and that no web page may read it.
fn check_wso2(
    checker: &mut OutsideChecker<'_, '_>,
    anonymous_status: u16,
    request: &ProbeRequest,
) -> anyhow::Result<()> {
    let expected = if anonymous_status == CLOSED {
        CLOSED
    } else {
        PROTECTED
    };
    let Some(answer) = checker.expect_refusal(request, &[401, 403])? else {
        return Ok(());
    };
    if answer.status != expected {
        return checker.add_finding(
            &checks::ACCESS,
            request,
            &format!("is answered with {} instead of {expected}", answer.status),
        );
    }
    if answer.status == 401 {
        check_challenges(checker, request, &answer, &["Basic", "Bearer"])?;
    }
    let allowed = answer.values(&ACCESS_CONTROL_ALLOW_ORIGIN);
    if !allowed.is_empty() {
        let saw = format!(
            "has Access-Control-Allow-Origin: {} although no web page may read it",
            allowed.join(", ")
        );
        checker.add_finding(&checks::CORS, request, &saw)?;
    }
    Ok(())
}
