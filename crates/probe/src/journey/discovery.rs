//! Finds the provider of an identifier: WebFinger, the provider's document, its keys.

use std::ops::ControlFlow;

use anyhow::{Context, anyhow, bail};
use protocol::issuer::{ISSUER_REL, OPENID_CONFIGURATION, WEBFINGER_PATH};
use protocol::jwks::PRIVATE_MEMBERS;
use protocol::{Issuer, Object};
use serde_json::Value;
use url::Url;

use super::quoted::Quoted;
use super::report::StepNotes;
use super::resource_input::ResourceInput;
use super::step_error::StepError;
use super::step_runner::{StepRunner, expect_object, expect_status, oauth_error};
use crate::client::{ProbeRequest, ProbeResponse};

/// The maximum number of WebFinger redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Members that a provider's document must have. OIDC Discovery §3.
const REQUIRED_MEMBERS: [&str; 6] = [
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
];

/// A provider, as its document describes it.
pub(super) struct DiscoveredProvider {
    issuer: Issuer,
    document: Object,
}

impl DiscoveredProvider {
    /// Returns the URL of an endpoint. The error is the rest of a sentence.
    pub(super) fn endpoint(&self, member: &str) -> anyhow::Result<Url> {
        self.endpoint_from(member, self.issuer.is_https())
    }

    /// Returns the URL of the endpoint to which a browser goes. It may be http on loopback, as the configuration of a
    /// provider allows, since nothing secret is sent there.
    fn browser_endpoint(&self, member: &str) -> anyhow::Result<Url> {
        self.endpoint_from(member, false)
    }

    fn endpoint_from(&self, member: &str, from_https: bool) -> anyhow::Result<Url> {
        match self.document.get(member) {
            Some(Value::String(text)) => {
                parse_address(from_https, text).map_err(|reason| anyhow!("{member} {reason}"))
            }
            Some(_) => bail!("{member} must be a string"),
            None => bail!("the provider's document has no {member}"),
        }
    }

    pub(super) fn has_endpoint(&self, member: &str) -> bool {
        self.document.contains_key(member)
    }

    /// Parses the address of a client configuration endpoint. It must have the origin of the issuer or of the registration
    /// endpoint, since no other host may see the registration access token. RFC 7592 §5. The error is the rest of a sentence.
    pub(super) fn management_uri(&self, text: &str) -> anyhow::Result<Url> {
        let url = parse_address(self.issuer.is_https(), text)?;
        let issuer = Url::parse(self.issuer.as_str()).ok();
        let own = issuer
            .into_iter()
            .chain(self.endpoint("registration_endpoint").ok());
        if own
            .map(|own| own.origin())
            .any(|origin| origin == url.origin())
        {
            return Ok(url);
        }
        let quoted = Quoted(text);
        bail!(
            "is {quoted}, which is neither at the issuer nor at the registration endpoint, and the registration access token is not sent there"
        )
    }
}

/// Parses an absolute URL to which a request may be sent. The error is the rest of a sentence about it.
fn parse_address(from_https: bool, text: &str) -> anyhow::Result<Url> {
    let quoted = Quoted(text);
    let url = Url::parse(text).map_err(|_| anyhow!("must be an absolute URL and is {quoted}"))?;
    if may_follow(from_https, &url) {
        Ok(url)
    } else {
        bail!("must be an https URL and is {quoted}")
    }
}

/// Returns true for an https URL, and for an http URL on loopback if the address that names it has no TLS either.
fn may_follow(from_https: bool, url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host_str().is_some(),
        // An http issuer is valid on loopback only.
        "http" => !from_https && Issuer::parse(&url.origin().ascii_serialization()).is_ok(),
        _ => false,
    }
}

/// Asks the identifier's host for the issuer. RFC 7033 §4, OIDC Discovery §2. If the host does not answer WebFinger and the
/// identifier is a URL, the URL itself is used as the issuer.
pub(super) fn find_issuer(
    runner: &mut StepRunner<'_, '_>,
    resource: &ResourceInput,
) -> Result<Issuer, StepError> {
    const STEP: &str = "WebFinger";
    let mut url = Url::parse(&format!("{}{WEBFINGER_PATH}", resource.origin)).map_err(|fault| {
        runner.fail(STEP, &format!("{} is not a URL ({fault})", resource.origin))
    })?;
    url.query_pairs_mut()
        .append_pair("resource", &resource.identifier)
        .append_pair("rel", ISSUER_REL);
    let mut hops = 0;
    loop {
        let led =
            runner.run_step(
                STEP,
                &ProbeRequest::get(&url),
                |answer, notes| match redirect_target(answer, &url)? {
                    Some(_) if hops == MAX_REDIRECTS => {
                        bail!("the host redirects more than {MAX_REDIRECTS} times")
                    }
                    Some(next) => {
                        let quoted = Quoted(next.as_str());
                        notes.texts.push(format!("redirected to {quoted}"));
                        Ok(ControlFlow::Continue(next))
                    }
                    None => issuer_in_answer(answer, resource, notes).map(ControlFlow::Break),
                },
            )?;
        match led {
            ControlFlow::Continue(next) => url = next,
            ControlFlow::Break(issuer) => return Ok(issuer),
        }
        hops += 1;
    }
}

