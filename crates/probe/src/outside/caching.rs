//! Checks the headers of a document that proxies change: CORS, caching, compression.

use ureq::http::Method;
use ureq::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    CACHE_CONTROL, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, ORIGIN,
};
use url::Url;

use super::checks;
use super::requests::{OTHER_ORIGIN, OutsideChecker, classify, get, single_value};
use crate::client::{ProbeRequest, ProbeResponse};

/// Checks that web pages of any origin may read a response. Fetch §3.2.
pub(super) fn check_cors(
    checker: &mut OutsideChecker<'_, '_>,
    request: &ProbeRequest,
    answer: &ProbeResponse,
) -> anyhow::Result<()> {
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
    checker.add_finding(&checks::CORS, request, &saw)
}

/// Checks that the preflight request for a method is answered. Fetch §3.2.2.
pub(super) fn check_preflight(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    method: &Method,
) -> anyhow::Result<()> {
    let request = ProbeRequest::new(Method::OPTIONS, url)
        .with_header(ORIGIN, OTHER_ORIGIN)
        .with_header(ACCESS_CONTROL_REQUEST_METHOD, method.as_str())
        .with_header(ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
    let Some(answer) = checker.send(&request)? else {
        return Ok(());
    };
    if matches!(answer.status, 300..400 | 421 | 502..=504) {
        let (check, saw) = classify(&request, &answer);
        return checker.add_finding(check, &request, &saw);
    }
    if !(200..300).contains(&answer.status) {
        return checker.add_finding(
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
        return checker.add_finding(
            &checks::PREFLIGHT,
            &request,
            &format!("does not allow {method} with Authorization and Content-Type"),
        );
    }
    check_cors(checker, &request, &answer)
}

/// Checks that a response may be cached as long as the service says, and revalidated. RFC 9110 §8.8.3, §13.1.2.
pub(super) fn check(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    answer: &ProbeResponse,
    expected: &str,
) -> anyhow::Result<()> {
    let request = get(url);
    if single_value(answer, &CACHE_CONTROL) != Some(expected) {
        let value = answer.values(&CACHE_CONTROL).join(", ");
        checker.add_finding(
            &checks::CACHE_CONTROL,
            &request,
            &format!("has the Cache-Control {value:?} instead of {expected:?}"),
        )?;
    }
    let Some(tag) = single_value(answer, &ETAG) else {
        return checker.add_finding(&checks::ETAG, &request, "has no ETag");
    };
    if tag.starts_with("W/") {
        checker.add_finding(
            &checks::ETAG,
            &request,
            "has a weak ETag although no compression was requested",
        )?;
    }
    let again = get(url).with_header(IF_NONE_MATCH, tag);
    let Some(known) = checker.send(&again)? else {
        return Ok(());
    };
    if known.status != 304 {
        return checker.add_finding(
            &checks::ETAG,
            &request,
            &format!(
                "with its own ETag in If-None-Match is answered with {} instead of 304",
                known.status
            ),
        );
    }
    check_compressed(checker, url, tag)
}

/// Checks that a compressed response can be revalidated, and has another `ETag` than the uncompressed one.
fn check_compressed(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    plain: &str,
) -> anyhow::Result<()> {
    let request = get(url).with_header(ACCEPT_ENCODING, "gzip, br, zstd");
    let Some(answer) = checker.send(&request)? else {
        return Ok(());
    };
    if answer.values(&CONTENT_ENCODING).is_empty() {
        return Ok(());
    }
    let Some(tag) = single_value(&answer, &ETAG) else {
        return checker.add_finding(
            &checks::COMPRESSION,
            &request,
            "has no ETag when it is compressed",
        );
    };
    if tag == plain {
        return checker.add_finding(
            &checks::COMPRESSION,
            &request,
            "has one strong ETag for its plain and its compressed bytes",
        );
    }
    let again = get(url)
        .with_header(ACCEPT_ENCODING, "gzip, br, zstd")
        .with_header(IF_NONE_MATCH, tag);
    let Some(known) = checker.send(&again)? else {
        return Ok(());
    };
    if known.status == 304 {
        return Ok(());
    }
    checker.add_finding(
        &checks::COMPRESSION,
        &request,
        &format!(
            "with the ETag of its compressed bytes is answered with {} instead of 304",
            known.status
        ),
    )
}
