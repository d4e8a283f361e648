//! The policy: turns requested client metadata into registered client metadata.
//!
//! The policy is the provider's own discovery document. A list is narrowed to the values the document offers, and refused
//! if no value is left. A single value is refused if its governing list lacks it, unless the client sent other choices. A
//! member is dropped if the document has no governing list for it, together with the members that need it, and so is a demand
//! the provider cannot meet, and a member that nothing uses. RFC 7591 §3.2.1 allows a server to replace requested values, and
//! the response shows the client what was registered.

mod choices;
mod draft;
mod flows;
mod settle;

pub(crate) use choices::list_of as choices_of;
use draft::Draft;
pub use draft::{Agreement, Change};

use crate::json::read_stored_object;
use crate::member::{InvalidMember, MemberValue};
use crate::rules::{self, redirection_uris};
use crate::table::MemberRow;
use crate::uri::{RedirectForm, RedirectUri};
use crate::values::{ApplicationType, GrantType};
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

    /// Reads stored metadata. It is not admitted again, because a stricter policy must not make older clients unreadable. An
    /// older release registered the choices of a client, which are in no response now (OIDC RP Metadata Choices §4).
    ///
    /// # Errors
    /// The text is not a JSON object of client metadata.
    pub fn from_stored(json: String) -> Result<Self, InvalidMember> {
        let mut members = Box::new(read_stored(&json)?);
        if !members.drop_choices().is_empty() {
            return Ok(Self::new(members));
        }
        Ok(Self { members, json })
    }

    /// Reads the stored metadata of a client with a metadata document, which keeps the methods that the client supports.
    ///
    /// # Errors
    /// The text is not a JSON object of client metadata.
    pub fn from_stored_document(json: String) -> Result<Self, InvalidMember> {
        let members = Box::new(read_stored(&json)?);
        Ok(Self { members, json })
    }
}

fn read_stored(json: &str) -> Result<ClientMetadata, InvalidMember> {
    let members = read_stored_object(json.as_bytes())
        .map_err(|_| InvalidMember::new("metadata", "is not a JSON object"))?;
    ClientMetadata::parse_stored(members)
}

/// The element of [`AdmissionRules::native_schemes`] that allows every private-use scheme. No scheme has this name.
pub const ANY_SCHEME: &str = "*";

/// The rules of admission that are not in the provider's document: those of the provider, and those of the endpoint.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionRules<'a> {
    /// Private-use schemes without a dot that native clients may use; [`ANY_SCHEME`] stands for all.
    pub native_schemes: &'a [String],
    /// True if scopes are agreed as asked where the document does not list any.
    pub any_scope: bool,
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
                registered.application_type == Some(ApplicationType::Web)
                    && implicit
                    && uris.any(|one| one == uri)
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
        self.decide(asked, terms).map(|agreed| agreed.metadata)
    }

    /// Decides which of the requested metadata is registered, and returns why it differs from the request.
    ///
    /// # Errors
    /// A member cannot be accepted; the error names it.
    pub fn decide(
        &self,
        asked: ClientMetadata,
        terms: &AdmissionRules<'_>,
    ) -> Result<Agreement, InvalidMember> {
        let mut asked = Draft::new(asked);
        asked.dedup();
        let sent_type = asked.application_type.clone();
        infer_application_type(&mut asked);
        if asked.application_type != sent_type {
            asked.note("application_type", "inferred");
        }
        for (row, held) in asked.present() {
            reject_empty_elements(row, held)?;
            choices::check_needs(row, &asked)?;
        }
        let has_choices = choices::check(&asked)?;
        let mut judged = Vec::with_capacity(ClientMetadata::ROWS.len());
        judged.extend(asked.rows().filter_map(|(row, is_set)| {
            (is_set || row.default.is_some() || (has_choices && choices::sent(row, &asked)))
                .then_some(row)
        }));
        for row in judged {
            self.settle(row, &mut asked, terms)?;
        }
        self.agree_on_flows(&mut asked, terms.legacy)?;
        self.agree_on_subjects(&mut asked);
        for rule in rules::ALL {
            (rule.check)(&asked, terms).map_err(|invalid| invalid.by(rule.id))?;
        }
        self.drop_without_effect(&mut asked);
        Ok(asked.into_agreement())
    }
}

/// Rejects a list that has an empty string as an element.
pub(crate) fn reject_empty_elements(
    row: &MemberRow,
    held: &dyn MemberValue,
) -> Result<(), InvalidMember> {
    if row.list && held.has_value("") {
        return Err(InvalidMember::new(row.name, "has an empty element").by("empty_element"));
    }
    Ok(())
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
