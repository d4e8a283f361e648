//! The provider's documents in every form.

use protocol::Object;
use serde_json::Value;
use url::Url;

use super::expected::ExpectedProvider;
use super::requests::{OutsideChecker, by_another, essence, get};
use super::{caching, checks};
use crate::client::ProbeResponse;

/// Every document at every path. RFC 8414 §3.1, RFC 7517 §5, RFC 9728 §3.1.
pub(super) fn check(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedProvider,
) -> Result<(), String> {
    let (mut first, wso2) = (None, || expected.wso2_paths.iter());
    for path in expected
        .configuration_paths
        .iter()
        .chain(wso2().map(|paths| &paths.configuration))
    {
        let url = expected.address(path)?;
        let Some((answer, object)) = document(checker, &url, expected)? else {
            continue;
        };
        if configuration(checker, expected, &url, &object)? {
            same(checker, &url, answer, &mut first)?;
        }
    }
    let mut first = None;
    for path in expected
        .jwks_paths
        .iter()
        .chain(wso2().map(|paths| &paths.jwks))
    {
        let url = expected.address(path)?;
        let Some((answer, object)) = document(checker, &url, expected)? else {
            continue;
        };
        if !object.get("keys").is_some_and(Value::is_array) {
            checker.found(
                &checks::SWALLOWED,
                &get(&url),
                "is answered with JSON that is no JWK Set",
            )?;
            continue;
        }
        same(checker, &url, answer, &mut first)?;
    }
    if let Some((path, metadata)) = &expected.resource {
        let url = expected.address(path)?;
        if let Some((_, object)) = document(checker, &url, expected)?
            && Value::Object(object) != *metadata
        {
            checker.found(
                &checks::DOCUMENT,
                &get(&url),
                "is not what this configuration says of the registration endpoint",
            )?;
        }
    }
    Ok(())
}

/// One document; nothing when it is none, which is a finding.
fn document(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    expected: &ExpectedProvider,
) -> Result<Option<(ProbeResponse, Object)>, String> {
    let request = get(url);
    let Some(answer) = checker.expect(&request, &[200])? else {
        return Ok(None);
    };
    let Some(object) = answer.object() else {
        checker.found(&checks::SWALLOWED, &request, &by_another(&answer))?;
        return Ok(None);
    };
    if essence(&answer) != "application/json" {
        let kind = answer.content_type.as_deref().unwrap_or("none");
        checker.found(
            &checks::CONTENT_TYPE,
            &request,
            &format!("has the content type {kind} instead of application/json"),
        )?;
    }
    caching::cors(checker, &request, &answer)?;
    caching::look(
        checker,
        url,
        &answer,
        &format!("public, max-age={}", expected.max_age.as_secs()),
    )?;
    Ok(Some((answer, object)))
}

/// Whether the document is what this configuration says. The key that signs it is known to the store alone.
fn configuration(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedProvider,
    url: &Url,
    object: &Object,
) -> Result<bool, String> {
    let told = object
        .get("issuer")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if told != expected.issuer.as_str() {
        checker.found(
            &checks::ISSUER,
            &get(url),
            &format!(
                "has the document of {told:?} and not of {:?}",
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
        checker.found(
            &checks::DOCUMENT,
            &get(url),
            &format!("differs from this configuration in {}", names.join(", ")),
        )?;
    }
    Ok(names.is_empty())
}

/// That one form has the bytes of the first.
fn same(
    checker: &mut OutsideChecker<'_, '_>,
    url: &Url,
    answer: ProbeResponse,
    first: &mut Option<(Url, Vec<u8>)>,
) -> Result<(), String> {
    match first {
        Some((other, bytes)) if *bytes != answer.body => {
            let saw = format!("has other bytes than {other}");
            checker.found(&checks::FORMS, &get(url), &saw)
        }
        Some(_) => Ok(()),
        None => {
            *first = Some((url.clone(), answer.body));
            Ok(())
        }
    }
}
