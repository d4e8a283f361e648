//! The terms of an initial access token: limits for the clients that register with it, within the offer of their provider. RFC
//! 7591 §1.2, §3. A client that registers without credentials has terms where its provider limits the hosts of open registration.
//!
//! Terms hold for as long as a client is registered, so an update is admitted within them too. They narrow the provider's document
//! before the policy applies, so that defaults stay within the terms. Imposed members are read again by the rules of today,
//! because a token may be older than a rule.

mod redirect_host;

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::admit::{AdmissionRules, Agreement, Change, RegisteredMetadata, choices_of};
use crate::form::JsonForm;
use crate::json::{JsonLimits, Origin, read_object};
use crate::member::{InvalidMember, Narrowing, Object, Reason, SingleValue};
use crate::rules::redirection_uris;
use crate::uri::{RedirectForm, RedirectUri};
use crate::values::{GrantType, HumanText, RegistryName};
use crate::{ClientInformation, ClientMetadata, ProviderMetadata};

pub use redirect_host::{RedirectHost, RedirectHostPattern};

metadata! {
    /// The terms of an initial access token.
    pub struct TokenTerms;

    /// The scopes the clients may have. A client that requests none gets all of them.
    scopes: Vec<RegistryName>, "RFC 7591 §2";
    /// The grants the clients may use.
    grant_types: Vec<GrantType>, "RFC 7591 §2";
    /// The hosts of the clients' redirect URIs. A redirect URI without a host, such as one with a private-use scheme, is refused.
    redirect_hosts: Vec<RedirectHost>, "RFC 7591 §5";
    /// The hosts of the clients' https redirect URIs that are not on loopback. Redirect URIs with other schemes are not limited.
    https_hosts: Vec<RedirectHostPattern>, "RFC 7591 §5";
    /// The members the clients have regardless of their request and of their software statement.
    metadata: ImposedMetadata, "RFC 7591 §3.2.1";
}

impl TokenTerms {
    /// Returns the terms of clients that register without credentials; `None` if the list of hosts is empty, which limits nothing.
    pub fn for_open_registration(https_hosts: Vec<RedirectHostPattern>) -> Option<Self> {
        (!https_hosts.is_empty()).then(|| Self {
            https_hosts: Some(https_hosts),
            ..Self::default()
        })
    }

    /// Reads terms from the text of a JSON object.
    ///
    /// # Errors
    /// The text is not a JSON object, or a member is unknown, not in its form, or empty; the error names it.
    pub fn from_json(json: &str) -> Result<Self, InvalidMember> {
        let mut object: Object = serde_json::from_str(json)
            .map_err(|_| InvalidMember::new("terms", "must be a JSON object"))?;
        let terms = Self::take(&mut object, Origin::Store)?;
        if let Some(unknown) = object.keys().next() {
            return Err(InvalidMember::new(
                unknown.clone(),
                "is not a term of an initial access token",
            ));
        }
        // An empty list is refused, because it reads both as "nothing is allowed" and as "there is no limit".
        let empty = terms
            .present()
            .find(|(row, held)| row.list && held.values().is_empty());
        match empty {
            Some((empty, _)) => Err(InvalidMember::new(
                empty.name,
                "must have at least one element",
            )),
            None => Ok(terms),
        }
    }

    /// Checks that the provider offers the values in the terms.
    ///
    /// # Errors
    /// The provider does not offer a value. The error names the term and the value, which an operator chose.
    pub fn check(&self, provider: &ProviderMetadata) -> Result<(), InvalidMember> {
        let issuer = provider
            .issuer
            .as_ref()
            .map_or("", |issuer| issuer.as_str());
        for (term, list) in [
            ("scopes", "scopes_supported"),
            ("grant_types", "grant_types_supported"),
        ] {
            let values = self.values(term).unwrap_or_default();
            if let Some(value) = values
                .iter()
                .find(|value| provider.offers(list, value) != Some(true))
            {
                return Err(InvalidMember::new(
                    term,
                    format!("has {value:?}, which {list} of {issuer} does not offer"),
                ));
            }
        }
        match &self.metadata {
            Some(ImposedMetadata(imposed)) => self.check_imposed(imposed, provider, issuer),
            None => Ok(()),
        }
    }

