//! What proxies do to the headers of a document.

use ureq::http::Method;
use ureq::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    CACHE_CONTROL, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, ORIGIN,
};
use url::Url;

use super::checks;
use super::requests::{OTHER_ORIGIN, OutsideChecker, astray, get, only};
use crate::client::{ProbeRequest, ProbeResponse};

/// That pages of any origin may read an answer. Fetch §3.2.
pub(super) fn cors(
    checker: &mut OutsideChecker<'_, '_>,
    request: &ProbeRequest,
    answer: &ProbeResponse,
) -> Result<(), String> {
    let allowed = answer.values(&ACCESS_CONTROL_ALLOW_ORIGIN);
    if allowed == ["*"] {
        return Ok(());
    }
    let saw = match allowed.as_slice() {
        [] => "lacks Access-Control-Allow-Origin".to_owned(),
        values => format!(
            "has Access-Control-Allow-Origin: {} instead of one *",
            values.join(", ")
        ),
    };
    checker.found(&checks::CORS, request, &saw)
}

/// That the question a browser asks first is answered for a method. Fetch §3.2.2.
pub(super) fn preflight(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    method: &Method,
) -> Result<(), String> {
    let request = ProbeRequest::new(Method::OPTIONS, url)
        .header(ORIGIN, OTHER_ORIGIN)
        .header(ACCESS_CONTROL_REQUEST_METHOD, method.as_str())
        .header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
    let Some(answer) = checker.ask(&request)? else {
        return Ok(());
    };
    if matches!(answer.status, 300..400 | 421 | 502..=504) {
        let (check, saw) = astray(&request, &answer);
        return checker.found(check, &request, &saw);
    }
    if !(200..300).contains(&answer.status) {
        return checker.found(
            &checks::PREFLIGHT,
            &request,
            &format!("is answered with {}", answer.status),
        );
    }
    let list = |name| answer.values(&name).join(",").to_ascii_lowercase();
    let has = |list: &str, wanted: &str| list.split(',').any(|value| value.trim() == wanted);
    let (methods, headers) = (
        list(ACCESS_CONTROL_ALLOW_METHODS),
        list(ACCESS_CONTROL_ALLOW_HEADERS),
    );
    if !has(&methods, &method.as_str().to_ascii_lowercase())
        || !has(&headers, "authorization")
        || !has(&headers, "content-type")
    {
        return checker.found(
            &checks::PREFLIGHT,
            &request,
            &format!("does not allow {method} with Authorization and Content-Type"),
        );
    }
    cors(checker, &request, &answer)
}

/// That an answer may be kept for as long as the service says, and asked about again. RFC 9110 §8.8.3, §13.1.2.
pub(super) fn look(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    answer: &ProbeResponse,
    expected: &str,
) -> Result<(), String> {
    let request = get(url);
    if only(answer, &CACHE_CONTROL) != Some(expected) {
        let told = answer.values(&CACHE_CONTROL).join(", ");
        checker.found(
            &checks::CACHE_CONTROL,
            &request,
            &format!("has the Cache-Control {told:?} instead of {expected:?}"),
        )?;
    }
    let Some(tag) = only(answer, &ETAG) else {
        return checker.found(&checks::ETAG, &request, "has no ETag");
    };
    if tag.starts_with("W/") {
        checker.found(
            &checks::ETAG,
            &request,
            "has a weak ETag although nothing was to be compressed",
        )?;
    }
    let again = get(url).header(IF_NONE_MATCH, tag);
    let Some(known) = checker.ask(&again)? else {
        return Ok(());
    };
    if known.status != 304 {
        return checker.found(
            &checks::ETAG,
            &request,
            &format!(
                "with its own ETag in If-None-Match is answered with {} instead of 304",
                known.status
            ),
        );
    }
    compressed(checker, url, tag)
}

/// That a compressed answer can be asked about again, and is not taken for the plain one.
fn compressed(checker: &mut OutsideChecker<'_, '_>, url: &Url, plain: &str) -> Result<(), String> {
    let request = get(url).header(ACCEPT_ENCODING, "gzip, br, zstd");
    let Some(answer) = checker.ask(&request)? else {
        return Ok(());
    };
    if answer.values(&CONTENT_ENCODING).is_empty() {
        return Ok(());
    }
    let Some(tag) = only(&answer, &ETAG) else {
        return checker.found(
            &checks::COMPRESSION,
            &request,
            "has no ETag when it is compressed",
        );
    };
    if tag == plain {
        return checker.found(
            &checks::COMPRESSION,
            &request,
            "has one strong ETag for its plain and its compressed bytes",
        );
    }
    let again = get(url)
        .header(ACCEPT_ENCODING, "gzip, br, zstd")
        .header(IF_NONE_MATCH, tag);
    let Some(known) = checker.ask(&again)? else {
        return Ok(());
    };
    if known.status == 304 {
        return Ok(());
    }
    checker.found(
        &checks::COMPRESSION,
        &request,
        &format!(
            "with the ETag of its compressed bytes is answered with {} instead of 304",
            known.status
        ),
    )
}
