//! The document of an authorization server, found by its issuer or by its own address.

use std::fs;

use anyhow::{Context, anyhow, bail};
use outbound::{DocumentAnswer, DocumentError, DocumentSource, Validators};
use protocol::issuer::{OAUTH_AUTHORIZATION_SERVER, OPENID_CONFIGURATION};
use protocol::json::{JsonLimits, read_object};
use protocol::{Issuer, Object};
use serde_json::Value;
use url::Url;

use super::arguments::flag;
use crate::config::{REALMS, parse_server_address};
use crate::settings::named;
use crate::upstream::refusal::DocumentRefusal;

/// The document of a server.
pub struct FoundDocument {
    /// The address at which it was found.
    pub url: Url,
    pub body: Vec<u8>,
    pub members: Object,
    /// The issuer that it names.
    pub issuer: Issuer,
}

impl FoundDocument {
    /// Asks for the document at an address, or at each address that the document of an issuer can have.
    ///
    /// # Errors
    /// There is no document, or it names no issuer that can be a provider's.
    pub fn find(from: &str, flags: &[(String, String)]) -> anyhow::Result<Self> {
        let plain_http = flag(flags, "provider.upstream.plain_http") == Some("true");
        let from = parse_server_address(from, plain_http).ok_or_else(|| {
            anyhow!(
                "--from must be the https URL of an issuer or of its document (http on loopback, or with --upstream-plain-http true), not {from:?}"
            )
        })?;
        let ca = flag(flags, "outbound.ca")
            .map(|path| {
                fs::read(path).with_context(|| format!("{} cannot be read", named("outbound.ca")))
            })
            .transpose()?;
        let candidates = candidates(&from);
        for url in &candidates {
            let source = DocumentSource::new(url.clone(), ca.as_deref())?;
            match source.ask(&Validators::default()) {
                Ok(DocumentAnswer::Document(body, _)) => return Self::read(url, body),
                Ok(DocumentAnswer::NotModified) => {}
                // The server is there, and has its document at another address.
                Err(DocumentError::Status(_) | DocumentError::ContentType)
                    if candidates.len() > 1 => {}
                Err(error) => bail!("the document at {url} cannot be had: {error}"),
            }
        }
        let tried: Vec<&str> = candidates.iter().map(Url::as_str).collect();
        bail!(
            "the server has no document at {}; --from takes the address of the document too",
            tried.join(", ")
        )
    }

    fn read(url: &Url, body: Vec<u8>) -> anyhow::Result<Self> {
        let members =
            read_object(&body, &JsonLimits::default()).map_err(
                |error| match DocumentRefusal::from(error) {
                    DocumentRefusal::Json(reason) => {
                        anyhow!("the document at {url} cannot be taken: it {reason}")
                    }
                    DocumentRefusal::Content(_) => anyhow!("the document at {url} cannot be taken"),
                },
            )?;
        let named = members.get("issuer").and_then(Value::as_str);
        let named = named.with_context(|| format!("the document at {url} names no issuer"))?;
        let issuer = Issuer::parse(named).map_err(|reason| {
            anyhow!(
                "the document at {url} names the issuer {named:?}, which {reason}; tokens carry this name, so correct it at the authorization server{}",
                if named.contains(REALMS) { ": start Keycloak with --hostname=https://…" } else { "" }
            )
        })?;
        Ok(Self {
            url: url.clone(),
            body,
            members,
            issuer,
        })
    }

    /// Returns the address of the server below which its realms are, if it is a Keycloak.
    pub fn keycloak(&self) -> Option<String> {
        self.issuer.path().contains(REALMS).then_some(())?;
        let url = match self.url.as_str().contains(REALMS) {
            true => self.url.as_str(),
            false => self.issuer.as_str(),
        };
        url.split_once(REALMS).map(|(at, _)| at.to_owned())
    }

    /// Returns a member that is a text.
    pub fn text(&self, member: &str) -> Option<&str> {
        self.members.get(member)?.as_str()
    }

    /// Returns true if a list of the document has the value, or the list is absent.
    pub fn lists(&self, member: &str, value: &str) -> bool {
        self.members
            .get(member)
            .and_then(Value::as_array)
            .is_none_or(|values| values.iter().any(|one| one == value))
    }
}

/// Returns the addresses at which the document can be: the address itself if it has a well-known part, and otherwise those of an
/// issuer. OIDC Discovery §4, RFC 8414 §3.1, §5.
fn candidates(from: &Url) -> Vec<Url> {
    let path = from.path().trim_end_matches('/');
    if path.split('/').any(|segment| segment == ".well-known") {
        return vec![from.clone()];
    }
    let mut paths = vec![
        format!("{path}/.well-known/{OPENID_CONFIGURATION}"),
        format!("/.well-known/{OAUTH_AUTHORIZATION_SERVER}{path}"),
        format!("/.well-known/{OPENID_CONFIGURATION}{path}"),
        format!("{path}/.well-known/{OAUTH_AUTHORIZATION_SERVER}"),
    ];
    if path.is_empty() {
        paths.truncate(2);
    }
    let at = |path: String| {
        let mut url = from.clone();
        url.set_query(None);
        url.set_path(&path);
        url
    };
    paths.into_iter().map(at).collect()
}
