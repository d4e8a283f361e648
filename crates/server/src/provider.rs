//! From a provider's configuration to its document, which is also its policy.

use anyhow::anyhow;
use protocol::json::{JsonLimits, read_object};
use protocol::upstream::UpstreamDocument;
use protocol::{InvalidMember, Object, ProviderMetadata};
use serde_json::Value;

use crate::config::{ProviderConfig, UpstreamConfig};
use crate::settings::named;
use crate::upstream::refusal::DocumentRefusal;

pub mod addresses;
pub mod hop;
pub mod proxied_paths;
mod rules;

pub use rules::REQUIRED;

/// Endpoints of the authorization server, each with the path of its placeholder below a loopback issuer.
pub const PLACEHOLDERS: [(&str, &str); 3] = [
    ("authorization_endpoint", "oauth2/authorize"),
    ("token_endpoint", "oauth2/token"),
    ("userinfo_endpoint", "oauth2/userinfo"),
];

/// A provider's document, and the endpoints in it that are placeholders of ours.
#[derive(Debug, Clone)]
pub struct ProviderOffer {
    /// The members of the document that the table knows.
    pub metadata: ProviderMetadata,
    /// The other members of the document, and known members in the spelling of the server behind.
    pub extra: Object,
    /// True if the document is that of a server behind.
    pub is_upstream: bool,
    /// The registration endpoint of the server behind, if its document has one.
    pub server_registration: Option<String>,
    /// The placeholders: each member with its path below the issuer.
    pub placeholders: Vec<(&'static str, &'static str)>,
    /// The authorization endpoint behind the authorization hop, if there is one.
    pub hop_target: Option<String>,
}

impl ProviderOffer {
    /// Returns the whole document, but for its signed form.
    pub fn document(&self) -> Object {
        let mut document = self.metadata.object();
        document.extend(self.extra.clone());
        document
    }

    /// Returns the document that requests are compared with: absent members of a server's document have the defaults of the
    /// specifications.
    pub fn policy(&self) -> ProviderMetadata {
        match self.is_upstream {
            true => self.metadata.with_defaults(),
            false => self.metadata.clone(),
        }
    }

    /// Returns true if scopes are agreed as asked, since the server behind does not list its own.
    pub fn any_scope(&self) -> bool {
        self.is_upstream && self.metadata.scopes_supported.is_none()
    }

    /// Returns the scopes that the provider offers.
    pub fn scopes(&self) -> Vec<String> {
        let scopes = self.metadata.values("scopes_supported");
        let scopes = scopes.iter().flatten();
        scopes.map(ToString::to_string).collect()
    }

    /// Returns a sentence, without its full stop, for each property of the document that no specification forbids but that is
    /// probably a mistake.
    pub fn concerns(&self) -> Vec<String> {
        rules::concerns(&self.metadata)
    }
}

impl ProviderConfig {
    /// Checks that its document can be rendered; with a server behind, that the configured members can be.
    ///
    /// # Errors
    /// Names the provider and the settings that are missing or wrong.
    pub fn check(&self) -> anyhow::Result<()> {
        let setting = |member: &str| match self.extra_metadata.contains_key(member) {
            true => format!("provider.extra_metadata.{member}"),
            false => named(&format!("provider.metadata.{member}")),
        };
        let checked = match &self.upstream {
            Some(_) => rules::check_extra(&self.extra_metadata)
                .and_then(|()| ProviderMetadata::read_configured(self.metadata.clone()).map(drop)),
            None => offer(self).map(drop),
        };
        let Err(InvalidMember { member, reason, .. }) = checked else {
            return Ok(());
        };
        let needed = ["authorization_endpoint", "token_endpoint"];
        let missing: Vec<&str> = needed
            .into_iter()
            .filter(|needed| !self.metadata.contains_key(*needed))
            .collect();
        Err(if missing.contains(&&*member) {
            anyhow!(
                "the provider {} needs {}",
                self.issuer,
                missing
                    .into_iter()
                    .map(setting)
                    .collect::<Vec<_>>()
                    .join(" and ")
            )
        } else {
            anyhow!(
                "the provider {}: {} {reason}",
                self.issuer,
                setting(&member)
            )
        })
    }
}

impl ProviderConfig {
    fn advertise_documents(
        &self,
        metadata: &mut ProviderMetadata,
    ) -> Result<Option<String>, InvalidMember> {
        let is_configured = self.metadata.contains_key(hop::FLAG);
        hop::advertise(&self.issuer, &self.documents, is_configured, metadata)
    }
}

/// Builds the document of a provider without a server behind: the default offer, then the configured members, then those that the features advertise.
///
/// # Errors
/// Names the member that is wrong or missing.
pub fn offer(config: &ProviderConfig) -> Result<ProviderOffer, InvalidMember> {
    rules::check_extra(&config.extra_metadata)?;
    let mut metadata = ProviderMetadata::default_offer(config.issuer.clone())
        .configure(config.metadata.clone())?;
    let mut placeholders = Vec::new();
    for (member, path) in PLACEHOLDERS {
        if metadata.has(member) {
            continue;
        }
        if config.issuer.is_loopback() {
            metadata.set(member, config.issuer.endpoint(path).into())?;
            placeholders.push((member, path));
        }
    }
    let ours = |reason| InvalidMember::new("issuer", reason);
    oidc_discovery::advertise(&config.issuer, &mut metadata).map_err(ours)?;
    registration::advertise(&config.issuer, config.access, &mut metadata).map_err(ours)?;
    let hop_target = config.advertise_documents(&mut metadata)?;
    rules::check(&metadata, &config.issuer, &config.metadata)?;
    Ok(ProviderOffer {
        metadata,
        hop_target,
        extra: config.extra_metadata.clone(),
        is_upstream: false,
        server_registration: None,
        placeholders,
    })
}

/// Builds the document of a provider from that of the server behind: its members, the additions, then the configured members, then
/// those that registration advertises.
///
/// # Errors
/// Tells why the server's document cannot be taken.
pub fn offer_from(
    config: &ProviderConfig,
    upstream: &UpstreamConfig,
    text: &[u8],
) -> Result<ProviderOffer, DocumentRefusal> {
    let document = read_object(text, &JsonLimits::default())?;
    let server_registration = document
        .get("registration_endpoint")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let read = UpstreamDocument::read(document, &config.issuer, &upstream.add)?;
    rules::check_extra(&config.extra_metadata)?;
    let mut metadata = read.metadata.clone().configure(config.metadata.clone())?;
    registration::advertise(&config.issuer, config.access, &mut metadata)
        .map_err(|reason| InvalidMember::new("issuer", reason))?;
    let hop_target = config.advertise_documents(&mut metadata)?;
    rules::check(&metadata, &config.issuer, &config.metadata)?;
    let mut extra = read.spellings(&metadata);
    extra.extend(read.extra);
    extra.extend(config.extra_metadata.clone());
    Ok(ProviderOffer {
        metadata,
        extra,
        hop_target,
        is_upstream: true,
        server_registration,
        placeholders: Vec::new(),
    })
}
