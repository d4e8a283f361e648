//! Finds the provider of a host.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use protocol::Issuer;
use url::Host;

use crate::authority::{Authority, HTTPS_PORT};
use crate::domain::Domain;
use crate::extra_links::ExtraLinks;
use crate::host_claims::{ClaimReason, HostClaim, HostClaims, WebFingerProvider};
use crate::host_meta::HostMeta;
use crate::link::Links;
use crate::resource::Resource;

/// A provider, and the hosts for which it answers.
#[derive(Debug, Clone)]
pub struct HostedProvider {
    /// The issuer to which its links point.
    pub issuer: Issuer,
    /// The hosts for which it answers besides the issuer's own.
    pub domains: Vec<Domain>,
    /// The configured links and aliases.
    pub extras: Vec<ExtraLinks>,
}

/// The provider of every hosted domain, computed at start-up.
///
/// A resource on a host is answered by
///
/// 1. the tenant it names, if the host has tenants and an `@` is left in the user name (`bob@acme.example@localhost`):
///    then an unknown tenant is an unknown resource. A tenant is a provider whose issuer's path is `/t/{tenant}`. On a
///    host without tenants this name is an opaque user (RFC 7565 §4 has `juliet%40capulet.example`).
/// 2. the provider with the longest issuer path that the resource's path continues;
/// 3. the owner of the host: the provider that lists it with its port, else the one whose issuer is at its root, else the one that
///    lists it without a port, else the first configured provider whose issuer is there. A tenant owns only hosts that it lists and
///    no other provider claims.
///
/// A resource without a port is on the port of https. A port without claims of its own falls back to those of the host.
#[derive(Debug)]
pub struct Directory {
    hosts: HashMap<Host, PortClaims>,
    pub(crate) host_meta: HostMeta,
}

#[derive(Debug)]
struct PortClaims {
    ports: HashMap<u16, HostClaims>,
    elsewhere: HostClaims,
}

impl Directory {
    /// Computes the provider of every host.
    ///
    /// # Errors
    /// Two providers that are not tenants claim the same domain, or two have the same issuer, or a link cannot be served or is for
    /// a domain for which its provider does not answer.
    pub fn new(providers: Vec<HostedProvider>) -> Result<Self, DirectoryError> {
        let host_meta = HostMeta::new(providers.first().map_or("", |first| first.issuer.origin()));
        let mut claims: HashMap<Host, Vec<HostClaim>> = HashMap::new();
        for hosted in providers {
            hosted.check()?;
            let HostedProvider {
                issuer,
                domains,
                extras,
            } = hosted;
            let provider = Arc::new(WebFingerProvider {
                links: Links::new(issuer.as_str(), &extras),
                issuer,
            });
            let own = Authority::from_issuer(&provider.issuer)
                .ok_or_else(|| DirectoryError::NoHost(provider.issuer.to_string()))?;
            let listed = domains
                .into_iter()
                .map(|domain| domain.authority().clone())
                .map(|Authority { host, port }| (host, ClaimReason::Listed(port)));
            for (host, reason) in [(own.host, ClaimReason::Own)].into_iter().chain(listed) {
                let claim = HostClaim {
                    provider: Arc::clone(&provider),
                    reason,
                };
                let earlier = claims.entry(host.clone()).or_default();
                check_claim(&host, earlier, &claim)?;
                earlier.push(claim);
            }
        }
        Ok(Self {
            hosts: claims
                .into_iter()
                .map(|(host, claims)| (host, PortClaims::rank(&claims)))
                .collect(),
            host_meta,
        })
    }

    /// Returns the descriptor of a resource, with the links of the requested relations or with all. Returns `None` for an unknown
    /// host or tenant. RFC 7033 §4.2, §4.4.
    pub fn describe(&self, resource: &Resource, rels: &[String]) -> Option<String> {
        let authority = resource.authority()?;
        let port_claims = self.hosts.get(&authority.host)?;
        let claims = port_claims
            .ports
            .get(&authority.port.unwrap_or(HTTPS_PORT))
            .unwrap_or(&port_claims.elsewhere);
        claims.find(resource).map(|(provider, user)| {
            provider
                .links
                .jrd(resource.subject(), authority, user, rels)
        })
    }
}

