//! The policy: turns requested client metadata into registered client metadata.
//!
//! The policy is the provider's own discovery document. A list is narrowed to the values the document offers, and refused
//! if no value is left. A single value is refused if its governing list lacks it. A member is dropped if the document has no
//! governing list for it, together with the members that need it, and so is a demand the provider cannot meet. RFC 7591
//! §3.2.1 allows a server to replace requested values, and the response shows the client what was registered.

use std::borrow::Cow;

use serde_json::Value;

use crate::json::read_stored_object;
use crate::member::{InvalidMember, MemberValue, Narrowing};
use crate::response_type::ResponseType;
use crate::rules::{self, redirection_uris};
use crate::table::MemberRow;
use crate::uri::{RedirectForm, RedirectUri};
use crate::values::{ApplicationType, AuthMethod, GrantType, SigningAlgorithm, SubjectType};
use crate::{ClientMetadata, ProviderMetadata};

/// The registered metadata of a client. It comes from [`ProviderMetadata::admit`] or from the store.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredMetadata {
    /// Boxed because the table is large and this type is moved often.
    members: Box<ClientMetadata>,
    json: String,
}

impl RegisteredMetadata {
    fn new(members: Box<ClientMetadata>) -> Self {
        let json = members.json();
        Self { members, json }
    }

    /// Returns the members.
    pub fn members(&self) -> &ClientMetadata {
        &self.members
    }

    /// Returns the metadata as the text of a JSON object.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// Converts the metadata into the text of a JSON object.
    pub fn into_json(self) -> String {
        self.json
    }

    /// Reads stored metadata. It is not admitted again, because a stricter policy must not make older clients unreadable.
    ///
    /// # Errors
    /// The text is not a JSON object of client metadata.
    pub fn from_stored(json: String) -> Result<Self, InvalidMember> {
        let members = read_stored_object(json.as_bytes())
            .map_err(|_| InvalidMember::new("metadata", "is not a JSON object"))?;
        ClientMetadata::parse_stored(members).map(|members| Self {
            members: Box::new(members),
            json,
        })
    }
}

/// The element of [`AdmissionRules::native_schemes`] that allows every private-use scheme. No scheme has this name.
pub const ANY_SCHEME: &str = "*";

/// The rules of admission that are not in the provider's document: those of the provider, and those of the endpoint.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionRules<'a> {
    /// Private-use schemes without a dot that native clients may use; [`ANY_SCHEME`] stands for all.
    pub native_schemes: &'a [String],
    /// The treatment of the metadata that only WSO2 clients send.
    pub legacy: LegacyRedirects<'a>,
}

/// The treatment of metadata that only WSO2 clients send: `regexp=` patterns and values without a scheme among the redirect
/// URIs, `https://localhost` with the implicit grant, and the refresh token grant alone.
#[derive(Debug, Clone, Copy)]
pub enum LegacyRedirects<'a> {
    /// Every one of them is refused.
    Refused,
    /// They may be registered.
    Accepted,
    /// Only those are accepted that this client, which is registered already, has. Redirect URIs are compared byte for byte.
    Kept(&'a ClientMetadata),
}

impl LegacyRedirects<'_> {
    /// Returns true if `uri`, a pattern or a value without a scheme, may be registered.
    pub fn allows(self, uri: &RedirectUri) -> bool {
        match self {
            Self::Refused => false,
            Self::Accepted => true,
            Self::Kept(registered) => registered
                .redirect_uris
                .as_ref()
                .is_some_and(|registered| registered.contains(uri)),
        }
    }

    /// Returns true if a web application may use the implicit grant with `uri`, which is on localhost.
    pub fn allows_implicit_on(self, uri: &RedirectUri) -> bool {
        match self {
            Self::Refused => false,
            Self::Accepted => true,
            Self::Kept(registered) => {
                let mut uris = redirection_uris(registered).map(|(_, registered)| registered);
                let implicit = registered
                    .grant_types
                    .as_ref()
                    .is_some_and(|grants| grants.contains(&GrantType::Implicit));
                implicit && uris.any(|one| one == uri)
            }
        }
    }

    /// Returns true if the refresh token grant may be the only one.
    fn allows_refresh_token_alone(self) -> bool {
        match self {
            Self::Refused => false,
            Self::Accepted => true,
            Self::Kept(registered) => {
                registered.grant_types.as_deref() == Some(&[GrantType::RefreshToken])
            }
        }
    }
}

impl ProviderMetadata {
    /// Decides which of the requested metadata is registered.
    ///
    /// # Errors
    /// A member cannot be accepted; the error names it.
    pub fn admit(
        &self,
        asked: ClientMetadata,
        terms: &AdmissionRules<'_>,
    ) -> Result<RegisteredMetadata, InvalidMember> {
        let mut asked = Box::new(asked);
        asked.dedup();
        infer_application_type(&mut asked);
        for (row, held) in asked.present() {
            reject_empty_elements(row, held)?;
            check_needs(row, &asked)?;
        }
        let mut judged = Vec::with_capacity(ClientMetadata::ROWS.len());
        judged.extend(asked.present().map(|(row, _)| row));
        for row in judged {
            self.narrow_to_offer(row, &mut asked)?;
            self.drop_unmet_demand(row, &mut asked);
        }
        self.agree_on_flows(&mut asked, terms.legacy)?;
        self.agree_on_subjects(&mut asked);
        for row in asked.absent().filter(|row| row.default.is_some()) {
            self.default(row, &mut asked)?;
        }
        for rule in rules::ALL {
            (rule.check)(&asked, terms)?;
        }
        Ok(RegisteredMetadata::new(asked))
    }

