//! Who answers on one host: several providers may have a claim to it, and the strongest wins.

use std::cmp::Reverse;
use std::sync::Arc;

use protocol::Issuer;

use crate::authority::HTTPS_PORT;
use crate::link::Links;
use crate::resource::Resource;

/// A provider as WebFinger knows it.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) issuer: Issuer,
    pub(crate) links: Links,
}

/// Why a provider answers on a host.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) provider: Arc<Provider>,
    pub(crate) ground: Ground,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    /// It is the issuer's own host.
    Own,
    /// The host is among the provider's domains, on one port or on any.
    Listed(Option<u16>),
}

impl Claim {
    fn is_tenant(&self) -> bool {
        self.provider.issuer.tenant().is_some()
    }

    /// Whether nobody could say which of the two claims to one host decides.
    pub(crate) fn contradicts(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.provider, &other.provider) || self.is_tenant() || other.is_tenant() {
            return false;
        }
        match (self.ground, other.ground) {
            (Ground::Own, Ground::Own) => false,
            (Ground::Listed(this), Ground::Listed(that)) => this == that,
            (Ground::Own, Ground::Listed(port)) => self.is_at_root_of(port),
            (Ground::Listed(port), Ground::Own) => other.is_at_root_of(port),
        }
    }

    /// A domain without a port is first of all the one that https means.
    fn is_at_root_of(&self, port: Option<u16>) -> bool {
        self.provider.issuer.path().is_empty()
            && self.provider.issuer.port() == port.unwrap_or(HTTPS_PORT)
    }

    /// How strong the claim is on a port, the smallest number first; nothing, when it does not reach that port. The
    /// second number tells claims on bare accounts (0, 1) from those of a tenant that only shares the host (2).
    fn rank(&self, port: Option<u16>) -> Option<(u8, u8)> {
        let issuer = &self.provider.issuer;
        let here = port == Some(issuer.port());
        let strength = match self.ground {
            Ground::Listed(Some(listed)) if port == Some(listed) => 0,
            Ground::Listed(Some(_)) => return None,
            Ground::Own if here && issuer.path().is_empty() => 1,
            Ground::Listed(None) => 2,
            Ground::Own if here => 3,
            Ground::Own if issuer.path().is_empty() => 4,
            Ground::Own => 5,
        };
        let class = match (self.is_tenant(), self.ground) {
            (false, _) => 0,
            (true, Ground::Listed(_)) => 1,
            (true, Ground::Own) => 2,
        };
        Some((class, strength))
    }
}

/// One host on one port, or on every port that has no site of its own.
#[derive(Debug)]
pub(crate) struct Site {
    /// Everybody with a claim, the longest issuer path first.
    members: Vec<Arc<Provider>>,
    /// Who answers for bare accounts and for what no member's path covers.
    owner: Option<Arc<Provider>>,
    has_tenants: bool,
}

impl Site {
    /// Settles the claims to one host on a port, given in the order of the configuration, which decides between equals.
    pub(crate) fn settle(claims: &[Claim], port: Option<u16>) -> Self {
        let mut ranked: Vec<_> = claims
            .iter()
            .filter_map(|claim| Some((claim.rank(port)?, claim)))
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let owner = ranked
            .first()
            .filter(|((class, _), _)| *class < 2)
            .map(|(_, claim)| Arc::clone(&claim.provider));
        // A stable sort: of equal paths the stronger claim stays in front.
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

    /// The provider of a resource on this site, and the user's name there, still percent-encoded.
    pub(crate) fn find<'a>(
        &'a self,
        resource: &'a Resource,
    ) -> Option<(&'a Provider, Option<&'a str>)> {
        match resource.tenant() {
            Some(tenant) if self.has_tenants => self
                .tenant(tenant)
                .map(|provider| (provider, resource.user_at_tenant())),
            _ => self
                .below(resource.path())
                .or(self.owner.as_deref())
                .map(|provider| (provider, resource.user())),
        }
    }

    /// Tenants are named like domains, so their case does not matter, unless two differ in nothing else.
    fn tenant(&self, name: &str) -> Option<&Provider> {
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

    /// The provider whose issuer's path the path continues, segment by segment.
    fn below(&self, path: &str) -> Option<&Provider> {
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
