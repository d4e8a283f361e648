//! What WSO2 clients send that no other client may: scalars for lists, no name, and an owner.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::values::HumanText;
use protocol::{ClientMetadata, Invalid, LegacyRedirects, RegisteredMetadata, SentMembers};
use serde_json::Value;
use store::{Account, Role};

use crate::initial::Initial;
use crate::{Door, Refusal, Registration};

/// Whose a client will be.
#[derive(Debug)]
pub struct Owner {
    /// The account it belongs to; nobody's in particular, when absent.
    pub account: Option<String>,
    /// The owner as `ext_param_owner` names it, which goes in front of the client's name.
    pub named: Option<String>,
}

impl Owner {
    /// Puts a named owner in front of the client's name, once and for all. Returns the composed name, which no other
    /// client of that owner may have.
    ///
    /// # Errors
    /// When the composed name is too long.
    pub(crate) fn compose(
        &self,
        metadata: &mut RegisteredMetadata,
        registration: &Registration,
        door: Door,
        legacy: LegacyRedirects<'_>,
    ) -> Result<Option<String>, Refusal> {
        let Some(owner) = &self.named else {
            return Ok(None);
        };
        let mut members = metadata.members().clone();
        let Some(names) = &mut members.client_name else {
            return Ok(None);
        };
        let composed = format!("{owner}_{}", names.untagged().map_or("", HumanText::as_str));
        let refuse = |reason| Refusal::Invalid(Invalid::new("client_name", reason), door);
        names.set_untagged(HumanText::parse(composed.clone()).map_err(refuse)?);
        let admitted = registration
            .policy
            .provider
            .admit(members, &registration.policy.terms(legacy));
        *metadata = admitted.map_err(|invalid| Refusal::Invalid(invalid, door))?;
        Ok(Some(composed))
    }
}

/// Turns what a WSO2 client sends into what every client sends, and says whose the client will be.
///
/// # Errors
/// When the owner is no name, or not one the caller may register for.
pub fn adapt(
    object: &mut SentMembers,
    initial: &Initial,
    registration: &Registration,
) -> Result<Owner, Refusal> {
    for row in ClientMetadata::ROWS.iter().filter(|row| row.list) {
        if let Some(value @ Value::String(_)) = object.get_mut(row.name) {
            *value = Value::Array(vec![value.take()]);
        }
    }
    split_grants(object);
    if !object
        .get("client_name")
        .is_some_and(|name| !name.is_null() && name != "")
    {
        object.insert("client_name".into(), random_name(registration)?.into());
    }
    match object.remove("ext_param_owner") {
        None | Some(Value::Null) => Ok(initial.owner()),
        Some(Value::String(named)) => owner(named, initial, registration),
        Some(_) => Err(Refusal::InvalidOwner),
    }
}

/// One element of `grant_types` may hold several grants.
fn split_grants(object: &mut SentMembers) {
    if let Some(Value::Array(grants)) = object.get_mut("grant_types") {
        let split = grants.drain(..).flat_map(|grant| match grant {
            Value::String(words) => words.split_whitespace().map(Value::from).collect(),
            other => vec![other],
        });
        *grants = split.collect::<Vec<_>>();
    }
}

fn random_name(registration: &Registration) -> Result<String, Refusal> {
    let mut bytes = [0_u8; 12];
    (registration.random)(&mut bytes)
        .map_err(|reason| oauth_http::Failure::server_error(format!("no randomness: {reason}")))?;
    Ok(format!("application_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

fn owner(named: String, initial: &Initial, registration: &Registration) -> Result<Owner, Refusal> {
    let account = account_name(&named, registration)
        .ok_or(Refusal::InvalidOwner)?
        .to_owned();
    let permitted = match initial {
        Initial::Account(Account {
            role: Role::Administrator,
            ..
        }) => true,
        Initial::Account(caller) => caller.name == account,
        Initial::Token(token) => token.owner.as_deref() == Some(account.as_str()),
        Initial::Anybody => false,
    };
    if !permitted {
        return Err(Refusal::NotPermitted(
            "You may not register clients for this application owner.",
        ));
    }
    Ok(Owner {
        account: Some(account),
        named: Some(named),
    })
}

/// The account that `text` names: a name, or `name@tenant` at that tenant.
pub(crate) fn account_name<'a>(text: &'a str, registration: &Registration) -> Option<&'a str> {
    let name = match (text.rsplit_once('@'), registration.policy.issuer.tenant()) {
        (Some((name, tenant)), Some(here)) if tenant == here => name,
        (Some(_), _) => return None,
        (None, _) => text,
    };
    store::is_account_name(name).then_some(name)
}
