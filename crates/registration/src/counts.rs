//! What became of registrations, for whoever watches. Strangers cause them, so everything that is told apart is of our own making.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use actix_web::ResponseError;
use oauth_http::Failure;
use protocol::{ClientMetadata, ErrorCode};

/// Members a refusal may be about that are in no table of metadata.
const MORE: [&str; 1] = ["ext_param_owner"];

/// What a refusal is about when it is no member's name that we know.
pub const OTHER: &str = "other";

/// What became of registrations at one provider since the start of the process.
#[derive(Debug, Default)]
pub struct Counts {
    registered: AtomicU64,
    not_registered: Mutex<BTreeMap<NotRegistered, u64>>,
}

/// Why a client was not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotRegistered {
    /// The status of the answer.
    pub status: u16,
    /// The error code of the answer.
    pub error: &'static str,
    /// The member it is about: its name without a language tag, [`OTHER`] for what is none, or nothing.
    pub member: &'static str,
}

impl Counts {
    /// Clients that were registered.
    pub fn registered(&self) -> u64 {
        self.registered.load(Ordering::Relaxed)
    }

    /// Those that were not, by why.
    pub fn not_registered(&self) -> Vec<(NotRegistered, u64)> {
        let why = self
            .not_registered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        why.iter().map(|(why, count)| (*why, *count)).collect()
    }

    /// Counts a client that was registered.
    pub(crate) fn count(&self) {
        self.registered.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one that was not.
    pub(crate) fn count_not(&self, failure: &Failure) {
        let why = NotRegistered {
            status: failure.status_code().as_u16(),
            error: failure.code().as_str(),
            member: match failure.code() {
                ErrorCode::InvalidClientMetadata | ErrorCode::InvalidRedirectUri => {
                    failure.what().map_or("", known)
                }
                _ => "",
            },
        };
        let mut not_registered = self
            .not_registered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *not_registered.entry(why).or_default() += 1;
    }
}

/// The member of our tables that a name, perhaps with a language tag, belongs to.
fn known(name: &str) -> &'static str {
    let name = name.split('#').next().unwrap_or_default();
    let members = ClientMetadata::ROWS.iter().map(|row| row.name).chain(MORE);
    members
        .into_iter()
        .find(|member| *member == name)
        .unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_do_not_choose_what_is_told_apart() {
        let counts = Counts::default();
        for about in [
            "client_name#de",
            "client_name#x-another",
            "client_name",
            "x-unheard-of",
            "y-unheard-of",
        ] {
            counts.count_not(&Failure::new(ErrorCode::InvalidClientMetadata, "").about(about));
        }
        counts.count_not(&Failure::new(ErrorCode::InvalidClientMetadata, ""));
        counts.count_not(&Failure::new(ErrorCode::InvalidToken, "").about("no credentials"));
        counts.count_not(&Failure::unavailable("down"));
        let of = |status, error, member| NotRegistered {
            status,
            error,
            member,
        };
        assert_eq!(
            counts.not_registered(),
            [
                (of(400, "invalid_client_metadata", ""), 1),
                (of(400, "invalid_client_metadata", "client_name"), 3),
                (of(400, "invalid_client_metadata", OTHER), 2),
                (of(401, "invalid_token", ""), 1),
                (of(503, "temporarily_unavailable", ""), 1),
            ]
        );
    }
}
