//! The offer of a provider: the default offer, and the configured members that replace parts of it.
//!
//! Clients choose from the document, so each offered value must be obtainable: a response type needs its grants, a grant needs
//! a response type, and an authentication method needs a signing algorithm. A default list is narrowed to fit a configured
//! one; configured lists that contradict each other are refused.

use std::borrow::Cow;

use serde_json::Value;

use crate::ProviderMetadata;
use crate::admit::reject_empty_elements;
use crate::issuer::Issuer;
use crate::json::Origin;
use crate::member::{InvalidMember, Object};
use crate::response_type::ResponseType;
use crate::values::{
    AuthMethod, CodeChallengeMethod, GrantType, RegistryName, ResponseMode, SigningAlgorithm,
    SubjectType,
};

/// The members that the server sets and an operator cannot configure.
pub const COMPUTED_MEMBERS: [&str; 3] = ["issuer", "registration_endpoint", "signed_metadata"];

/// The lists with a default that applies if they are absent, so that an empty list cannot be expressed. RFC 8414 §2.
const DEFAULTED_LISTS: [&str; 3] = [
    "response_modes_supported",
    "grant_types_supported",
    "token_endpoint_auth_methods_supported",
];

/// The lists of authentication methods, each with the list of its signing algorithms.
const SIGNED_AUTHENTICATION: [(&str, &str); 3] = [
    (
        "token_endpoint_auth_methods_supported",
        "token_endpoint_auth_signing_alg_values_supported",
    ),
    (
        "revocation_endpoint_auth_methods_supported",
        "revocation_endpoint_auth_signing_alg_values_supported",
    ),
    (
        "introspection_endpoint_auth_methods_supported",
        "introspection_endpoint_auth_signing_alg_values_supported",
    ),
];

/// The claims of OIDC Core §5.1, and those of the ID Token.
const STANDARD_CLAIMS: [&str; 26] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "acr",
    "auth_time",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
    "updated_at",
];

impl ProviderMetadata {
    /// Returns the default offer.
    pub fn default_offer(issuer: Issuer) -> Self {
        use SigningAlgorithm::{EdDsa, Es256, Ps256, Rs256};
        let response_type = |text: &str| ResponseType::parse(text).ok();
        let names = |names: &[&str]| names.iter().map(|name| RegistryName::from(*name)).collect();
        Self {
            issuer: Some(issuer),
            scopes_supported: Some(names(&[
                "openid",
                "profile",
                "email",
                "address",
                "phone",
                "offline_access",
            ])),
            response_types_supported: Some(
                ["code", "id_token", "id_token token", "token"]
                    .into_iter()
                    .filter_map(response_type)
                    .collect(),
            ),
            response_modes_supported: Some(vec![
                ResponseMode::Query,
                ResponseMode::Fragment,
                ResponseMode::FormPost,
            ]),
            grant_types_supported: Some(vec![
                GrantType::AuthorizationCode,
                GrantType::Implicit,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
                GrantType::Password,
            ]),
            subject_types_supported: Some(vec![SubjectType::Public, SubjectType::Pairwise]),
            id_token_signing_alg_values_supported: Some(vec![Rs256, Es256]),
            token_endpoint_auth_methods_supported: Some(vec![
                AuthMethod::ClientSecretBasic,
                AuthMethod::ClientSecretPost,
                AuthMethod::PrivateKeyJwt,
                AuthMethod::None,
            ]),
            token_endpoint_auth_signing_alg_values_supported: Some(vec![
                Rs256, Ps256, Es256, EdDsa,
            ]),
            claims_supported: Some(names(&STANDARD_CLAIMS)),
            claims_parameter_supported: Some(false),
            request_parameter_supported: Some(false),
            request_uri_parameter_supported: Some(false),
            code_challenge_methods_supported: Some(vec![CodeChallengeMethod::S256]),
            ..Self::default()
        }
    }

    /// Replaces members with the configured ones. An empty list removes the member, because a document must not contain empty
    /// lists (RFC 8414 §3.2).
    ///
    /// # Errors
    /// A member is not provider metadata, is not in its form, is set by the server, or contradicts another; the error names it.
    pub fn configure(self, configured: Object) -> Result<Self, InvalidMember> {
        let empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
        let emptied: Vec<String> = configured
            .iter()
            .filter(|(_, value)| empty(value))
            .map(|(name, _)| name.clone())
            .collect();
        let given = Self::read_configured(configured)?;
        let (types, grants) = (
            given.has("response_types_supported"),
            given.has("grant_types_supported"),
        );
        let base = self.clone();
        let mut offer = given.merged_over(self);
        if grants && !types {
            offer.narrow_response_types();
        }
        if types && !grants {
            offer.narrow_grants();
        }
        for member in emptied {
            if DEFAULTED_LISTS.contains(&member.as_str()) {
                return Err(InvalidMember::new(
                    member,
                    "must have at least one element, since its absence means the default",
                ));
            }
            offer.clear(&member);
        }
        offer.check_authentication(&base)?;
        offer.check_flows()?;
        Ok(offer)
    }

