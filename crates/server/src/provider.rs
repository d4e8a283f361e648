//! From a provider's configuration to its document, which is also its policy.

use anyhow::anyhow;
use protocol::{InvalidMember, Object, ProviderMetadata};

use crate::config::ProviderConfig;
use crate::settings::named;

pub mod addresses;
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
    /// The other members of the document, as configured.
    pub extra: Object,
    /// The placeholders: each member with its path below the issuer.
    pub placeholders: Vec<(&'static str, &'static str)>,
}

impl ProviderOffer {
    /// Returns the whole document, but for its signed form.
    pub fn document(&self) -> Object {
        let mut document = self.metadata.object();
        document.extend(self.extra.clone());
        document
    }

    /// Returns a sentence, without its full stop, for each property of the document that no specification forbids but that is
    /// probably a mistake.
    pub fn concerns(&self) -> Vec<String> {
        rules::concerns(&self.metadata)
    }
}

impl ProviderConfig {
    /// Checks that its document can be rendered.
    ///
    /// # Errors
    /// Names the provider and the settings that are missing or wrong.
    pub fn check(&self) -> anyhow::Result<()> {
        let setting = |member: &str| match self.extra_metadata.contains_key(member) {
            true => format!("provider.extra_metadata.{member}"),
            false => named(&format!("provider.metadata.{member}")),
        };
        let Err(InvalidMember { member, reason, .. }) = offer(self) else {
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

/// Builds a provider's document: the default offer, then the configured members, then those that the features advertise.
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
    rules::check(&metadata, &config.issuer, &config.metadata)?;
    Ok(ProviderOffer {
        metadata,
        extra: config.extra_metadata.clone(),
        placeholders,
    })
}
