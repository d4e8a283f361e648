//! From what a client asks for to what is agreed: the provider's document is the policy.
//!
//! Lists are narrowed to what the document offers and refused when nothing is left; a single value is refused when its
//! governing list lacks it; what the document has no governing list for is dropped, and with it what needs it (RFC 7591
//! §3.2.1 lets a server replace what was asked, and the answer says what was agreed). So is a demand the provider cannot meet.

use std::borrow::Cow;

use serde_json::Value;

use crate::json::read_stored_object;
use crate::member::{Invalid, MemberValue, Narrowing};
use crate::response_type::ResponseType;
use crate::rules;
use crate::table::MemberRow;
use crate::uri::RedirectUri;
use crate::values::{ApplicationType, AuthMethod, GrantType, SigningAlgorithm, SubjectType};
use crate::{ClientMetadata, ProviderMetadata};

/// What was agreed with a client. Only [`ProviderMetadata::admit`] makes it, and the store reads it back.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredMetadata {
    /// Apart, since the table is large and this is handed on from place to place.
    members: Box<ClientMetadata>,
    json: String,
}

impl RegisteredMetadata {
    fn new(members: Box<ClientMetadata>) -> Self {
        let json = members.json();
        Self { members, json }
    }

    /// The members.
    pub fn members(&self) -> &ClientMetadata {
        &self.members
    }

    /// The agreed metadata as the text of one JSON object, made once.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// That text, when nothing else is wanted any more.
    pub fn into_json(self) -> String {
        self.json
    }

    /// Reads stored metadata back. It is not admitted again: a policy made stricter today must not make yesterday's
    /// client unreadable.
    ///
    /// # Errors
    /// When the text is not what [`RegisteredMetadata::json`] gave.
    pub fn from_stored(json: String) -> Result<Self, Invalid> {
        let members = read_stored_object(json.as_bytes())
            .map_err(|_| Invalid::new("metadata", "is not a JSON object"))?;
        ClientMetadata::parse_stored(members).map(|members| Self {
            members: Box::new(members),
            json,
        })
    }
}

/// What else admission depends on: the provider's rules beyond its document, and the door the client came through.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionRules<'a> {
    /// Private-use schemes without a dot that native clients may use.
    pub native_schemes: &'a [String],
    /// What becomes of the redirect URI forms only WSO2 clients send.
    pub legacy: LegacyRedirects<'a>,
}

/// What becomes of `regexp=` patterns and values without a scheme among the redirect URIs.
#[derive(Debug, Clone, Copy)]
pub enum LegacyRedirects<'a> {
    /// They are refused.
    Refused,
    /// They may be introduced.
    Accepted,
    /// Those the client has already may stay, byte for byte.
    Kept(&'a [RedirectUri]),
}

impl LegacyRedirects<'_> {
    /// Whether a redirect URI of such a form may be registered.
    pub fn allows(self, uri: &RedirectUri) -> bool {
        match self {
            Self::Refused => false,
            Self::Accepted => true,
            Self::Kept(registered) => registered.contains(uri),
        }
    }
}

impl ProviderMetadata {
    /// Agrees to what a client asks for.
    ///
    /// # Errors
    /// Names the member that prevents it.
    pub fn admit(
        &self,
        asked: ClientMetadata,
        terms: &AdmissionRules<'_>,
    ) -> Result<RegisteredMetadata, Invalid> {
        let mut asked = Box::new(asked);
        asked.keep_once();
        infer_application_type(&mut asked);
        for (row, held) in asked.present() {
            filled(row, held)?;
            needed(row, &asked)?;
        }
        let mut judged = Vec::with_capacity(ClientMetadata::ROWS.len());
        judged.extend(asked.present().map(|(row, _)| row));
        for row in judged {
            self.offer(row, &mut asked)?;
            self.meet(row, &mut asked);
        }
        self.agree_on_flows(&mut asked)?;
        self.agree_on_subjects(&mut asked);
        for row in asked.absent().filter(|row| row.default.is_some()) {
            self.default(row, &mut asked)?;
        }
        for rule in rules::ALL {
            (rule.check)(&asked, terms)?;
        }
        Ok(RegisteredMetadata::new(asked))
    }

    /// Narrows, drops or refuses what one member asks for.
    fn offer(&self, row: &MemberRow, asked: &mut ClientMetadata) -> Result<(), Invalid> {
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
        match asked.retain(row.name, &|value| offered.names(value)) {
            Narrowing::Unchanged | Narrowing::Narrowed => Ok(()),
            Narrowing::Emptied => Err(Invalid::new(
                row.name,
                format!("has no value listed in the provider's {list}"),
            )),
        }
    }

    /// Drops a demand the provider cannot meet; that something is not demanded needs nobody to meet it.
    fn meet(&self, row: &MemberRow, asked: &mut ClientMetadata) {
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

    /// Fills in the default of a member that is absent: the specification's when the provider offers it, else the first value it does offer.
    /// A client that says what it can do gets nothing else (OIDC RP Metadata Choices §2).
    fn default(&self, row: &MemberRow, asked: &mut ClientMetadata) -> Result<(), Invalid> {
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
            // An operator may offer unsigned tokens; nobody gets them without asking. And who has no secret cannot verify an
            // HMAC (OIDC Core §10.1).
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

    /// Makes grants and response types fit each other. RFC 7591 §2.1, OIDC Registration §2.
    fn agree_on_flows(&self, asked: &mut ClientMetadata) -> Result<(), Invalid> {
        let grants = asked.grant_types.take().filter(|grants| !grants.is_empty());
        let responses = asked
            .response_types
            .take()
            .filter(|responses| !responses.is_empty());
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
        if grants.iter().all(|grant| *grant == GrantType::RefreshToken) {
            return Err(Invalid::new(
                "grant_types",
                "and response_types select no flow that the provider supports",
            ));
        }
        asked.grant_types = Some(grants);
        asked.response_types = Some(responses);
        Ok(())
    }

    /// Subjects are public unless a client asks for others (OIDC Core §8), which takes a provider that has public ones, and a
    /// client that does not say it could only use others.
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

    /// The authorization code flow when it is offered, else the first flow that is.
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

/// An element without a character names nothing, in no list of any table.
pub(crate) fn filled(row: &MemberRow, held: &dyn MemberValue) -> Result<(), Invalid> {
    if row.list && held.names("") {
        return Err(Invalid::new(row.name, "has an empty element"));
    }
    Ok(())
}

fn needed(row: &MemberRow, asked: &ClientMetadata) -> Result<(), Invalid> {
    match row.needs {
        Some(other) if !asked.has(other) => {
            Err(Invalid::new(row.name, format!("requires {other}")))
        }
        _ => Ok(()),
    }
}

/// A client that says nothing about its application type, and whose every redirect URI only a native application can
/// have, is a native application (RFC 8252 §8.4).
fn infer_application_type(asked: &mut ClientMetadata) {
    if asked.application_type.is_some() {
        return;
    }
    if asked
        .redirect_uris
        .as_ref()
        .is_some_and(|uris| !uris.is_empty() && uris.iter().all(RedirectUri::is_native_only))
    {
        asked.application_type = Some(ApplicationType::Native);
    }
}
