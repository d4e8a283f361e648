//! From `[provider.provision]` to the provisioner of a provider.

use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use openssl::ssl::SslConnector;
use protocol::RandomSource;
use provisioning::http::HttpConnector;
use provisioning::keycloak::KeycloakConnector;
use provisioning::rfc7591::Rfc7591Connector;
use provisioning::{Connector, Provisioner, ProvisionerServices, ProvisionerSettings};
use registration::ENDPOINT;
use url::Url;

use crate::config::{
    Config, ProviderConfig, ProvisionConfig, ProvisionTarget, registration_endpoint,
};
use crate::provider::ProviderOffer;
use crate::settings::named;

/// The actor in the audit trail for changes that provisioning makes.
pub const ACTOR: &str = "provisioning";

/// Makes the provisioner of a provider; nothing if its clients are not written anywhere else.
///
/// # Errors
/// Names the provider, and the setting or file that is wrong.
pub fn provisioner(
    config: &Config,
    provider: &ProviderConfig,
    offer: &ProviderOffer,
    services: ProvisionerServices,
) -> anyhow::Result<Option<Arc<Provisioner>>> {
    let Some(provision) = &provider.provision else {
        return Ok(None);
    };
    let random = Arc::clone(&services.random);
    let connector = connector(config, provider, provision, offer, random)?;
    let settings = ProvisionerSettings {
        issuer: provider.issuer.clone(),
        ready: provision.ready,
        patience: provision.patience,
        at_most: provision.at_most,
        on_delete: provision.on_delete,
        reconcile: provision.reconcile,
        scopes_supported: offer.scopes(),
    };
    let provisioner = Provisioner::new(settings, connector, services);
    Ok(Some(Arc::new(provisioner)))
}

/// Makes the connector of a provider.
///
/// # Errors
/// Names the provider, and the setting or file that is wrong.
pub fn connector(
    config: &Config,
    provider: &ProviderConfig,
    provision: &ProvisionConfig,
    offer: &ProviderOffer,
    random: RandomSource,
) -> anyhow::Result<Arc<dyn Connector>> {
    let issuer = &provider.issuer;
    let made = || {
        let ca = config.outbound_authority()?;
        let trust = outbound::server_trust(ca.as_deref())?;
        made(provider, provision, offer, trust, random)
    };
    made().with_context(|| format!("the provider {issuer}"))
}

fn made(
    provider: &ProviderConfig,
    provision: &ProvisionConfig,
    offer: &ProviderOffer,
    trust: SslConnector,
    random: RandomSource,
) -> anyhow::Result<Arc<dyn Connector>> {
    provision.check_files()?;
    Ok(match &provision.target {
        ProvisionTarget::Keycloak(settings) => Arc::new(KeycloakConnector::new(
            settings.clone(),
            trust,
            provision.template()?,
            random,
        )),
        ProvisionTarget::Http { at, token } => Arc::new(HttpConnector::new(
            at.clone(),
            trust,
            token.clone(),
            provision.template()?,
            random,
        )),
        ProvisionTarget::Rfc7591 {
            at,
            plain_http,
            token,
        } => {
            let at = match at {
                Some(at) => at.clone(),
                None => of_document(provider, offer, *plain_http)?,
            };
            Arc::new(Rfc7591Connector::new(at, trust, token.clone()))
        }
    })
}

/// Returns the registration endpoint of the server's document. Ours is refused: a registration there would begin another one.
fn of_document(
    provider: &ProviderConfig,
    offer: &ProviderOffer,
    plain_http: bool,
) -> anyhow::Result<Url> {
    let at = named("provider.provision.at");
    let text = offer.server_registration.as_deref().ok_or_else(|| {
        anyhow!("{at} must be set, since the upstream document has no registration_endpoint")
    })?;
    if text == provider.issuer.endpoint(ENDPOINT) {
        bail!(
            "{at} must be set, since the registration_endpoint of the upstream document is our own"
        );
    }
    registration_endpoint(text, plain_http)
}
