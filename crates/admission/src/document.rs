//! The decision about a client ID metadata document. draft-ietf-oauth-client-id-metadata-document §4.
//!
//! Anyone can publish a document, and the provider reads it when the client first appears. So the document must be that of its URL, carry
//! nothing that only client and provider may know, and redirect users to its own host only. For everything else the policy of the provider
//! decides, as for a registration. Nothing but the document is fetched for a decision.

mod redirects;
mod report;

use std::borrow::Cow;

use outbound::Fetcher;
use protocol::client_id_url::ClientIdUrl;
use protocol::json::{JsonLimits, read_object};
use protocol::{
    Agreement, ClientMetadata, InvalidMember, LegacyRedirects, Object, PublishedTerms,
    RegisteredMetadata, Timestamp,
};
use serde_json::Value;

use crate::sector::{self, SectorDocument};
use crate::{Policy, Rejection, client_keys, redirect_pattern, software_statement};

pub use redirects::{DocumentRedirects, DocumentRules};
pub use report::LeftOut;

/// A step of the decision. A rejection names the step in which it happened, and the steps before it were passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentStep {
    /// The text is a JSON object, within the limits and without duplicate members.
    Json,
    /// `client_id` equals the URL of the document.
    ClientId,
    /// The document has no member that only client and provider may know.
    ForbiddenMembers,
    /// The software statement, if any, is valid and about this client.
    SoftwareStatement,
    /// Each member has its form, and its addresses are public.
    Members,
    /// The provider's policy agrees, without shared secrets.
    Policy,
    /// The keys are public keys, and fit the algorithms.
    Keys,
    /// The redirect URIs and the other URLs are on hosts that the document may name.
    Redirects,
}

impl DocumentStep {
    /// Every step, in its order.
    pub const ALL: [Self; 8] = [
        Self::Json,
        Self::ClientId,
        Self::ForbiddenMembers,
        Self::SoftwareStatement,
        Self::Members,
        Self::Policy,
        Self::Keys,
        Self::Redirects,
    ];

    /// Returns the name of the step for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Json => "JSON object",
            Self::ClientId => "client_id equals the URL",
            Self::ForbiddenMembers => "no forbidden member",
            Self::SoftwareStatement => "software statement",
            Self::Members => "form of the members",
            Self::Policy => "what the provider offers",
            Self::Keys => "keys",
            Self::Redirects => "hosts of the URLs",
        }
    }
}

/// The reason for which a document is rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRejection {
    /// The step that the document did not pass.
    pub step: DocumentStep,
    /// The member, with the rest of a sentence; the member is empty for a text that is not a JSON object.
    pub invalid: InvalidMember,
}

impl DocumentRejection {
    fn new(step: DocumentStep, invalid: InvalidMember) -> Self {
        Self { step, invalid }
    }

    /// Returns true if the document was read as JSON with the `client_id` of its URL, so that its content was refused.
    pub fn is_about_content(&self) -> bool {
        self.step > DocumentStep::ClientId
    }

    /// Returns the name of the refused member, if a member is at fault.
    pub fn member(&self) -> Option<&str> {
        Some(&*self.invalid.member).filter(|member| !member.is_empty())
    }

    /// Returns the sentence. It has no value of the document.
    pub fn message(&self) -> String {
        match self.member() {
            Some(_) => format!("{}.", self.invalid),
            None => self.invalid.reason.clone().into_owned(),
        }
    }
}

/// A document that was agreed to.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedDocument {
    /// The agreed metadata, with the methods at the token endpoint that the client supports and can use. It is stored as JSON, and read
    /// again with [`RegisteredMetadata::from_stored_document`].
    pub metadata: RegisteredMetadata,
    /// True if the pages and the logo of the client are on a host of its redirect URIs.
    pub is_consistent: bool,
    /// The members and values that were left out, for the author of the document.
    pub left_out: Vec<LeftOut>,
    /// Advice for the author of the document: sentences about members that are accepted, and may still surprise.
    pub warnings: Vec<String>,
}

