//! The terms of clients with a metadata document: the client has no secret. draft-ietf-oauth-client-id-metadata-document §4.1, §6.
//!
//! Anyone can read the document, and no response carries a secret to the client. So the provider's document is narrowed before the
//! policy applies: no method that authenticates with a shared secret, and no algorithm that needs a secret. The default of RFC 7591 §2,
//! `client_secret_basic`, does not apply: a client that names neither a method nor choices has the method `none` (§6).

use crate::admit::{AdmissionRules, Agreement};
use crate::member::{InvalidMember, Object, dedup};
use crate::values::{AuthMethod, takes_a_secret};
use crate::{ClientMetadata, ProviderMetadata};

/// The method of a client.
const METHOD: &str = "token_endpoint_auth_method";

/// The list of methods of a client, and of a provider.
const METHODS: &str = "token_endpoint_auth_methods_supported";

/// The name of the rule about shared secrets.
const SHARED_SECRET: &str = "shared_secret";

/// The reason for which a value that needs a shared secret is refused.
const NO_SECRET: &str =
    "must not use a shared secret, which a client with a metadata document does not have";

/// The provider's document, narrowed for a client without a secret.
#[derive(Debug, Clone)]
pub struct PublishedTerms {
    narrowed: ProviderMetadata,
}

impl PublishedTerms {
    /// Narrows the document of a provider.
    pub fn new(provider: &ProviderMetadata) -> Self {
        let mut narrowed = provider.clone();
        // An absent list means client_secret_basic alone (RFC 8414 §2).
        narrowed
            .token_endpoint_auth_methods_supported
            .get_or_insert_default();
        let lists: Vec<&'static str> = provider
            .present()
            .map(|(row, _)| row.name)
            .filter(|name| *name == METHODS || is_algorithm(name))
            .collect();
        for list in lists {
            narrowed.retain(list, &|value| !needs_shared_secret(list, value));
        }
        Self { narrowed }
    }

    /// Returns the narrowed document.
    pub fn provider(&self) -> &ProviderMetadata {
        &self.narrowed
    }

    /// Decides which of the members of a document are agreed, and returns why they differ from the document. The agreed metadata keeps
    /// the methods that the client supports and can use, because no response tells the client its method.
    ///
    /// # Errors
    /// A member cannot be accepted; the error names it.
    pub fn decide(
        &self,
        mut published: ClientMetadata,
        rules: &AdmissionRules<'_>,
    ) -> Result<Agreement, InvalidMember> {
        refuse_secret_methods(&published)?;
        let is_default = published.token_endpoint_auth_method.is_none()
            && published.token_endpoint_auth_methods_supported.is_none();
        if is_default {
            published.token_endpoint_auth_method = Some(AuthMethod::None);
        }
        let sent = published.clone();
        let supported = self.usable_methods(&published);
        let mut agreed = self
            .narrowed
            .decide(published, rules)
            .map_err(|invalid| explain(invalid, &sent, is_default))?;
        if let Some((supported, is_narrowed)) = supported {
            agreed.keep_auth_methods(supported, is_narrowed);
        }
        Ok(agreed)
    }

    /// Returns the methods that the client supports, that are offered, and for which it has the keys; and true if the client named others.
    fn usable_methods(&self, published: &ClientMetadata) -> Option<(Vec<AuthMethod>, bool)> {
        let mut supported = published.token_endpoint_auth_methods_supported.clone()?;
        dedup(&mut supported);
        let named = supported.len();
        let has_keys = published.jwks.is_some() || published.jwks_uri.is_some();
        let is_offered =
            |method: &AuthMethod| self.narrowed.offers(METHODS, method.as_str()) == Some(true);
        supported.retain(|method| is_offered(method) && (has_keys || !method.needs_keys()));
        let is_narrowed = supported.len() < named;
        Some((supported, is_narrowed))
    }
}

/// Refuses a method with a shared secret, and choices of which nothing else is left. Other choices are narrowed, since a client may
/// support more than it can use here.
fn refuse_secret_methods(published: &ClientMetadata) -> Result<(), InvalidMember> {
    let is_secret = |value: &str| needs_shared_secret(METHOD, value);
    let has_secret_method = published
        .values(METHOD)
        .is_some_and(|methods| methods.iter().any(|method| is_secret(method)));
    if has_secret_method {
        return Err(InvalidMember::new(METHOD, NO_SECRET).by(SHARED_SECRET));
    }
    let Some(mut choices) = published.token_endpoint_auth_methods_supported.clone() else {
        return Ok(());
    };
    if choices.is_empty() {
        return Err(InvalidMember::new(METHODS, "must have at least one element").by("empty"));
    }
    choices.retain(|method| !is_secret(method.as_str()));
    match choices.is_empty() {
        true => Err(InvalidMember::new(METHODS, NO_SECRET).by(SHARED_SECRET)),
        false => Ok(()),
    }
}

/// Returns the error with the reason that its reader can act on: the provider's document may list a value that needs a secret, and the
/// client may not have named the method.
fn explain(invalid: InvalidMember, published: &ClientMetadata, is_default: bool) -> InvalidMember {
    if invalid.rule != "not_offered" {
        return invalid;
    }
    if is_default && invalid.member == METHOD {
        let reason =
            format!("counts as none when it is absent, which the provider's {METHODS} lacks");
        return InvalidMember::new(METHOD, reason).by("not_offered");
    }
    let member = invalid.member.clone();
    let values = published.values(&member).unwrap_or_default();
    let all_secret = !values.is_empty()
        && values
            .iter()
            .all(|value| needs_shared_secret(&member, value));
    match all_secret {
        true => InvalidMember::new(member, NO_SECRET).by(SHARED_SECRET),
        false => invalid,
    }
}

/// Returns true for a member with algorithms: a single value of a client, or a list.
fn is_algorithm(member: &str) -> bool {
    member.ends_with("_alg") || member.ends_with("_alg_values_supported")
}

/// Returns true if a value of a member needs a secret that client and provider share.
fn needs_shared_secret(member: &str, value: &str) -> bool {
    match member {
        METHOD | METHODS => value.starts_with("client_secret_"),
        _ => is_algorithm(member) && takes_a_secret(value),
    }
}

/// The members of agreed metadata that matter for consent and for tokens: an authorization server that compares them asks its users
/// again. §8.4.
const WATCHED: [&str; 10] = [
    "redirect_uris",
    "token_endpoint_auth_method",
    "token_endpoint_auth_methods_supported",
    "jwks",
    "jwks_uri",
    "scope",
    "grant_types",
    "response_types",
    "client_name",
    "logo_uri",
];

/// Returns the names of the members that matter for consent and for tokens and differ between two versions of a client's agreed
/// metadata, each in every language.
pub fn changed_members(before: &ClientMetadata, after: &ClientMetadata) -> Vec<&'static str> {
    let differs = |member: &&'static str| json_of(before, member) != json_of(after, member);
    WATCHED.into_iter().filter(differs).collect()
}

/// Returns the JSON form of a member, with each of its language variants.
fn json_of(metadata: &ClientMetadata, member: &str) -> Object {
    let mut object = Object::new();
    if let Some(held) = metadata.held(member) {
        held.write_members(member, &mut |name, form| {
            object.insert(name.to_owned(), form.into());
        });
    }
    object
}
