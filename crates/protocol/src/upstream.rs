//! The document of the authorization server behind a provider, made the provider's own.
//!
//! Members that the tables know are read in their form, and every other is passed through. Nothing is invented: a member that
//! is absent stays absent, and the policy then uses the default of the specification.

use std::fmt;

use serde_json::Value;

use crate::ProviderMetadata;
use crate::admit::reject_empty_elements;
use crate::issuer::Issuer;
use crate::json::Origin;
use crate::member::{InvalidMember, Object};
use crate::offer::COMPUTED_MEMBERS;
use crate::values::{AuthMethod, GrantType, ResponseMode};

/// A server's document after the members that are ours were taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct UpstreamDocument {
    /// The members that the table knows.
    pub metadata: ProviderMetadata,
    /// The other members, unchanged.
    pub extra: Object,
    /// Known members that the table writes in another way, such as `token id_token` for `id_token token`.
    spelled: Object,
}

/// The reason why a server's document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamRefusal {
    /// It names another issuer, or none.
    Issuer(Option<String>),
    /// A member is wrong.
    Member(InvalidMember),
}

impl From<InvalidMember> for UpstreamRefusal {
    fn from(invalid: InvalidMember) -> Self {
        Self::Member(invalid)
    }
}

impl fmt::Display for UpstreamRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer(Some(named)) => write!(f, "names the issuer {named:?}"),
            Self::Issuer(None) => f.write_str("names no issuer"),
            Self::Member(invalid) => write!(f, "has a member that cannot be served: {invalid}"),
        }
    }
}

impl UpstreamDocument {
    /// Takes a server's document: the issuer must be this one byte for byte, `registration_endpoint` and `signed_metadata` are
    /// left out, a list without elements counts as absent (RFC 8414 §3.2), and each value of `add` is appended to its list.
    ///
    /// # Errors
    /// It names another issuer, or a known member does not have its form; the refusal names it.
    pub fn read(
        mut document: Object,
        issuer: &Issuer,
        add: &Object,
    ) -> Result<Self, UpstreamRefusal> {
        match document.get("issuer").and_then(Value::as_str) {
            Some(named) if named == issuer.as_str() => {}
            named => return Err(UpstreamRefusal::Issuer(named.map(str::to_owned))),
        }
        document.retain(|name, value| {
            let is_ours = COMPUTED_MEMBERS.contains(&name.as_str());
            let is_absent =
                value.as_array().is_some_and(Vec::is_empty) && ProviderMetadata::has_row(name);
            !is_ours && !is_absent
        });
        let mut known = document.clone();
        let mut metadata = ProviderMetadata::take(&mut document, Origin::Request)?;
        for (row, held) in metadata.present() {
            reject_empty_elements(row, held)?;
        }
        let written = metadata.object();
        known.retain(|name, sent| written.get(name).is_some_and(|value| value != sent));
        metadata.issuer = Some(issuer.clone());
        metadata.append(add)?;
        Ok(Self {
            metadata,
            extra: document,
            spelled: known,
        })
    }

    /// Returns the members of `served` that the server spells in another way, in its spelling.
    pub fn spellings(&self, served: &ProviderMetadata) -> Object {
        let served = served.object();
        let mut spellings = self.spelled.clone();
        spellings.retain(|name, sent| {
            let one = Object::from_iter([(name.clone(), sent.clone())]);
            ProviderMetadata::parse(one)
                .is_ok_and(|parsed| parsed.object().get(name) == served.get(name))
        });
        spellings
    }
}

/// Checks the additions to a server's document.
///
/// # Errors
/// A member is not a list of provider metadata, or a value is not in its form; the error names the member.
pub fn check_additions(add: &Object) -> Result<(), InvalidMember> {
    for (name, values) in add {
        let refuse = |reason: &'static str| Err(InvalidMember::new(name.clone(), reason));
        if !ProviderMetadata::ROWS
            .iter()
            .any(|row| row.list && row.name == name)
        {
            return refuse("is not a member with a list of values");
        }
        if !values
            .as_array()
            .is_some_and(|values| values.iter().all(Value::is_string))
        {
            return refuse("must be an array of strings");
        }
    }
    for (row, held) in ProviderMetadata::parse(add.clone())?.present() {
        reject_empty_elements(row, held)?;
    }
    Ok(())
}

impl ProviderMetadata {
    /// Returns the document with the defaults that the specifications give to absent members. RFC 8414 §2, OIDC Discovery §3.
    #[must_use]
    pub fn with_defaults(&self) -> Self {
        self.clone().merged_over(Self {
            token_endpoint_auth_methods_supported: Some(vec![AuthMethod::ClientSecretBasic]),
            grant_types_supported: Some(vec![GrantType::AuthorizationCode, GrantType::Implicit]),
            response_modes_supported: Some(vec![ResponseMode::Query, ResponseMode::Fragment]),
            request_uri_parameter_supported: Some(true),
            ..Self::default()
        })
    }