/// Decides about the document at `id` with the bytes `body`. Nothing is fetched: `fetcher` knows the destinations that are allowed. Keys
/// are verified, so the caller must not be on an async worker thread.
///
/// # Errors
/// The first reason for which the document cannot be accepted.
pub fn judge_document(
    policy: &Policy,
    fetcher: &Fetcher,
    rules: &DocumentRules<'_>,
    id: &ClientIdUrl,
    body: &[u8],
    limits: &JsonLimits,
    now: Timestamp,
) -> Result<JudgedDocument, DocumentRejection> {
    let at = |step| move |invalid| DocumentRejection::new(step, invalid);
    let document = read_object(body, limits).map_err(|error| {
        let sentence = error.to_string().replacen("The body", "The document", 1);
        DocumentRejection::new(DocumentStep::Json, InvalidMember::new("", sentence))
    })?;
    check_client_id(&document, id).map_err(at(DocumentStep::ClientId))?;
    reject_forbidden(&document).map_err(at(DocumentStep::ForbiddenMembers))?;
    let published = apply_statement(document.clone(), policy, id, now)
        .map_err(at(DocumentStep::SoftwareStatement))?;
    let asked = read_members(published, policy, fetcher).map_err(at(DocumentStep::Members))?;
    let terms = PublishedTerms::new(&policy.provider);
    let agreed = terms
        .decide(asked.clone(), &policy.terms(LegacyRedirects::Refused))
        .map_err(at(DocumentStep::Policy))?;
    let members = agreed.metadata.members();
    client_keys::check(members, terms.provider())
        .map_err(|invalid| invalid.by("unsuitable_key"))
        .map_err(at(DocumentStep::Keys))?;
    rules
        .check(id, members)
        .and_then(|()| SectorDocument::required_by(members).map(drop))
        .map_err(at(DocumentStep::Redirects))?;
    Ok(accept(&document, &asked, agreed, rules, id))
}

fn accept(
    document: &Object,
    asked: &ClientMetadata,
    agreed: Agreement,
    rules: &DocumentRules<'_>,
    id: &ClientIdUrl,
) -> JudgedDocument {
    let members = agreed.metadata.members();
    JudgedDocument {
        is_consistent: members.is_consistent(),
        left_out: report::left_out(document, asked, &agreed),
        warnings: report::warnings(asked, members, rules, id),
        metadata: agreed.metadata,
    }
}

/// Checks that a document is that of its URL, compared as text. §4.
fn check_client_id(document: &Object, id: &ClientIdUrl) -> Result<(), InvalidMember> {
    let reason = match document.get("client_id") {
        Some(Value::String(own)) if own == id.as_str() => return Ok(()),
        Some(Value::String(_)) => "must equal the URL of the document, character for character",
        Some(_) => "must be a string that equals the URL of the document",
        None => "is required, and must equal the URL of the document",
    };
    Err(InvalidMember::new("client_id", reason).by("not_its_url"))
}

/// The members that only client and provider may know. §4.1.
const FORBIDDEN: [&str; 2] = ["client_secret", "client_secret_expires_at"];

fn reject_forbidden(members: &Object) -> Result<(), InvalidMember> {
    let is_set = |name: &&str| members.get(*name).is_some_and(|value| !value.is_null());
    match FORBIDDEN.into_iter().find(is_set) {
        Some(member) => Err(InvalidMember::new(
            member,
            "must not be in a document that anyone can read",
        )
        .by("forbidden")),
        None => Ok(()),
    }
}

/// Replaces members of the document by the claims of its software statement, which pass the same rules. §4.3.
fn apply_statement(
    document: Object,
    policy: &Policy,
    id: &ClientIdUrl,
    now: Timestamp,
) -> Result<Object, InvalidMember> {
    let refuse =
        |reason: Cow<'static, str>| InvalidMember::new("software_statement", reason).by("invalid");
    let claims = software_statement::claims(&document, &policy.trusted, &policy.issuer, now)
        .map_err(|rejection| match rejection {
            Rejection::Invalid(invalid) => invalid,
            Rejection::Statement(sentence) => refuse(as_reason(sentence).into()),
            Rejection::UntrustedStatement => refuse("is from an issuer that is not trusted".into()),
        })?;
    let Some(claims) = claims else {
        return Ok(document);
    };
    if claims
        .get("client_id")
        .is_some_and(|own| own != id.as_str())
    {
        return Err(refuse(
            "has a client_id claim that is not the URL of the document".into(),
        ));
    }
    if let Err(invalid) = reject_forbidden(&claims) {
        return Err(refuse(
            format!("has the claim {}, which anyone can read", invalid.member).into(),
        ));
    }
    Ok(software_statement::merge(document, claims))
}

/// Returns the rest of a sentence that begins with the member.
fn as_reason(sentence: &'static str) -> &'static str {
    let rest = sentence.strip_prefix("software_statement ");
    rest.unwrap_or(sentence).trim_end_matches('.')
}

/// Reads the members. A sector document would be a second fetch, which a decision about a document does not make.
fn read_members(
    published: Object,
    policy: &Policy,
    fetcher: &Fetcher,
) -> Result<ClientMetadata, InvalidMember> {
    let mut asked = ClientMetadata::parse(published)?;
    if asked.sector_identifier_uri.is_some() {
        return Err(InvalidMember::new(
            "sector_identifier_uri",
            "must not be in a client ID metadata document, for which nothing else is fetched",
        )
        .by("second_fetch"));
    }
    redirect_pattern::check(&mut asked, policy, LegacyRedirects::Refused, false)
        .map_err(|invalid| invalid.by("pattern"))?;
    sector::check_addresses(fetcher, &asked)?;
    Ok(asked)
}
