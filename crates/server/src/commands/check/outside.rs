//! `frontdesk check --outside`: the responses expected of the public addresses.

use std::io::Write;
use std::path::PathBuf;

use probe::{
    ExpectedDescriptor, ExpectedProvider, ExpectedWso2Paths, OutsideOptions, ResolveOverride,
    check_outside,
};
use protocol::Clock;
use protocol::issuer::ISSUER_REL;
use registration::{ENDPOINT, RegistrationAccess, WSO2_ENDPOINTS};
use serde_json::Value;
use webfinger::{Directory, Resource};

use crate::commands::providers;
use crate::config::{Config, ProviderConfig};
use crate::provider::addresses;
use crate::tls::acceptor::EXPIRES_SOON;
use crate::upstream;

/// The query with which the authorization hop is asked. No client is named, so nothing is looked up.
const HOP_QUERY: &str = "state=a%2Fb+c%20d&prompt=none";

/// Sends requests to every public address of the configured providers.
///
/// # Errors
/// The number of findings, or the reason why no request could be sent.
pub fn run(
    config: &Config,
    ca: Option<PathBuf>,
    json: bool,
    resolve: Vec<ResolveOverride>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let all = providers(config)?;
    let directory = Directory::new(all.iter().map(ProviderConfig::hosted).collect())?;
    let expected = all
        .iter()
        .map(|one| expected(config, all, one, &directory))
        .collect::<Result<_, _>>()?;
    check_outside(
        expected,
        &OutsideOptions {
            ca,
            json,
            resolve,
            expires_soon: EXPIRES_SOON,
        },
        Clock::system().now(),
        out,
    )
}

fn expected(
    config: &Config,
    all: &[ProviderConfig],
    one: &ProviderConfig,
    directory: &Directory,
) -> anyhow::Result<ExpectedProvider> {
    let offer = upstream::described(config, one)?;
    let issuer = &one.issuer;
    Ok(ExpectedProvider {
        issuer: issuer.clone(),
        document: offer.document(),
        placeholders: offer
            .placeholders
            .iter()
            .map(|(member, _)| *member)
            .collect(),
        unchecked: &[oidc_discovery::SIGNED_METADATA],
        configuration_paths: oidc_discovery::configuration_paths(issuer, &[]),
        // With a server behind, the document names the server's keys, and the path may be the server's.
        jwks_paths: match offer.is_upstream {
            true => Vec::new(),
            false => oidc_discovery::jwks_paths(issuer, &[]),
        },
        resource: oidc_discovery::protected_resource(issuer, &offer.metadata),
        registration_path: format!("{}/{ENDPOINT}", issuer.path()),
        anonymous_status: match one.access {
            RegistrationAccess::Open => 400,
            RegistrationAccess::Protected => 401,
            RegistrationAccess::Closed => 403,
        },
        hop: offer
            .hop_target
            .as_ref()
            .map(|target| (HOP_QUERY, authorize::location(target, HOP_QUERY))),
        wso2_paths: addresses::wso2_prefixes(all, one)
            .into_iter()
            .map(wso2_paths)
            .collect(),
        descriptors: descriptors(one, directory),
        max_age: config.max_age,
        body_bytes: config.limits.body().bytes,
    })
}

fn wso2_paths(base: String) -> ExpectedWso2Paths {
    ExpectedWso2Paths {
        configuration: oidc_discovery::wso2_configuration_path(&base),
        jwks: oidc_discovery::wso2_jwks_path(&base),
        registration: WSO2_ENDPOINTS
            .iter()
            .map(|endpoint| format!("{base}/{endpoint}"))
            .collect(),
        base,
    }
}

/// The descriptor of the issuer on its own host, and on each domain that of an account that does not exist. Its name has an
/// escape of its own, which shows what becomes of percent-encoding.
fn descriptors(one: &ProviderConfig, directory: &Directory) -> Vec<ExpectedDescriptor> {
    let own = (
        one.issuer.origin().to_owned(),
        one.issuer.as_str().to_owned(),
    );
    let domains = one.domains.iter().map(|domain| {
        (
            format!("https://{domain}"),
            format!("acct:frontdesk%2Bcheck@{domain}"),
        )
    });
    let all = [own].into_iter().chain(domains);
    all.map(|(origin, resource)| {
        let described = Resource::parse(&resource)
            .ok()
            .and_then(|parsed| directory.describe(&parsed, &[ISSUER_REL.to_owned()]));
        let document = described
            .and_then(|text| serde_json::from_str::<Value>(&text).ok())
            .unwrap_or_default();
        ExpectedDescriptor {
            origin,
            resource,
            document,
        }
    })
    .collect()
}
