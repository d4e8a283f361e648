//! Checks the provider's documents at every path.

use protocol::Object;
use serde_json::Value;
use url::Url;

use super::expected::ExpectedProvider;
use super::requests::{OutsideChecker, describe_foreign, get, media_type};
use super::{caching, checks};
use crate::client::ProbeResponse;

/// Checks every document at every path. RFC 8414 §3.1, RFC 7517 §5, RFC 9728 §3.1.
pub(super) fn check(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedProvider,
) -> anyhow::Result<()> {
    let (mut first, wso2) = (None, expected.wso2_paths.iter());
    let paths = expected.configuration_paths.iter();
    for path in paths.chain(wso2.map(|paths| &paths.configuration)) {
        let url = expected.address(path)?;
        let Some((answer, object)) = fetch_document(checker, &url, expected)? else {
            continue;
        };
        if matches_configuration(checker, expected, &url, &object)? {
            check_same(checker, &url, answer, &mut first)?;
        }
    }
    check_keys(checker, expected)?;
    if let Some((path, metadata)) = &expected.resource {
        let url = expected.address(path)?;
        if let Some((_, object)) = fetch_document(checker, &url, expected)?
            && Value::Object(object) != *metadata
        {
            checker.add_finding(
                &checks::DOCUMENT,
                &get(&url),
                "differs from this configuration",
            )?;
        }
    }
    Ok(())
}

/// Checks the JWK Set at every path.
fn check_keys(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedProvider,
) -> anyhow::Result<()> {
    let (mut first, wso2) = (None, expected.wso2_paths.iter());
    let paths = expected.jwks_paths.iter();
    for path in paths.chain(wso2.map(|paths| &paths.jwks)) {
        let url = expected.address(path)?;
        let Some((answer, object)) = fetch_document(checker, &url, expected)? else {
            continue;
        };
        if object.get("keys").is_some_and(Value::is_array) {
            check_same(checker, &url, answer, &mut first)?;
        } else {
            checker.add_finding(
                &checks::SWALLOWED,
                &get(&url),
                "is answered with JSON that is not a JWK Set",
            )?;
        }
    }
    Ok(())
}

/// Fetches a document and checks its headers. A response that is no document is a finding, and `None` is returned.
fn fetch_document(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    expected: &ExpectedProvider,
) -> anyhow::Result<Option<(ProbeResponse, Object)>> {
    let request = get(url);
    let Some(answer) = checker.expect(&request, &[200])? else {
        return Ok(None);
    };
    let Some(object) = answer.object() else {
        checker.add_finding(&checks::SWALLOWED, &request, &describe_foreign(&answer))?;
        return Ok(None);
    };
    if media_type(&answer) != "application/json" {
        let kind = answer.content_type.as_deref().unwrap_or("none");
        checker.add_finding(
            &checks::CONTENT_TYPE,
            &request,
            &format!("has the content type {kind} instead of application/json"),
        )?;
    }
    caching::check_cors(checker, &request, &answer)?;
    caching::check(
        checker,
        url,
        &answer,
        &format!("public, max-age={}", expected.max_age.as_secs()),
    )?;
    Ok(Some((answer, object)))
}

/// Returns true if the document matches the configuration. The members of `unchecked` are not compared.
fn matches_configuration(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedProvider,
    url: &Url,
    object: &Object,
) -> anyhow::Result<bool> {
    let issuer = object
        .get("issuer")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if issuer != expected.issuer.as_str() {
        checker.add_finding(
            &checks::ISSUER,
            &get(url),
            &format!(
                "has the document of {issuer:?} and not of {:?}",
                expected.issuer.as_str()
            ),
        )?;
        return Ok(false);
    }
    let differs = |name: &&String| {
        object.get(*name) != expected.document.get(*name)
            && !expected.unchecked.contains(&name.as_str())
    };
    let mut names: Vec<&str> = object.keys().filter(differs).map(String::as_str).collect();
    names.extend(
        expected
            .document
            .keys()
            .filter(|name| !object.contains_key(*name))
            .map(String::as_str),
    );
    if !names.is_empty() {
        checker.add_finding(
            &checks::DOCUMENT,
            &get(url),
            &format!("differs from this configuration in {}", names.join(", ")),
        )?;
    }
    Ok(names.is_empty())
}

/// Checks that a document has the same bytes as the first one.
fn check_same(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    answer: ProbeResponse,
    first: &mut Option<(Url, Vec<u8>)>,
) -> anyhow::Result<()> {
    match first {
        Some((other, bytes)) if *bytes != answer.body => {
            let saw = format!("differs from {other}");
            checker.add_finding(&checks::FORMS, &get(url), &saw)
        }
        Some(_) => Ok(()),
        None => {
            *first = Some((url.clone(), answer.body));
            Ok(())
        }
    }
}
