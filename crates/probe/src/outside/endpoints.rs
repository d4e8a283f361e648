//! Checks that the endpoints of the authorization server answer, since a document that names an endpoint in vain is of no use.
//!
//! Each is asked once, with GET and without parameters. An endpoint that refuses that, as RFC 6749 §3 has it, is alive: 400,
//! 401 and 405 are as good as 200. One that is not there, fails or does not answer is a finding. Only a JWK Set has to be
//! returned, since clients fetch it in just this way.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Url;

use super::checks;
use super::expected::ExpectedProvider;
use super::requests::{OutsideChecker, error_description};
use crate::client::{ProbeRequest, ProbeResponse};

/// The members of the document that name endpoints to ask. OIDC Discovery §3.
const MEMBERS: [&str; 4] = [
    JWKS_URI,
    AUTHORIZATION_ENDPOINT,
    "token_endpoint",
    "userinfo_endpoint",
];

const JWKS_URI: &str = "jwks_uri";

const AUTHORIZATION_ENDPOINT: &str = "authorization_endpoint";

/// Asks every endpoint that the provider's document names, unless `asked` has it already.
pub(super) fn check(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedProvider,
    asked: &mut BTreeSet<Url>,
) -> anyhow::Result<()> {
    for member in MEMBERS {
        let Some(text) = expected.document.get(member).and_then(Value::as_str) else {
            continue;
        };
        if expected.placeholders.contains(&member) {
            let issuer = &expected.issuer;
            checker.report.add_note(&format!(
                "the {member} of {issuer} is a placeholder, and no user can log in there until it is configured"
            ))?;
            continue;
        }
        match Url::parse(text) {
            Ok(url) if is_own(expected, member, &url) || !asked.insert(url.clone()) => {}
            Ok(url) if member == AUTHORIZATION_ENDPOINT && expected.hop.is_some() => {
                ask_hop(checker, expected, &url)?;
            }
            Ok(url) => ask(checker, member, &url)?,
            Err(_) => {
                let saw = format!("names a {member} that is not a URL");
                checker
                    .report
                    .add_finding(&checks::ENDPOINT, expected.issuer.as_str(), &saw)?;
            }
        }
    }
    Ok(())
}

/// Returns true for the JWK Set that the service serves itself, which the checks of documents ask for.
fn is_own(expected: &ExpectedProvider, member: &str, url: &Url) -> bool {
    let own = |path: &String| expected.address(path).is_ok_and(|own| own == *url);
    member == JWKS_URI && expected.jwks_paths.iter().any(own)
}

fn ask(checker: &mut OutsideChecker<'_, '_>, member: &str, url: &Url) -> anyhow::Result<()> {
    let request = ProbeRequest::get(url);
    let saw = match checker.http.send(&request) {
        Ok(answer) => {
            checker.report.add_request(&request, answer.status)?;
            fault(member, &answer)
        }
        Err(reason) => Some(format!("is not answered, since {reason}")),
    };
    match saw {
        Some(saw) => {
            let saw = format!("is the {member} and {saw}");
            checker.add_finding(&checks::ENDPOINT, &request, &saw)
        }
        None => Ok(()),
    }
}

/// Asks the authorization hop, which must redirect to the server behind with the query as it was sent.
fn ask_hop(
    checker: &mut OutsideChecker<'_, '_>,
    expected: &ExpectedProvider,
    url: &Url,
) -> anyhow::Result<()> {
    let Some((query, location)) = &expected.hop else {
        return Ok(());
    };
    let mut url = url.clone();
    url.set_query(Some(query));
    let request = ProbeRequest::get(&url);
    let answer = match checker.http.send(&request) {
        Ok(answer) => answer,
        Err(reason) => {
            let saw =
                format!("is the {AUTHORIZATION_ENDPOINT} and is not answered, since {reason}");
            return checker.add_finding(&checks::ENDPOINT, &request, &saw);
        }
    };
    checker.report.add_request(&request, answer.status)?;
    match (answer.status, answer.location.as_deref()) {
        (302, Some(there)) if there == location => Ok(()),
        (302, _) => {
            let saw = "redirects to another address than the one behind with the same query";
            checker.add_finding(&checks::QUERY, &request, saw)
        }
        (status, _) => {
            let saw = format!(
                "is the {AUTHORIZATION_ENDPOINT} and is answered with {status}, not with a redirect to the server behind"
            );
            checker.add_finding(&checks::ENDPOINT, &request, &saw)
        }
    }
}

/// Returns the fault of an endpoint's answer, as the rest of a sentence.
fn fault(member: &str, answer: &ProbeResponse) -> Option<String> {
    let says = error_description(answer).map_or_else(String::new, |description| {
        format!(" ({})", description.trim_end_matches('.'))
    });
    let status = answer.status;
    if member != JWKS_URI {
        return matches!(status, 404 | 410 | 500..)
            .then(|| format!("is answered with {status}{says}"));
    }
    let has_keys = answer
        .object()
        .is_some_and(|set| set.get("keys").is_some_and(Value::is_array));
    match status {
        200 if has_keys => None,
        200 => Some("is answered with something other than a JWK Set".to_owned()),
        _ => Some(format!("is answered with {status}{says}")),
    }
}