    /// Narrows, drops or refuses the requested value of a member.
    fn narrow_to_offer(
        &self,
        row: &MemberRow,
        asked: &mut ClientMetadata,
    ) -> Result<(), InvalidMember> {
        let Some(list) = row.offered else {
            return Ok(());
        };
        if row.needs.is_some_and(|other| !asked.has(other)) {
            asked.clear(row.name);
            return Ok(());
        }
        let Some(offered) = self.held(list) else {
            asked.clear(row.name);
            return Ok(());
        };
        match asked.retain(row.name, &|value| offered.has_value(value)) {
            Narrowing::Unchanged | Narrowing::Narrowed => Ok(()),
            Narrowing::Emptied => Err(InvalidMember::new(
                row.name,
                format!("has no value listed in the provider's {list}"),
            )),
        }
    }

    /// Drops a member that demands a feature the provider does not have. A value of `false` demands nothing and stays.
    fn drop_unmet_demand(&self, row: &MemberRow, asked: &mut ClientMetadata) {
        let no = Value::Bool(false);
        if row.served.is_empty() || asked.value(row.name).is_none_or(|value| value == no) {
            return;
        }
        if !row
            .served
            .iter()
            .any(|member| self.value(member).is_some_and(|value| value != no))
        {
            asked.clear(row.name);
        }
    }

    /// Sets the default of an absent member: the specification's if the provider offers it, otherwise the first offered value.
    /// A client that lists the values it supports gets one of them (OIDC RP Metadata Choices §2).
    fn default(&self, row: &MemberRow, asked: &mut ClientMetadata) -> Result<(), InvalidMember> {
        let Some(default) = row.default else {
            return Ok(());
        };
        if row.needs.is_some_and(|other| !asked.has(other)) {
            return Ok(());
        }
        let mut value = default();
        if let (Some(list), Some(text)) = (row.offered, value.as_str()) {
            let possible = asked
                .values(list)
                .filter(|possible| !possible.is_empty())
                .or_else(|| self.values(list));
            let Some(possible) = possible else {
                return Ok(());
            };
            // Unsigned tokens are never a default, even if they are offered. A client without a secret cannot verify an HMAC
            // (OIDC Core §10.1).
            let public = asked.token_endpoint_auth_method == Some(AuthMethod::None);
            let fits = |one: &&Cow<'_, str>| {
                let algorithm = SigningAlgorithm::from(one.as_ref());
                !row.name.ends_with("_alg")
                    || (algorithm != SigningAlgorithm::None
                        && !(public && algorithm.is_symmetric()))
            };
            match possible
                .iter()
                .find(|one| *one == text)
                .or_else(|| possible.iter().find(fits))
            {
                Some(one) => value = Value::String(one.clone().into_owned()),
                None => return Ok(()),
            }
        }
        asked.set(row.name, value)
    }

    /// Makes grants and response types consistent with each other. RFC 7591 §2.1, OIDC Registration §2.
    fn agree_on_flows(
        &self,
        asked: &mut ClientMetadata,
        legacy: LegacyRedirects<'_>,
    ) -> Result<(), InvalidMember> {
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
            ));
        }
        asked.grant_types = Some(grants);
        asked.response_types = Some(responses);
        Ok(())
    }

    /// Sets the subject type of a client that requests none. An absent subject type means public (OIDC Core §8), so it is set
    /// only if the provider or the client does not support public subjects.
    fn agree_on_subjects(&self, asked: &mut ClientMetadata) {
        if asked.subject_type.is_some() {
            return;
        }
        let usable = asked
            .subject_types_supported
            .as_ref()
            .filter(|usable| !usable.is_empty());
        let possible = usable.or(self.subject_types_supported.as_ref());
        if let Some(possible) = possible.filter(|possible| !possible.contains(&SubjectType::Public))
        {
            asked.subject_type = possible.first().cloned();
        }
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

/// Rejects a list that has an empty string as an element.
pub(crate) fn reject_empty_elements(
    row: &MemberRow,
    held: &dyn MemberValue,
) -> Result<(), InvalidMember> {
    if row.list && held.has_value("") {
        return Err(InvalidMember::new(row.name, "has an empty element"));
    }
    Ok(())
}

fn check_needs(row: &MemberRow, asked: &ClientMetadata) -> Result<(), InvalidMember> {
    match row.needs {
        Some(other) if !asked.has(other) => {
            Err(InvalidMember::new(row.name, format!("requires {other}")))
        }
        _ => Ok(()),
    }
}

/// Sets the application type to native if only a native application can have one of the redirection URIs (RFC 8252 §7): one on
/// loopback if the client requests no type, one with a private-use scheme also if it requests web.
fn infer_application_type(asked: &mut ClientMetadata) {
    let needs_native: fn(&RedirectUri) -> bool = match &asked.application_type {
        None => RedirectUri::is_native_only,
        Some(ApplicationType::Web) => |uri| uri.form() == RedirectForm::PrivateUse,
        Some(_) => return,
    };
    if redirection_uris(asked).any(|(_, uri)| needs_native(uri)) {
        asked.application_type = Some(ApplicationType::Native);
    }
}
