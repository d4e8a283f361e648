//! The reasons not to take the document of a server, in sentences for the operator.

use protocol::json::JsonError;
use protocol::upstream::UpstreamRefusal;
use protocol::{InvalidMember, Issuer};
use url::Url;

use crate::config::REALMS;

/// The reason not to take a document.
#[derive(Debug)]
pub enum DocumentRefusal {
    /// The document is not acceptable JSON: the rest of a sentence about it.
    Json(String),
    /// A member is wrong, or the issuer is another.
    Content(UpstreamRefusal),
}

impl From<JsonError> for DocumentRefusal {
    fn from(error: JsonError) -> Self {
        let said = error.to_string();
        let rest = said.strip_prefix("The body ").unwrap_or(&said);
        Self::Json(rest.trim_end_matches('.').to_owned())
    }
}

impl From<UpstreamRefusal> for DocumentRefusal {
    fn from(refusal: UpstreamRefusal) -> Self {
        Self::Content(refusal)
    }
}

impl From<InvalidMember> for DocumentRefusal {
    fn from(invalid: InvalidMember) -> Self {
        Self::Content(UpstreamRefusal::Member(invalid))
    }
}

impl DocumentRefusal {
    /// The refusal of a text that is not UTF-8.
    pub fn not_utf8() -> Self {
        Self::Json("must be UTF-8".to_owned())
    }

    /// Returns the sentence, without its full stop, about the document of this provider at this address.
    pub fn sentence(&self, issuer: &Issuer, url: &Url) -> String {
        match self {
            Self::Json(reason) => {
                format!("the provider {issuer}: its document at {url} cannot be taken: it {reason}")
            }
            Self::Content(UpstreamRefusal::Member(invalid)) => {
                format!("the provider {issuer}: its document at {url} cannot be taken: {invalid}")
            }
            Self::Content(UpstreamRefusal::Issuer(None)) => {
                format!("the document at {url} names no issuer, and this provider is \"{issuer}\"")
            }
            Self::Content(UpstreamRefusal::Issuer(Some(named))) => format!(
                "the document at {url} names the issuer {named:?}, and this provider is \"{issuer}\"{}",
                hint(issuer, url)
            ),
        }
    }
}

/// Returns the advice for a Keycloak, which makes its issuer of a setting of its own.
fn hint(issuer: &Issuer, url: &Url) -> String {
    if !url.path().contains(REALMS) {
        return String::new();
    }
    let text = issuer.as_str();
    let host = text.split_once(REALMS).map_or(text, |(host, _)| host);
    format!("; start Keycloak with --hostname={host}")
}
