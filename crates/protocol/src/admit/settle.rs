//! The decision about a member: narrowed, chosen, dropped, defaulted or refused.

use serde_json::Value;

use super::AdmissionRules;
use super::choices;
use super::draft::Draft;
use crate::member::{InvalidMember, Narrowing};
use crate::table::{MemberRow, Unoffered};
use crate::values::{AuthMethod, SubjectType};
use crate::{ClientMetadata, ProviderMetadata};

/// The members about the session of a logout, each with the members of the document one of which must be true if the member is
/// false. If it is true, its row says what serves it. OIDC Front-Channel Logout §3, OIDC Back-Channel Logout §2.1.
const LOGOUT_SESSIONS: [(&str, [&str; 2]); 2] = [
    (
        "frontchannel_logout_session_required",
        [
            "frontchannel_logout_supported",
            "frontchannel_logout_session_supported",
        ],
    ),
    (
        "backchannel_logout_session_required",
        [
            "backchannel_logout_supported",
            "backchannel_logout_session_supported",
        ],
    ),
];

// The names of rules.
const NOT_OFFERED: &str = "not_offered";
const NOT_SERVED: &str = "not_served";
const CHOSEN: &str = "chosen";
const DEFAULT: &str = "default";

impl ProviderMetadata {
    /// Decides about a member. The members above it in the table are settled already.
    pub(super) fn settle(
        &self,
        row: &'static MemberRow,
        asked: &mut Draft,
        rules: &AdmissionRules<'_>,
    ) -> Result<(), InvalidMember> {
        if row.needs.is_some_and(|other| !asked.has(other)) {
            asked.drop_member(row.name, "needs");
            return Ok(());
        }
        if asked.has(row.name) {
            self.narrow_to_offer(row, asked, rules)?;
        } else if choices::sent(row, asked) {
            self.choose_absent(row, asked)?;
        } else {
            self.default(row, asked)?;
        }
        if !row.addresses {
            self.drop_unmet_demand(row, asked);
        }
        Ok(())
    }

    /// Narrows, replaces, drops or refuses the requested value of a member.
    fn narrow_to_offer(
        &self,
        row: &'static MemberRow,
        asked: &mut Draft,
        rules: &AdmissionRules<'_>,
    ) -> Result<(), InvalidMember> {
        let Some(list) = row.offered else {
            return Ok(());
        };
        let is_empty = row.list && asked.values(row.name).is_some_and(|all| all.is_empty());
        if is_empty {
            asked.drop_member(row.name, "empty");
            return Ok(());
        }
        let Some(offered) = self.held(list) else {
            if rules.any_scope && list == "scopes_supported" {
                return Ok(());
            }
            asked.drop_member(row.name, "no_list");
            return Ok(());
        };
        match asked.retain(row.name, &|value| offered.has_value(value)) {
            Narrowing::Unchanged => return Ok(()),
            Narrowing::Narrowed => {
                asked.note(row.name, NOT_OFFERED);
                return Ok(());
            }
            Narrowing::Emptied => {}
        }
        if row.unoffered == Unoffered::Dropped {
            asked.drop_member(row.name, NOT_OFFERED);
            return Ok(());
        }
        match self.choice(row, asked) {
            Some(choice) => asked.put(row.name, choice, CHOSEN),
            None => Err(not_offered(row.name, list)),
        }
    }

    /// Sets an absent member to the first choice of the client that is offered.
    fn choose_absent(
        &self,
        row: &'static MemberRow,
        asked: &mut Draft,
    ) -> Result<(), InvalidMember> {
        let Some(list) = row.offered.filter(|list| self.has(list)) else {
            return Ok(());
        };
        if row.name == "token_endpoint_auth_signing_alg" && !authenticates_with_jwt(asked) {
            return Ok(());
        }
        match self.choice(row, asked) {
            Some(choice) => asked.put(row.name, choice, CHOSEN),
            None => Err(not_offered(list, list)),
        }
    }