    fn check_imposed(
        &self,
        imposed: &ClientMetadata,
        provider: &ProviderMetadata,
        issuer: &str,
    ) -> Result<(), InvalidMember> {
        let refuse = |reason: String| Err(InvalidMember::new("metadata", reason));
        for (row, held) in imposed.present() {
            if let Some(other) = row.needs.filter(|other| !imposed.has(other)) {
                return refuse(format!("has {}, which requires {other}", row.name));
            }
            if !provider.meets(row, imposed) {
                return refuse(format!(
                    "has {}, which requires {} in the document of {issuer}",
                    row.name,
                    row.served.join(" or ")
                ));
            }
            let Some(list) = row.offered else { continue };
            let values = held.values();
            if let Some(value) = values
                .iter()
                .find(|value| provider.offers(list, value) != Some(true))
            {
                return refuse(format!(
                    "has {} {value:?}, which {list} of {issuer} does not offer",
                    row.name
                ));
            }
        }
        for (member, term) in LIMITED {
            let (Some(allowed), Some(values)) = (self.values(term), imposed.values(member)) else {
                continue;
            };
            if let Some(value) = values.iter().find(|value| !allowed.contains(value)) {
                return refuse(format!(
                    "has {member} {value:?}, which is not among the {term} allowed"
                ));
            }
        }
        match self.redirect_uri_on_other_host(imposed) {
            Some((member, uri)) => refuse(format!(
                "has {member} {:?}, whose host is not among the redirect_hosts allowed",
                uri.as_str()
            )),
            None => Ok(()),
        }
    }

    /// Decides which of the requested metadata is registered, within these terms.
    ///
    /// # Errors
    /// A member cannot be accepted; the error names it.
    pub fn admit(
        &self,
        provider: &ProviderMetadata,
        asked: ClientMetadata,
        terms: &AdmissionRules<'_>,
    ) -> Result<RegisteredMetadata, InvalidMember> {
        self.decide(provider, asked, terms)
            .map(|agreed| agreed.metadata)
    }

    /// Decides which of the requested metadata is registered, within these terms, and returns why it differs from the request.
    ///
    /// # Errors
    /// A member cannot be accepted; the error names it.
    pub fn decide(
        &self,
        provider: &ProviderMetadata,
        asked: ClientMetadata,
        terms: &AdmissionRules<'_>,
    ) -> Result<Agreement, InvalidMember> {
        let sent = asked.clone();
        let limited = self.apply_to(asked).map_err(|invalid| invalid.by(TERMS))?;
        let mut changes = changes_by_terms(&sent, &limited);
        let mut agreed = self.narrowed(provider).decide(limited, terms)?;
        changes.append(&mut agreed.changes);
        agreed.changes = changes;
        // Some servers give a client without scopes all of them.
        let has_limit = self.scopes.is_some() && provider.scopes_supported.is_some();
        if has_limit && agreed.metadata.members().scope.is_none() {
            return Err(InvalidMember::new(
                "scope",
                "has no value listed in the provider's scopes_supported",
            )
            .by(TERMS));
        }
        if let Some(ImposedMetadata(imposed)) = &self.metadata {
            check_imposed_members(imposed, agreed.metadata.members())
                .map_err(|invalid| invalid.by(TERMS))?;
        }
        Ok(agreed)
    }

    /// Returns every scope that the terms name: those allowed, and those imposed.
    pub fn named_scopes(&self) -> Vec<RegistryName> {
        let imposed = self
            .metadata
            .as_ref()
            .and_then(|ImposedMetadata(imposed)| imposed.values("scope"));
        let imposed = imposed.unwrap_or_default().into_iter();
        let imposed = imposed.map(|name| RegistryName::from(&*name));
        self.scopes
            .iter()
            .flatten()
            .cloned()
            .chain(imposed)
            .collect()
    }

    /// Returns the terms of a client with a composed name, which replaces an imposed name.
    ///
    /// # Errors
    /// The composed name is not a valid name.
    pub fn with_name(mut self, composed: &str) -> Result<Self, InvalidMember> {
        if let Some(names) = self
            .metadata
            .as_mut()
            .and_then(|ImposedMetadata(imposed)| imposed.client_name.as_mut())
        {
            names.set_untagged(
                HumanText::parse(composed.to_owned())
                    .map_err(|reason| InvalidMember::new("client_name", reason))?,
            );
        }
        Ok(self)
    }

