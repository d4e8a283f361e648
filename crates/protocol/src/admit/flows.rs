//! The grants and response types of a client, made consistent with each other. RFC 7591 §2.1, OIDC Registration §2.

use super::LegacyRedirects;
use super::draft::Draft;
use crate::ProviderMetadata;
use crate::member::InvalidMember;
use crate::response_type::ResponseType;
use crate::values::GrantType;

impl ProviderMetadata {
    /// Makes grants and response types consistent with each other. RFC 7591 §2.1, OIDC Registration §2.
    pub(super) fn agree_on_flows(
        &self,
        asked: &mut Draft,
        legacy: LegacyRedirects<'_>,
    ) -> Result<(), InvalidMember> {
        let before = (
            asked.grant_types.as_ref().map(Vec::len),
            asked.response_types.as_ref().map(Vec::len),
        );
        let grants = asked.grant_types.take().filter(|grants| !grants.is_empty());
        let responses = asked
            .response_types
            .take()
            .filter(|responses| !responses.is_empty());
        let refresh_token_alone = legacy.allows_refresh_token_alone()
            && grants
                .as_ref()
                .is_some_and(|grants| grants.iter().all(is_refresh_token));
        let (mut grants, mut responses) = match (grants, responses) {
            (Some(grants), Some(responses)) => (grants, responses),
            (None, Some(responses)) => (self.grants_for(&responses), responses),
            (Some(grants), None) => {
                let responses = self.responses_for(&grants);
                (grants, responses)
            }
            (None, None) => self.default_flow(),
        };
        responses.retain(|response| response.grants().all(|grant| grants.contains(&grant)));
        grants.retain(|grant| {
            !grant.redirects()
                || responses
                    .iter()
                    .flat_map(ResponseType::grants)
                    .any(|used| used == *grant)
        });
        // A refresh token comes out of another grant (RFC 6749 §1.5).
        if grants.iter().all(is_refresh_token) && !refresh_token_alone {
            return Err(InvalidMember::new(
                "grant_types",
                "and response_types select no flow that the provider supports",
            )
            .by("no_flow"));
        }
        for (member, before, after) in [
            ("grant_types", before.0, grants.len()),
            ("response_types", before.1, responses.len()),
        ] {
            match before {
                None | Some(0) => asked.note(member, "default"),
                Some(before) if before != after => asked.note(member, "flow"),
                Some(_) => {}
            }
        }
        asked.grant_types = Some(grants);
        asked.response_types = Some(responses);
        Ok(())
    }

    fn offers_grant(&self, grant: &GrantType) -> bool {
        self.grant_types_supported
            .as_ref()
            .is_none_or(|offered| offered.contains(grant))
    }

    fn grants_for(&self, responses: &[ResponseType]) -> Vec<GrantType> {
        let mut grants: Vec<GrantType> = Vec::new();
        for grant in responses.iter().flat_map(ResponseType::grants) {
            if self.offers_grant(&grant) && !grants.contains(&grant) {
                grants.push(grant);
            }
        }
        grants
    }

    fn responses_for(&self, grants: &[GrantType]) -> Vec<ResponseType> {
        let wanted = |response: &&ResponseType| {
            (response.is_code_only() && grants.contains(&GrantType::AuthorizationCode))
                || (!response.has("code") && grants.contains(&GrantType::Implicit))
        };
        self.response_types_supported
            .iter()
            .flatten()
            .filter(wanted)
            .cloned()
            .collect()
    }

    /// Returns the authorization code flow if it is offered, otherwise the first offered flow.
    fn default_flow(&self) -> (Vec<GrantType>, Vec<ResponseType>) {
        let possible = |response: &&ResponseType| {
            let mut grants = response.grants().peekable();
            grants.peek().is_some() && grants.all(|grant| self.offers_grant(&grant))
        };
        let mut offered = self
            .response_types_supported
            .iter()
            .flatten()
            .filter(possible);
        if let Some(response) = offered
            .clone()
            .find(|response| response.is_code_only())
            .or_else(|| offered.next())
        {
            return (response.grants().collect(), vec![response.clone()]);
        }
        let begins = |grant: &&GrantType| !grant.redirects() && **grant != GrantType::RefreshToken;
        (
            self.grant_types_supported
                .iter()
                .flatten()
                .find(begins)
                .cloned()
                .into_iter()
                .collect(),
            Vec::new(),
        )
    }
}

fn is_refresh_token(grant: &GrantType) -> bool {
    *grant == GrantType::RefreshToken
}
