//! The values that a client supports of a member, from which the provider chooses. OIDC RP Metadata Choices §2.
//!
//! A client may send a list of choices beside a single value, or instead of it. The single value must be in the list. If it is
//! absent or not offered, the first choice that is offered takes its place, in the client's order. The lists themselves are not
//! registered, because the single values show the result.

use crate::ClientMetadata;
use crate::member::InvalidMember;
use crate::table::MemberRow;
use crate::values::{AuthMethod, GrantType, SigningAlgorithm, takes_a_secret};

/// Returns the list of choices for a single value: the member of client metadata with the name of the governing list.
pub(crate) fn list_of(row: &MemberRow) -> Option<&'static str> {
    row.offered
        .filter(|_| !row.list)
        .and_then(ClientMetadata::name)
}

impl ClientMetadata {
    /// Drops every list of choices, and returns their names.
    pub(super) fn drop_choices(&mut self) -> Vec<&'static str> {
        let lists: Vec<&'static str> = self
            .present()
            .filter(|(row, _)| row.is_choices())
            .map(|(row, _)| row.name)
            .collect();
        for list in &lists {
            self.clear(list);
        }
        lists
    }
}

/// Returns true if the client sent a list of choices for the row's member, with at least one value.
pub(super) fn sent(row: &MemberRow, asked: &ClientMetadata) -> bool {
    list_of(row)
        .and_then(|list| asked.values(list))
        .is_some_and(|choices| !choices.is_empty())
}

/// Checks that each single value is among the choices that were sent for it. Returns true if there are lists of choices.
pub(super) fn check(asked: &ClientMetadata) -> Result<bool, InvalidMember> {
    if !asked.present().any(|(row, _)| row.is_choices()) {
        return Ok(false);
    }
    for (row, held) in asked.present() {
        let Some(list) = list_of(row).filter(|_| sent(row, asked)) else {
            continue;
        };
        let choices = asked.values(list).unwrap_or_default();
        if held.values().iter().any(|value| !choices.contains(value)) {
            return Err(InvalidMember::new(
                row.name,
                format!("must be one of the values in the client's {list}"),
            )
            .by("not_a_choice"));
        }
    }
    Ok(true)
}

/// Checks that a member stands beside the member that it needs, or beside the choices for it.
pub(super) fn check_needs(row: &MemberRow, asked: &ClientMetadata) -> Result<(), InvalidMember> {
    let Some(other) = row.needs.filter(|other| !asked.has(other)) else {
        return Ok(());
    };
    let chosen = ClientMetadata::ROWS
        .iter()
        .any(|row| row.name == other && sent(row, asked));
    if chosen {
        return Ok(());
    }
    Err(InvalidMember::new(row.name, format!("requires {other}")).by("needs"))
}

/// Returns false for a value that the provider does not choose for a client while another is possible: a rule over several
/// members would refuse it, or it would leave tokens unsigned.
pub(super) fn is_usable(row: &MemberRow, value: &str, asked: &ClientMetadata) -> bool {
    if row.name == "token_endpoint_auth_method" {
        return suits_client(&AuthMethod::from(value), asked);
    }
    if !row.name.ends_with("_alg") {
        return true;
    }
    let method = asked.token_endpoint_auth_method.as_ref();
    if method == Some(&AuthMethod::None) && takes_a_secret(value) {
        return false;
    }
    let algorithm = SigningAlgorithm::from(value);
    match row.name {
        "token_endpoint_auth_signing_alg" => {
            algorithm.is_symmetric() == (method == Some(&AuthMethod::ClientSecretJwt))
        }
        "backchannel_authentication_request_signing_alg" => {
            algorithm != SigningAlgorithm::None && !algorithm.is_symmetric()
        }
        name => algorithm != SigningAlgorithm::None || !name.ends_with("signed_response_alg"),
    }
}

fn suits_client(method: &AuthMethod, asked: &ClientMetadata) -> bool {
    let has_keys = asked.jwks.is_some() || asked.jwks_uri.is_some();
    let is_alone = asked
        .grant_types
        .iter()
        .flatten()
        .any(|grant| *grant == GrantType::ClientCredentials);
    (has_keys || !method.needs_keys()) && !(is_alone && *method == AuthMethod::None)
}