    /// Appends values to lists. An absent list is made of its default and the addition.
    fn append(&mut self, add: &Object) -> Result<(), InvalidMember> {
        let defaults = self.with_defaults();
        for (name, values) in add {
            let held = defaults.value(name);
            let mut list = held.as_ref().and_then(Value::as_array).cloned();
            let list = list.get_or_insert_default();
            for value in values.as_array().into_iter().flatten() {
                if !list.contains(value) {
                    list.push(value.clone());
                }
            }
            if !list.is_empty() {
                self.set(name, Value::Array(list.clone()))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://login.example.com";

    fn object(value: Value) -> Object {
        match value {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    fn read(document: Value, add: Value) -> Result<UpstreamDocument, UpstreamRefusal> {
        let issuer = Issuer::parse(ISSUER).unwrap();
        UpstreamDocument::read(object(document), &issuer, &object(add))
    }

    /// Known members are taken as they are, unknown ones pass, and ours are left out.
    #[test]
    fn members_are_taken_as_they_are() {
        let document = json!({
            "issuer": ISSUER,
            "registration_endpoint": "https://login.example.com/theirs",
            "signed_metadata": "a.b.c",
            "response_types_supported": ["token id_token code", "code"],
            "scopes_supported": ["b", "a"],
            "acr_values_supported": [],
            "credentials_endpoint_draft_00": {"deep": [1, null]},
            "empty_and_unknown": [],
        });
        let read = read(document, json!({})).unwrap();
        assert_eq!(
            Value::Object(read.metadata.object()),
            json!({
                "issuer": ISSUER,
                "scopes_supported": ["b", "a"],
                "response_types_supported": ["code id_token token", "code"],
            })
        );
        assert_eq!(
            Value::Object(read.spellings(&read.metadata)),
            json!({ "response_types_supported": ["token id_token code", "code"] })
        );
        let mut other = read.metadata.clone();
        other.response_types_supported = None;
        assert!(read.spellings(&other).is_empty());
        assert_eq!(
            Value::Object(read.extra),
            json!({ "credentials_endpoint_draft_00": {"deep": [1, null]}, "empty_and_unknown": [] })
        );
    }

    /// The issuer is compared byte for byte.
    #[test]
    fn other_issuer_is_refused() {
        for other in [
            "https://login.example.com/",
            "https://LOGIN.example.com",
            "http://login.example.com",
        ] {
            assert_eq!(
                read(json!({ "issuer": other }), json!({})),
                Err(UpstreamRefusal::Issuer(Some(other.to_owned())))
            );
        }
        assert_eq!(
            read(json!({}), json!({})),
            Err(UpstreamRefusal::Issuer(None))
        );
    }

    /// A known member of another shape is refused by its name.
    #[test]
    fn wrong_shape_names_the_member() {
        for (member, value) in [
            ("scopes_supported", json!("openid")),
            ("token_endpoint", json!(7)),
            ("grant_types_supported", json!([""])),
            ("request_parameter_supported", json!("yes")),
        ] {
            let mut document = object(json!({ "issuer": ISSUER }));
            document.insert(member.to_owned(), value);
            match read(Value::Object(document), json!({})) {
                Err(UpstreamRefusal::Member(invalid)) => assert_eq!(invalid.member, member),
                other => panic!("{member}: {other:?}"),
            }
        }
    }

    /// An addition extends its list, or the default of the list, once.
    #[test]
    fn additions_extend_lists_and_defaults() {
        let add = json!({
            "scopes_supported": ["x", "a"],
            "token_endpoint_auth_methods_supported": ["none"],
            "acr_values_supported": ["gold"],
        });
        let read = read(
            json!({ "issuer": ISSUER, "scopes_supported": ["a"] }),
            add.clone(),
        )
        .unwrap();
        assert_eq!(
            Value::Object(read.metadata.object()),
            json!({
                "issuer": ISSUER,
                "scopes_supported": ["a", "x"],
                "acr_values_supported": ["gold"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "none"],
            })
        );
        assert_eq!(check_additions(&object(add)), Ok(()));
    }

    /// Additions are lists of provider metadata.
    #[test]
    fn other_additions_are_refused() {
        for (add, sentence) in [
            (
                json!({ "issuer": ["x"] }),
                "issuer is not a member with a list of values",
            ),
            (
                json!({ "unknown": ["x"] }),
                "unknown is not a member with a list of values",
            ),
            (
                json!({ "scopes_supported": "x" }),
                "scopes_supported must be an array of strings",
            ),
            (
                json!({ "scopes_supported": [1] }),
                "scopes_supported must be an array of strings",
            ),
            (
                json!({ "scopes_supported": [""] }),
                "scopes_supported has an element that must be a word of printable ASCII characters",
            ),
        ] {
            let refusal = check_additions(&object(add)).unwrap_err();
            assert_eq!(refusal.to_string(), sentence);
        }
    }

    /// Absent members have the defaults of RFC 8414 §2 in the policy, and stay absent in the document.
    #[test]
    fn policy_has_the_defaults() {
        let read = read(json!({ "issuer": ISSUER }), json!({})).unwrap();
        assert_eq!(
            Value::Object(read.metadata.object()),
            json!({ "issuer": ISSUER })
        );
        assert_eq!(
            Value::Object(read.metadata.with_defaults().object()),
            json!({
                "issuer": ISSUER,
                "response_modes_supported": ["query", "fragment"],
                "grant_types_supported": ["authorization_code", "implicit"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "request_uri_parameter_supported": true,
            })
        );
    }
}