impl HostedProvider {
    fn check(&self) -> Result<(), DirectoryError> {
        for extra in &self.extras {
            if let Some(domain) = extra
                .domain
                .as_ref()
                .filter(|domain| !self.answers_for(domain))
            {
                return Err(DirectoryError::NotHosted {
                    domain: domain.to_string(),
                    issuer: self.issuer.to_string(),
                });
            }
            for link in &extra.links {
                link.check().map_err(|reason| DirectoryError::Link {
                    rel: link.rel.clone(),
                    reason,
                })?;
            }
        }
        Ok(())
    }

    fn answers_for(&self, domain: &Domain) -> bool {
        let authority = domain.authority();
        let own =
            Authority::from_issuer(&self.issuer).is_some_and(|own| own.host == authority.host);
        own || self.domains.iter().map(Domain::authority).any(|hosted| {
            hosted.host == authority.host
                && (authority.port.is_none()
                    || hosted.port.is_none()
                    || hosted.port == authority.port)
        })
    }
}

impl PortClaims {
    fn rank(claims: &[HostClaim]) -> Self {
        let ports = claims.iter().filter_map(|claim| match claim.reason {
            ClaimReason::Own => Some(claim.provider.issuer.port()),
            ClaimReason::Listed(port) => port,
        });
        Self {
            ports: ports
                .map(|port| (port, HostClaims::rank(claims, Some(port))))
                .collect(),
            elsewhere: HostClaims::rank(claims, None),
        }
    }
}

fn check_claim(
    host: &Host,
    earlier: &[HostClaim],
    claim: &HostClaim,
) -> Result<(), DirectoryError> {
    let issuer = &claim.provider.issuer;
    for other in earlier {
        let theirs = &other.provider.issuer;
        if !Arc::ptr_eq(&claim.provider, &other.provider)
            && (theirs.port(), theirs.path()) == (issuer.port(), issuer.path())
            && theirs.host() == issuer.host()
        {
            return Err(DirectoryError::SameIssuer(issuer.to_string()));
        }
        if claim.contradicts(other) {
            return Err(DirectoryError::Contested {
                host: host.to_string(),
                first: theirs.to_string(),
                second: issuer.to_string(),
            });
        }
    }
    Ok(())
}

/// A configuration for which there is no [`Directory`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryError {
    /// Two providers that are not tenants claim the same domain.
    Contested {
        /// The host that both claim.
        host: String,
        /// The issuer of the provider configured first.
        first: String,
        /// The issuer of the other provider.
        second: String,
    },
    /// Two providers have this issuer.
    SameIssuer(String),
    /// The host of this issuer cannot be parsed.
    NoHost(String),
    /// Aliases or links are for a domain for which their provider does not answer.
    NotHosted {
        /// The domain.
        domain: String,
        /// The provider's issuer.
        issuer: String,
    },
    /// A link that cannot be served.
    Link {
        /// The relation of the link.
        rel: String,
        /// The rest of a sentence that begins with it.
        reason: &'static str,
    },
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contested {
                host,
                first,
                second,
            } => {
                write!(
                    f,
                    "The domain `{host}` is claimed by two providers, `{first}` and `{second}`; list it in the domains of one of them only."
                )
            }
            Self::SameIssuer(issuer) => write!(f, "Two providers have the issuer `{issuer}`."),
            Self::NoHost(issuer) => write!(
                f,
                "The issuer `{issuer}` has no host for which WebFinger could answer."
            ),
            Self::NotHosted { domain, issuer } => {
                write!(f, "The domain `{domain}` is not among those of `{issuer}`.")
            }
            Self::Link { rel, reason } => write!(f, "The link `{rel}` {reason}."),
        }
    }
}

impl Error for DirectoryError {}
