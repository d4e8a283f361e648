//! The owner of a client, which a WSO2 client may name in `ext_param_owner`.

use admission::Policy;
use protocol::values::HumanText;
use protocol::{InvalidMember, Issuer, LegacyRedirects, Object, RegisteredMetadata};
use serde_json::Value;
use store::{Account, Role};

use crate::Refusal;
use crate::registrant::Registrant;

/// The member that names the owner.
const EXT_PARAM_OWNER: &str = "ext_param_owner";

/// Returns true if the request names an owner, even one that cannot be an account.
pub(super) fn is_named(members: &Object) -> bool {
    members
        .get(EXT_PARAM_OWNER)
        .is_some_and(|value| !value.is_null())
}

/// The owner of a new client.
#[derive(Debug)]
pub(super) struct Owner {
    /// The account that the client belongs to, if any.
    pub(super) account: Option<String>,
    /// The owner as `ext_param_owner` has it, which goes in front of the client's name.
    named: Option<String>,
}

impl Owner {
    /// Takes `ext_param_owner` out of the members. Without it, the owner is that of the caller.
    ///
    /// # Errors
    /// When it is not an account name, or the caller may not register for that account.
    pub(super) fn take(
        members: &mut Object,
        registrant: &Registrant,
        issuer: &Issuer,
    ) -> Result<Self, Refusal> {
        let named = match members.shift_remove(EXT_PARAM_OWNER) {
            None | Some(Value::Null) => {
                return Ok(Self {
                    account: registrant.owner(),
                    named: None,
                });
            }
            Some(Value::String(named)) => named,
            Some(_) => return Err(Refusal::InvalidOwner),
        };
        let account = account_name(&named, issuer)
            .ok_or(Refusal::InvalidOwner)?
            .to_owned();
        if !may_register_for(registrant, &account) {
            return Err(Refusal::NotPermitted(
                "You may not register clients for this application owner.",
            ));
        }
        Ok(Self {
            account: Some(account),
            named: Some(named),
        })
    }

    /// Puts a named owner in front of the client's name. Returns the composed name, which other clients of that owner may have
    /// too.
    ///
    /// # Errors
    /// When the composed name is too long.
    pub(super) fn compose(
        &self,
        metadata: &mut RegisteredMetadata,
        policy: &Policy,
        redirects: LegacyRedirects<'_>,
    ) -> Result<Option<String>, InvalidMember> {
        let Some(owner) = &self.named else {
            return Ok(None);
        };
        let mut members = metadata.members().clone();
        let Some(names) = &mut members.client_name else {
            return Ok(None);
        };
        let composed = format!("{owner}_{}", names.untagged().map_or("", HumanText::as_str));
        names.set_untagged(
            HumanText::parse(composed.clone())
                .map_err(|reason| InvalidMember::new("client_name", reason))?,
        );
        *metadata = policy.provider.admit(members, &policy.terms(redirects))?;
        Ok(Some(composed))
    }
}

fn may_register_for(registrant: &Registrant, account: &str) -> bool {
    match registrant {
        Registrant::Account(Account {
            role: Role::Administrator,
            ..
        }) => true,
        Registrant::Account(caller) => caller.name == account,
        Registrant::Token(token) => token.owner.as_deref() == Some(account),
        Registrant::Anonymous => false,
    }
}

/// Returns the account that `text` names: a name, or `name@tenant` at the tenant of that issuer.
pub(super) fn account_name<'a>(text: &'a str, issuer: &Issuer) -> Option<&'a str> {
    let name = match (text.rsplit_once('@'), issuer.tenant()) {
        (Some((name, tenant)), Some(here)) if tenant == here => name,
        (Some(_), _) => return None,
        (None, _) => text,
    };
    store::is_account_name(name).then_some(name)
}
