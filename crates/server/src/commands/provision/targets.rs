//! The providers with clients that are written into an authorization server.

use anyhow::{anyhow, bail};

use crate::commands::{configured, providers};
use crate::config::{Config, ProviderConfig, ProvisionConfig};

/// A provider with the server into which its clients are written.
pub struct ProvisionedProvider<'a> {
    pub provider: &'a ProviderConfig,
    pub provision: &'a ProvisionConfig,
}

/// Returns the providers whose clients are written into a server: all, or the provider that `--provider` names.
///
/// # Errors
/// No provider has a server, or the named provider is not configured.
pub fn provisioned_providers<'a>(
    config: &'a Config,
    named: Option<&str>,
) -> anyhow::Result<Vec<ProvisionedProvider<'a>>> {
    let issuer = named.map(|issuer| configured(config, issuer)).transpose()?;
    let found: Vec<ProvisionedProvider<'_>> = providers(config)?
        .iter()
        .filter(|provider| {
            issuer
                .as_ref()
                .is_none_or(|issuer| provider.issuer == *issuer)
        })
        .filter_map(|provider| {
            let provision = provider.provision.as_ref()?;
            Some(ProvisionedProvider {
                provider,
                provision,
            })
        })
        .collect();
    match (issuer, found.is_empty()) {
        (_, false) => Ok(found),
        (Some(issuer), true) => bail!(
            "the provider {issuer} has no [provider.provision], so its clients are written into no server"
        ),
        (None, true) => Err(anyhow!(
            "no provider has [provider.provision], so clients are written into no server"
        )),
    }
}