/// Returns the target of a redirect, which must be https. RFC 7033 §4.2.
fn redirect_target(answer: &ProbeResponse, asked: &Url) -> anyhow::Result<Option<Url>> {
    let Some(location) = answer
        .location
        .as_deref()
        .filter(|_| (300..400).contains(&answer.status))
    else {
        return Ok(None);
    };
    match asked.join(location) {
        Ok(next) if may_follow(asked.scheme() == "https", &next) => Ok(Some(next)),
        _ => bail!(
            "the host redirects to {}, which is not https",
            Quoted(location)
        ),
    }
}

/// Returns the issuer that a WebFinger response names.
fn issuer_in_answer(
    answer: &ProbeResponse,
    resource: &ResourceInput,
    notes: &mut StepNotes,
) -> anyhow::Result<Issuer> {
    let reason = match issuer_link(answer) {
        Ok(href) => {
            notes
                .members
                .insert("issuer".to_owned(), href.as_str().into());
            return Issuer::parse(&href)
                .map_err(|reason| anyhow!("the issuer {} {reason}", Quoted(&href)));
        }
        Err(reason) if resource.is_url => reason,
        Err(reason) if answer.status == 404 => {
            bail!(
                "the host does not know {}, or does not answer WebFinger: {reason}",
                resource.identifier
            );
        }
        Err(reason) => return Err(reason),
    };
    let issuer = Issuer::parse(&resource.identifier).map_err(|fault| {
        let account = resource.identifier.trim_start_matches("https://");
        let hint = if account.contains('@') {
            format!("; an account is written acct:{account}")
        } else {
            String::new()
        };
        anyhow!(
            "{reason}, and {} is not an issuer itself: it {fault}{hint}",
            resource.identifier
        )
    })?;
    notes.absent = true;
    notes.texts.push(format!(
        "the host does not answer WebFinger ({reason}); the URL itself is used as the issuer"
    ));
    Ok(issuer)
}

/// Returns the `href` of the first issuer link.
fn issuer_link(answer: &ProbeResponse) -> anyhow::Result<String> {
    expect_status(answer, 200)?;
    let description = expect_object(answer)?;
    let links = description
        .get("links")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let link = links
        .iter()
        .find(|link| link.get("rel").and_then(Value::as_str) == Some(ISSUER_REL));
    let href = link
        .and_then(|link| link.get("href"))
        .and_then(Value::as_str);
    href.map(str::to_owned)
        .with_context(|| format!("the answer has no link with the rel {ISSUER_REL} and an href"))
}

/// Fetches the provider's document and compares its issuer. OIDC Discovery §4.
pub(super) fn fetch_configuration(
    runner: &mut StepRunner<'_, '_>,
    issuer: &Issuer,
) -> Result<DiscoveredProvider, StepError> {
    const STEP: &str = "discovery";
    let url = Url::parse(&issuer.appended(OPENID_CONFIGURATION))
        .map_err(|fault| runner.fail(STEP, &format!("{issuer} is not a URL ({fault})")))?;
    runner.run_step(STEP, &ProbeRequest::get(&url), |answer, notes| {
        expect_status(answer, 200)?;
        let document = expect_object(answer)?;
        notes.add_members(
            &document,
            &[
                "issuer",
                "authorization_endpoint",
                "token_endpoint",
                "jwks_uri",
                "registration_endpoint",
            ],
        );
        check_issuer(&document, issuer)?;
        note_content_type(answer, notes);
        let lacking: Vec<&str> = REQUIRED_MEMBERS
            .into_iter()
            .filter(|member| !document.contains_key(*member))
            .collect();
        if !lacking.is_empty() {
            notes.texts.push(format!(
                "the document lacks {}, which OpenID Connect requires",
                lacking.join(", ")
            ));
        }
        if !document.contains_key("registration_endpoint") {
            notes
                .texts
                .push("the provider offers no dynamic registration".to_owned());
        }
        let provider = DiscoveredProvider {
            issuer: issuer.clone(),
            document,
        };
        provider.endpoint("jwks_uri")?;
        if provider.has_endpoint("registration_endpoint") {
            provider.endpoint("registration_endpoint")?;
        }
        Ok(provider)
    })
}