    /// Returns the first choice of the client that is offered, in the client's order.
    fn choice(&self, row: &MemberRow, asked: &ClientMetadata) -> Option<Value> {
        let mut possible = asked.values(choices::list_of(row)?)?;
        let offered = self.held(row.offered?)?;
        possible.retain(|value| offered.has_value(value));
        let choice = possible
            .iter()
            .find(|value| choices::is_usable(row, value, asked))
            .or_else(|| possible.first())?;
        Some(Value::String(choice.clone().into_owned()))
    }

    /// Sets the default of an absent member: the specification's if the provider offers it, otherwise the first offered value.
    fn default(&self, row: &'static MemberRow, asked: &mut Draft) -> Result<(), InvalidMember> {
        let Some(default) = row.default else {
            return Ok(());
        };
        let mut value = default();
        if let (Some(list), Some(text)) = (row.offered, value.as_str()) {
            let Some(possible) = self.values(list) else {
                return Ok(());
            };
            let mut usable = possible
                .iter()
                .filter(|one| choices::is_usable(row, one, asked));
            let chosen = possible
                .iter()
                .find(|one| *one == text)
                .or_else(|| usable.next());
            match chosen {
                Some(one) => value = Value::String(one.clone().into_owned()),
                None => return Ok(()),
            }
        }
        asked.put(row.name, value, DEFAULT)
    }

    /// Drops a member that demands or uses a feature the provider does not have.
    fn drop_unmet_demand(&self, row: &'static MemberRow, asked: &mut Draft) {
        if !self.meets(row, asked) {
            asked.drop_member(row.name, NOT_SERVED);
        }
    }

    /// Returns true if the provider has the feature that a member demands or uses. A value of `false` demands nothing.
    pub(crate) fn meets(&self, row: &MemberRow, asked: &ClientMetadata) -> bool {
        let no = Value::Bool(false);
        row.served.is_empty()
            || row.served.iter().any(|member| self.serves(member))
            || asked.value(row.name).is_none_or(|value| value == no)
    }

    /// Returns true if the document has the member, and it is not false.
    fn serves(&self, member: &str) -> bool {
        self.value(member)
            .is_some_and(|value| value != Value::Bool(false))
    }

    /// Drops the members that nothing uses. They are judged as all others before, because another server may read the request,
    /// or a later offer may use them.
    pub(super) fn drop_without_effect(&self, asked: &mut Draft) {
        if !authenticates_with_jwt(asked) {
            asked.drop_member("token_endpoint_auth_signing_alg", "no_jwt");
        }
        for (member, features) in LOGOUT_SESSIONS {
            if !features.iter().any(|feature| self.serves(feature)) {
                asked.drop_member(member, NOT_SERVED);
            }
        }
        let served = ClientMetadata::ROWS.iter().filter(|row| row.addresses);
        for row in served {
            self.drop_unmet_demand(row, asked);
        }
        for list in asked.drop_choices() {
            asked.note(list, CHOSEN);
        }
    }

    /// Sets the subject type of a client that requests none. An absent subject type means public (OIDC Core §8), so it is set
    /// only if the provider does not support public subjects.
    pub(super) fn agree_on_subjects(&self, asked: &mut Draft) {
        if asked.subject_type.is_some() {
            return;
        }
        let possible = self.subject_types_supported.as_ref();
        if let Some(possible) = possible.filter(|possible| !possible.contains(&SubjectType::Public))
        {
            asked.subject_type = possible.first().cloned();
            asked.note("subject_type", DEFAULT);
        }
    }
}

fn not_offered(member: &'static str, list: &str) -> InvalidMember {
    InvalidMember::new(
        member,
        format!("has no value listed in the provider's {list}"),
    )
    .by(NOT_OFFERED)
}

/// Returns true if the client authenticates with a JWT, for which alone `token_endpoint_auth_signing_alg` counts. OIDC
/// Registration §2.
fn authenticates_with_jwt(asked: &ClientMetadata) -> bool {
    matches!(
        asked.token_endpoint_auth_method,
        Some(AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt)
    )
}