    /// Reads configured members, without a look at what they replace.
    ///
    /// # Errors
    /// A member is not provider metadata, is not in its form, or is set by the server; the error names it.
    pub fn read_configured(mut configured: Object) -> Result<Self, InvalidMember> {
        if let Some(own) = COMPUTED_MEMBERS
            .iter()
            .find(|own| configured.contains_key(**own))
        {
            return Err(InvalidMember::new(
                *own,
                "is set by the server and cannot be configured",
            ));
        }
        let given = Self::take(&mut configured, Origin::Request)?;
        if let Some(unknown) = configured.keys().next() {
            return Err(InvalidMember::new(
                unknown.clone(),
                "is not a member of provider metadata",
            ));
        }
        for (row, held) in given.present() {
            reject_empty_elements(row, held)?;
        }
        Ok(given)
    }

    /// Removes the response types that use a grant that is not offered. RFC 7591 §2.1.
    fn narrow_response_types(&mut self) {
        let Some(grants) = &self.grant_types_supported else {
            return;
        };
        let possible = |kind: &ResponseType| kind.grants().all(|grant| grants.contains(&grant));
        self.response_types_supported = self
            .response_types_supported
            .take()
            .map(|kinds| kinds.into_iter().filter(possible).collect())
            .filter(|kinds: &Vec<_>| !kinds.is_empty());
    }

    /// Removes the grants that redirect and that no offered response type uses. RFC 7591 §2.1.
    fn narrow_grants(&mut self) {
        let used = self.used_grants();
        if let Some(grants) = &mut self.grant_types_supported {
            grants.retain(|grant| !grant.redirects() || used.contains(grant));
        }
    }

    fn used_grants(&self) -> Vec<GrantType> {
        self.response_types_supported
            .iter()
            .flatten()
            .flat_map(ResponseType::grants)
            .collect()
    }

    /// Checks that each response type has its grants, and each grant the members it needs. RFC 7591 §2.1, CIBA §4.
    fn check_flows(&self) -> Result<(), InvalidMember> {
        let offered =
            |grant: &GrantType| self.offers("grant_types_supported", grant.as_str()) != Some(false);
        for kind in self.response_types_supported.iter().flatten() {
            if let Some(absent) = kind.grants().find(|grant| !offered(grant)) {
                let reason = format!(
                    "offers {}, which requires {} in grant_types_supported",
                    kind.spelled(),
                    absent.as_str()
                );
                return Err(InvalidMember::new("response_types_supported", reason));
            }
        }
        let used = self.used_grants();
        let grants = || self.grant_types_supported.iter().flatten();
        if let Some(idle) = grants().find(|grant| grant.redirects() && !used.contains(grant)) {
            let reason = format!(
                "offers {}, which requires a type that uses it in response_types_supported",
                idle.as_str()
            );
            return Err(InvalidMember::new("grant_types_supported", reason));
        }
        let modes = "backchannel_token_delivery_modes_supported";
        if grants().any(|grant| *grant == GrantType::Ciba) && !self.has(modes) {
            return Err(InvalidMember::new(
                modes,
                format!(
                    "is required when grant_types_supported offers {}",
                    GrantType::Ciba.as_str()
                ),
            ));
        }
        Ok(())
    }

    /// Checks the signing algorithms of client authentication: they are listed for the methods that sign and do not include `none`
    /// (RFC 8414 §2), and each method has an algorithm of its type (OIDC Core §9). Hydra's own document lists the method and no
    /// algorithm: what is missing in `base` already is the server's omission, and no mistake in the configuration.
    fn check_authentication(&self, base: &Self) -> Result<(), InvalidMember> {
        for (methods, algorithms) in SIGNED_AUTHENTICATION {
            let signs = |method: &&AuthMethod| {
                matches!(
                    method,
                    AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt
                )
            };
            let offered: Vec<AuthMethod> = self
                .values(methods)
                .iter()
                .flatten()
                .map(|value| AuthMethod::from(&**value))
                .collect();
            if !self.has(algorithms)
                && !base.has(algorithms)
                && offered
                    .iter()
                    .filter(signs)
                    .all(|method| base.offers(methods, method.as_str()) == Some(true))
            {
                continue;
            }
            if let Some(method) = offered.iter().find(signs).filter(|_| !self.has(algorithms)) {
                return Err(InvalidMember::new(
                    algorithms,
                    format!("is required when {methods} offers {}", method.as_str()),
                ));
            }
            for (method, symmetric, kind) in [
                (AuthMethod::ClientSecretJwt, true, "an HMAC algorithm"),
                (AuthMethod::PrivateKeyJwt, false, "an asymmetric algorithm"),
            ] {
                let fits = |value: &Cow<'_, str>| {
                    SigningAlgorithm::from(value.as_ref()).is_symmetric() == symmetric
                };
                if offered.contains(&method) && !self.values(algorithms).iter().flatten().any(fits)
                {
                    return Err(InvalidMember::new(
                        algorithms,
                        format!(
                            "must offer {kind} when {methods} offers {}",
                            method.as_str()
                        ),
                    ));
                }
            }
            if self.offers(algorithms, SigningAlgorithm::None.as_str()) == Some(true) {
                return Err(InvalidMember::new(algorithms, "must not offer none"));
            }
        }
        Ok(())
    }

    /// Returns true if the document offers a value in one of its lists, and `None` if it does not have the list.
    pub fn offers(&self, list: &str, value: &str) -> Option<bool> {
        self.held(list).map(|offered| offered.has_value(value))
    }
}
