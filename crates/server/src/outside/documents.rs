//! The provider's documents in every form.

use std::time::Duration;

use protocol::{Issuer, Object};
use registration::Access;
use serde_json::Value;
use url::Url;

use super::visit::{Visits, address, by_another, essence, get};
use super::{caching, checks};
use crate::attempt::http::Answer;
use crate::config::ProviderConfig;
use crate::provider::{self, addresses};

/// Where a provider is, and what it should say there.
pub(super) struct Place {
    pub(super) issuer: Issuer,
    pub(super) access: Access,
    /// The paths below which it has its WSO2 doors.
    pub(super) doors: Vec<String>,
    document: Object,
    resource: Option<(String, Value)>,
}

impl Place {
    /// Of one provider among all. The error is a sentence.
    pub(super) fn new(all: &[ProviderConfig], one: &ProviderConfig) -> Result<Self, String> {
        let offer = provider::offer(one).map_err(|_| one.check().err().map_or_else(String::new, |error| error.to_string()))?;
        Ok(Self {
            issuer: one.issuer.clone(),
            access: one.access,
            doors: addresses::doors(all, one),
            document: offer.metadata.object(),
            resource: oidc_discovery::protected_resource(&one.issuer, &offer.metadata),
        })
    }

    /// An address at its origin.
    pub(super) fn at(&self, path: &str) -> Result<Url, String> {
        address(self.issuer.origin(), path)
    }
}

/// Every document at every path. RFC 8414 §3.1, RFC 7517 §5, RFC 9728 §3.1.
pub(super) fn look(visits: &mut Visits<'_, '_>, place: &Place, max_age: Duration) -> Result<(), String> {
    let mut first = None;
    for path in oidc_discovery::configuration_paths(&place.issuer, &place.doors) {
        let url = place.at(&path)?;
        let Some((answer, object)) = document(visits, &url, max_age)? else { continue };
        if configuration(visits, place, &url, &object)? {
            same(visits, &url, answer, &mut first)?;
        }
    }
    let mut first = None;
    for path in oidc_discovery::jwks_paths(&place.issuer, &place.doors) {
        let url = place.at(&path)?;
        let Some((answer, object)) = document(visits, &url, max_age)? else { continue };
        if !object.get("keys").is_some_and(Value::is_array) {
            visits.found(&checks::SWALLOWED, &get(&url), "is answered with JSON that is no JWK Set")?;
            continue;
        }
        same(visits, &url, answer, &mut first)?;
    }
    if let Some((path, expected)) = &place.resource {
        let url = place.at(path)?;
        if let Some((_, object)) = document(visits, &url, max_age)?
            && Value::Object(object) != *expected
        {
            visits.found(&checks::DOCUMENT, &get(&url), "is not what this configuration says of the registration endpoint")?;
        }
    }
    Ok(())
}

/// One document; nothing when it is none, which is a finding.
fn document(visits: &mut Visits<'_, '_>, url: &Url, max_age: Duration) -> Result<Option<(Answer, Object)>, String> {
    let request = get(url);
    let Some(answer) = visits.expect(&request, &[200])? else { return Ok(None) };
    let Some(object) = answer.object() else {
        visits.found(&checks::SWALLOWED, &request, &by_another(&answer))?;
        return Ok(None);
    };
    if essence(&answer) != "application/json" {
        let kind = answer.content_type.as_deref().unwrap_or("none");
        visits.found(&checks::CONTENT_TYPE, &request, &format!("has the content type {kind} instead of application/json"))?;
    }
    caching::cors(visits, &request, &answer)?;
    caching::look(visits, url, &answer, &format!("public, max-age={}", max_age.as_secs()))?;
    Ok(Some((answer, object)))
}

/// Whether the document is what this configuration says. The key that signs it is known to the store alone.
fn configuration(visits: &mut Visits<'_, '_>, place: &Place, url: &Url, object: &Object) -> Result<bool, String> {
    let told = object.get("issuer").and_then(Value::as_str).unwrap_or_default();
    if told != place.issuer.as_str() {
        visits.found(&checks::ISSUER, &get(url), &format!("has the document of {told:?} and not of {:?}", place.issuer.as_str()))?;
        return Ok(false);
    }
    let differs = |name: &&String| object.get(*name) != place.document.get(*name) && *name != oidc_discovery::SIGNED_METADATA;
    let mut names: Vec<&str> = object.keys().filter(differs).map(String::as_str).collect();
    names.extend(place.document.keys().filter(|name| !object.contains_key(*name)).map(String::as_str));
    if !names.is_empty() {
        visits.found(&checks::DOCUMENT, &get(url), &format!("differs from this configuration in {}", names.join(", ")))?;
    }
    Ok(names.is_empty())
}

/// That one form has the bytes of the first.
fn same(visits: &mut Visits<'_, '_>, url: &Url, answer: Answer, first: &mut Option<(Url, Vec<u8>)>) -> Result<(), String> {
    match first {
        Some((other, bytes)) if *bytes != answer.body => {
            let saw = format!("has other bytes than {other}");
            visits.found(&checks::FORMS, &get(url), &saw)
        }
        Some(_) => Ok(()),
        None => {
            *first = Some((url.clone(), answer.body));
            Ok(())
        }
    }
}