fn check_issuer(document: &Object, asked: &Issuer) -> anyhow::Result<()> {
    match document.get("issuer") {
        Some(Value::String(told)) if told == asked.as_str() => Ok(()),
        Some(Value::String(told)) => {
            let slash = if told.trim_end_matches('/') == asked.as_str().trim_end_matches('/') {
                ", slash included"
            } else {
                ""
            };
            let told = Quoted(told);
            bail!(
                "the document says its issuer is {told}, but {asked} was asked for, and both must be equal byte for byte{slash}"
            )
        }
        Some(_) => bail!("the document's issuer must be a string"),
        None => bail!("the document has no issuer"),
    }
}

/// Fetches the provider's keys. RFC 7517 §5.
pub(super) fn fetch_keys(
    runner: &mut StepRunner<'_, '_>,
    provider: &DiscoveredProvider,
) -> Result<(), StepError> {
    const STEP: &str = "JWK Set";
    let url = provider
        .endpoint("jwks_uri")
        .map_err(|reason| runner.fail(STEP, &reason.to_string()))?;
    runner.run_step(STEP, &ProbeRequest::get(&url), |answer, notes| {
        expect_status(answer, 200)?;
        let set = expect_object(answer)?;
        let keys = set
            .get("keys")
            .and_then(Value::as_array)
            .context("the set has no keys array")?;
        if keys.is_empty() {
            bail!("the set has no key, so no ID Token could be verified");
        }
        let kinds = keys
            .iter()
            .map(check_public_key)
            .collect::<anyhow::Result<Vec<Value>>>()?;
        notes.members.insert("keys".to_owned(), kinds.into());
        Ok(())
    })
}

/// Checks that a key is public, and returns its algorithm, or its type if it has none.
fn check_public_key(key: &Value) -> anyhow::Result<Value> {
    let kind = key
        .get("kty")
        .and_then(Value::as_str)
        .context("the set has a key without kty")?;
    match PRIVATE_MEMBERS
        .into_iter()
        .find(|member| key.get(*member).is_some())
    {
        Some(member) => bail!(
            "the set publishes a private key: it has the member {member}; replace that key at once"
        ),
        None => Ok(key
            .get("alg")
            .and_then(Value::as_str)
            .unwrap_or(kind)
            .into()),
    }
}

/// Sends a request without parameters to the authorization endpoint, and returns the reason for which no user can log in, if there
/// is one. An endpoint that refuses the request or redirects it is there. RFC 6749 §3.1.
pub(super) fn find_login_fault(
    runner: &mut StepRunner<'_, '_>,
    provider: &DiscoveredProvider,
) -> Result<Option<String>, StepError> {
    const MEMBER: &str = "authorization_endpoint";
    let url = match provider.browser_endpoint(MEMBER) {
        Ok(url) => url,
        Err(reason) => return Ok(Some(runner.sanitize(&reason.to_string()))),
    };
    let note = |notes: &mut StepNotes, reason: String| {
        notes.absent = true;
        notes
            .texts
            .push(format!("no user can log in at this provider: {reason}"));
        Ok(Some(reason))
    };
    let reason = runner.run_tolerant_step(
        "authorization endpoint",
        &ProbeRequest::get(&url),
        |answer, notes| match answer.status {
            404 | 410 | 500.. => {
                let (status, error) = (answer.status, oauth_error(answer));
                note(notes, format!("{MEMBER} is answered with {status}{error}"))
            }
            _ => Ok(None),
        },
        |reason, notes| note(notes, format!("{MEMBER} is not answered: {reason}")),
    )?;
    Ok(reason.map(|reason| runner.sanitize(&reason)))
}

/// Adds a note if the content type is not JSON, on which some clients insist.
pub(super) fn note_content_type(answer: &ProbeResponse, notes: &mut StepNotes) {
    let content_type = answer.content_type.as_deref().unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        notes.texts.push(format!(
            "the content type is \"{}\"; some clients accept application/json only",
            Quoted(content_type)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_leads_to_https_and_to_loopback_only() {
        for (from_https, url, may) in [
            (true, "https://login.example.com/jwks", true),
            (true, "http://localhost:9443/jwks", false),
            (false, "https://login.example.com/jwks", true),
            (false, "http://localhost:9443/jwks", true),
            (false, "http://[::1]/jwks", true),
            (false, "http://login.example.com/jwks", false),
            (false, "http://127.0.0.1.example.com/jwks", false),
            (false, "ftp://localhost/jwks", false),
        ] {
            assert_eq!(
                may_follow(from_https, &Url::parse(url).unwrap()),
                may,
                "{from_https} {url}"
            );
        }
    }
}