    /// Returns the provider's document, narrowed to the terms.
    fn narrowed(&self, provider: &ProviderMetadata) -> ProviderMetadata {
        let mut narrowed = provider.clone();
        if let (Some(allowed), Some(offered)) = (&self.scopes, &mut narrowed.scopes_supported) {
            offered.retain(|scope| allowed.contains(scope));
        }
        if let Some(allowed) = &self.grant_types {
            let offered = narrowed
                .grant_types_supported
                .get_or_insert_with(|| allowed.clone());
            offered.retain(|grant| allowed.contains(grant));
        }
        narrowed
    }

    /// Returns the requested metadata with the imposed members, and without the values that the terms do not allow.
    fn apply_to(&self, mut asked: ClientMetadata) -> Result<ClientMetadata, InvalidMember> {
        if let Some(ImposedMetadata(imposed)) = &self.metadata {
            asked = reread(imposed)?.merged_over(asked);
            drop_other_choices(imposed, &mut asked);
        }
        if let Some(scopes) = self.scopes.as_ref().filter(|_| asked.scope.is_none()) {
            let words: Vec<&str> = scopes.iter().map(RegistryName::as_str).collect();
            asked.set("scope", words.join(" ").into())?;
        }
        for (member, term) in LIMITED {
            let Some(allowed) = self.values(term) else {
                continue;
            };
            if asked.retain(member, &|value| allowed.iter().any(|one| one == value))
                == Narrowing::Emptied
            {
                return Err(InvalidMember::new(
                    member,
                    "has no value that the initial access token allows",
                ));
            }
        }
        self.check_hosts(&asked)?;
        Ok(asked)
    }

    /// Checks the hosts of the redirect URIs.
    fn check_hosts(&self, asked: &ClientMetadata) -> Result<(), InvalidMember> {
        if let Some((member, _)) = self.redirect_uri_on_other_host(asked) {
            return Err(InvalidMember::new(
                member,
                "has an element with a host that the initial access token does not allow",
            ));
        }
        let Some(allowed) = &self.https_hosts else {
            return Ok(());
        };
        let is_allowed = |uri: &RedirectUri| {
            uri.form() != RedirectForm::Https
                || uri.is_loopback()
                || uri
                    .host()
                    .is_some_and(|host| allowed.iter().any(|one| one.matches(&host)))
        };
        match redirection_uris(asked).find(|(_, uri)| !is_allowed(uri)) {
            Some((member, _)) => Err(InvalidMember::new(
                member,
                "has an element with an https host that the provider does not allow in open registration",
            )),
            None => Ok(()),
        }
    }

    /// Returns a redirect URI with a host that the terms do not allow, and its member.
    fn redirect_uri_on_other_host<'a>(
        &self,
        asked: &'a ClientMetadata,
    ) -> Option<(&'static str, &'a RedirectUri)> {
        let allowed = self.redirect_hosts.as_ref()?;
        redirection_uris(asked).find(|(_, uri)| {
            !uri.host()
                .is_some_and(|host| allowed.iter().any(|one| one.as_str() == host))
        })
    }
}

/// The name of the rule about terms.
const TERMS: &str = "token_terms";

/// Returns a change for each member that the terms set, narrowed or dropped.
fn changes_by_terms(asked: &ClientMetadata, limited: &ClientMetadata) -> Vec<Change> {
    let differs = |member: &str| asked.value(member) != limited.value(member);
    ClientMetadata::ROWS
        .iter()
        .map(|row| row.name)
        .filter(|member| differs(member))
        .map(|member| Change {
            member,
            rule: TERMS,
        })
        .collect()
}

/// The members that the terms limit, each with its term.
const LIMITED: [(&str, &str); 2] = [("scope", "scopes"), ("grant_types", "grant_types")];

/// Reads imposed members again by the rules of today.
fn reread(imposed: &ClientMetadata) -> Result<ClientMetadata, InvalidMember> {
    let read = read_object(imposed.json().as_bytes(), &JsonLimits::NONE);
    ClientMetadata::parse(read.map_err(|_| {
        InvalidMember::new(
            "metadata",
            "of the client's initial access token has the character U+0000",
        )
    })?)
}

