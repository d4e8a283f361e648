//! The providers that claim a host. The strongest claim wins.

use std::cmp::Reverse;
use std::sync::Arc;

use protocol::Issuer;

use crate::authority::HTTPS_PORT;
use crate::link::Links;
use crate::resource::Resource;

/// A provider's issuer and its rendered links.
#[derive(Debug)]
pub(crate) struct WebFingerProvider {
    pub(crate) issuer: Issuer,
    pub(crate) links: Links,
}

/// The claim of a provider to a host.
#[derive(Debug, Clone)]
pub(crate) struct HostClaim {
    pub(crate) provider: Arc<WebFingerProvider>,
    pub(crate) reason: ClaimReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClaimReason {
    /// The host is the issuer's own.
    Own,
    /// The host is among the provider's domains, on a certain port or on any.
    Listed(Option<u16>),
}

impl HostClaim {
    fn is_tenant(&self) -> bool {
        self.provider.issuer.tenant().is_some()
    }

    /// Returns true if neither of two claims to the same host goes before the other.
    pub(crate) fn contradicts(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.provider, &other.provider) || self.is_tenant() || other.is_tenant() {
            return false;
        }
        match (self.reason, other.reason) {
            (ClaimReason::Own, ClaimReason::Own) => false,
            (ClaimReason::Listed(this), ClaimReason::Listed(that)) => this == that,
            (ClaimReason::Own, ClaimReason::Listed(port)) => self.is_at_root_of(port),
            (ClaimReason::Listed(port), ClaimReason::Own) => other.is_at_root_of(port),
        }
    }

    /// Returns true if the issuer is at the root of the host on a port, or on the port of https if none is given.
    fn is_at_root_of(&self, port: Option<u16>) -> bool {
        self.provider.issuer.path().is_empty()
            && self.provider.issuer.port() == port.unwrap_or(HTTPS_PORT)
    }

    /// Returns the class and the strength of the claim on a port, smaller numbers first, or `None` if it does not apply to that
    /// port. Classes 0 and 1 cover bare accounts; class 2 is a tenant that only shares the host.
    fn rank(&self, port: Option<u16>) -> Option<(u8, u8)> {
        let issuer = &self.provider.issuer;
        let is_own_port = port == Some(issuer.port());
        let strength = match self.reason {
            ClaimReason::Listed(Some(listed)) if port == Some(listed) => 0,
            ClaimReason::Listed(Some(_)) => return None,
            ClaimReason::Own if is_own_port && issuer.path().is_empty() => 1,
            ClaimReason::Listed(None) => 2,
            ClaimReason::Own if is_own_port => 3,
            ClaimReason::Own if issuer.path().is_empty() => 4,
            ClaimReason::Own => 5,
        };
        let class = match (self.is_tenant(), self.reason) {
            (false, _) => 0,
            (true, ClaimReason::Listed(_)) => 1,
            (true, ClaimReason::Own) => 2,
        };
        Some((class, strength))
    }
}

/// The claims to a host on a port, or on every port without claims of its own.
#[derive(Debug)]
pub(crate) struct HostClaims {
    /// Every provider with a claim, the longest issuer path first.
    members: Vec<Arc<WebFingerProvider>>,
    /// The provider of bare accounts, and of paths below no issuer.
    owner: Option<Arc<WebFingerProvider>>,
    has_tenants: bool,
}

impl HostClaims {
    /// Ranks the claims to a host on a port. They come in the order of the configuration, which decides between equals.
    pub(crate) fn rank(claims: &[HostClaim], port: Option<u16>) -> Self {
        let mut ranked: Vec<_> = claims
            .iter()
            .filter_map(|claim| Some((claim.rank(port)?, claim)))
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let owner = ranked
            .first()
            .filter(|((class, _), _)| *class < 2)
            .map(|(_, claim)| Arc::clone(&claim.provider));
        // The sort is stable: among equal paths the stronger claim stays first.
        ranked.sort_by_key(|(_, claim)| Reverse(claim.provider.issuer.path().len()));
        let members: Vec<_> = ranked
            .iter()
            .map(|(_, claim)| Arc::clone(&claim.provider))
            .collect();
        Self {
            owner,
            has_tenants: members
                .iter()
                .any(|member| member.issuer.tenant().is_some()),
            members,
        }
    }

    /// Finds the provider of a resource, and the user's name there, still percent-encoded.
    pub(crate) fn find<'a>(
        &'a self,
        resource: &'a Resource,
    ) -> Option<(&'a WebFingerProvider, Option<&'a str>)> {
        match resource.tenant() {
            Some(tenant) if self.has_tenants => self
                .find_tenant(tenant)
                .map(|provider| (provider, resource.user_at_tenant())),
            _ => self
                .find_by_path(resource.path())
                .or(self.owner.as_deref())
                .map(|provider| (provider, resource.user())),
        }
    }

    /// Finds a tenant by its name. Case matters only if two tenants differ in nothing else, since tenants are named like domains.
    fn find_tenant(&self, name: &str) -> Option<&WebFingerProvider> {
        let find = |same: fn(&str, &str) -> bool| {
            self.members.iter().find(|member| {
                member
                    .issuer
                    .tenant()
                    .is_some_and(|tenant| same(tenant, name))
            })
        };
        find(|a, b| a == b)
            .or_else(|| find(str::eq_ignore_ascii_case))
            .map(AsRef::as_ref)
    }

    /// Finds the provider whose issuer's path is a prefix of the path, segment by segment.
    fn find_by_path(&self, path: &str) -> Option<&WebFingerProvider> {
        let covers = |issuer: &str| {
            !issuer.is_empty()
                && path
                    .strip_prefix(issuer)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.members
            .iter()
            .find(|member| covers(member.issuer.path()))
            .map(AsRef::as_ref)
    }
}