/// Checks that the registered metadata has the imposed members. Of those, admission replaces the application type alone.
fn check_imposed_members(
    imposed: &ClientMetadata,
    agreed: &ClientMetadata,
) -> Result<(), InvalidMember> {
    if imposed.application_type.is_some() && imposed.application_type != agreed.application_type {
        return Err(InvalidMember::new(
            "redirect_uris",
            "has a private-use scheme, which requires application_type native",
        ));
    }
    match missing_imposed_member(imposed, agreed) {
        Some(member) => Err(InvalidMember::new(
            member,
            "conflicts with the terms of the initial access token",
        )),
        None => Ok(()),
    }
}

/// Drops what the client sent beside an imposed value or imposed choices of a member, and what contradicts them. OIDC RP
/// Metadata Choices §2.
fn drop_other_choices(imposed: &ClientMetadata, asked: &mut ClientMetadata) {
    for row in ClientMetadata::ROWS {
        let Some(list) = choices_of(row) else {
            continue;
        };
        match (imposed.has(row.name), imposed.values(list)) {
            (true, None) => asked.clear(list),
            (false, Some(choices)) => {
                let is_choice = |value: &_| choices.iter().any(|one| one == value);
                if asked.retain(row.name, &is_choice) == Narrowing::Emptied {
                    asked.clear(row.name);
                }
            }
            _ => {}
        }
    }
}

/// Returns an imposed member that the registered metadata does not have.
fn missing_imposed_member(
    imposed: &ClientMetadata,
    agreed: &ClientMetadata,
) -> Option<&'static str> {
    let has = |metadata: &ClientMetadata, member| {
        metadata.has(member)
            && metadata
                .values(member)
                .is_none_or(|values| !values.is_empty())
    };
    ClientMetadata::ROWS
        .iter()
        .filter(|row| !row.is_choices())
        .map(|row| row.name)
        .find(|member| has(imposed, member) && !has(agreed, member))
}

/// Client metadata that is imposed on the clients of a token.
#[derive(Debug, Clone, PartialEq)]
pub struct ImposedMetadata(ClientMetadata);

impl ImposedMetadata {
    /// Reads the members.
    ///
    /// # Errors
    /// There is no member, or one is not client metadata, cannot be imposed, or has no value. The reason continues the name of the
    /// flag or the member.
    pub fn parse(object: Object) -> Result<Self, Reason> {
        Self::parse_from(Origin::Request, object)
    }

    fn parse_from(origin: Origin, mut object: Object) -> Result<Self, Reason> {
        if object.is_empty() {
            return Err("must have at least one member".into());
        }
        if let Some((name, _)) = object
            .iter()
            .find(|(_, value)| value.is_null() || **value == "")
        {
            return Err(format!("must have a value for {name}").into());
        }
        // A software statement counts only after its signature was verified, which happens for the statement of a request.
        let issued = ClientInformation::ROWS
            .iter()
            .map(|row| row.name)
            .chain(["software_statement"]);
        if let Some(name) = issued.into_iter().find(|name| object.contains_key(*name)) {
            return Err(format!("must not have {name}, which cannot be imposed").into());
        }
        let members = ClientMetadata::take(&mut object, origin)
            .map_err(|invalid| format!("is not client metadata: {invalid}"))?;
        if let Some(unknown) = object.keys().next() {
            return Err(format!(
                "must not have {unknown}, which is not a member of client metadata"
            )
            .into());
        }
        // The forms that only WSO2 clients send depend on the endpoint, which is not known here.
        let relative = redirection_uris(&members)
            .find(|(_, uri)| uri.scheme().is_none())
            .map(|(member, _)| member);
        match relative {
            Some(member) => Err(format!("must have absolute URIs in {member}").into()),
            None => Ok(Self(members)),
        }
    }

    /// Returns the members.
    pub fn members(&self) -> &ClientMetadata {
        &self.0
    }
}

impl SingleValue for ImposedMetadata {
    const SHAPE: &'static str = "object";

    fn schema() -> Value {
        json!({ "type": "object", "minProperties": 1 })
    }

    fn read(value: Value) -> Result<Self, Reason> {
        members(value).and_then(Self::parse)
    }

    fn read_stored(value: Value) -> Result<Self, Reason> {
        members(value).and_then(|object| Self::parse_from(Origin::Store, object))
    }

    fn write(&self) -> JsonForm<'_> {
        JsonForm::Object(Cow::Owned(self.0.object()))
    }
}

fn members(value: Value) -> Result<Object, Reason> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err("must be a JSON object".into()),
    }
}
