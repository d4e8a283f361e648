//! Counts of registrations, for the metrics. Callers cause them, so every label is one of a fixed set.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::ResponseError;
use oauth_http::Failure;
use protocol::{ClientMetadata, ErrorCode, lock};

/// Members of requests that are in no table of metadata.
const MORE: [&str; 1] = ["ext_param_owner"];

/// The label for a member that is not known.
pub const OTHER: &str = "other";

/// The registrations at a provider since the start of the process.
#[derive(Debug, Default)]
pub struct RegistrationCounts {
    registered: AtomicU64,
    not_registered: Mutex<BTreeMap<FailureLabels, u64>>,
}

/// The labels of a registration that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FailureLabels {
    /// The status of the answer.
    pub status: u16,
    /// The error code of the answer.
    pub error: &'static str,
    /// The name of the member that was rejected, without a language tag; [`OTHER`] if it is not known, empty without a member.
    pub member: &'static str,
}

impl RegistrationCounts {
    /// Returns the number of registrations.
    pub fn registered(&self) -> u64 {
        self.registered.load(Ordering::Relaxed)
    }

    /// Returns the numbers of failures by their labels.
    pub fn not_registered(&self) -> Vec<(FailureLabels, u64)> {
        let failures = lock(&self.not_registered);
        failures
            .iter()
            .map(|(labels, count)| (*labels, *count))
            .collect()
    }

    /// Counts a registration.
    pub(crate) fn count(&self) {
        self.registered.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a registration that failed.
    pub(crate) fn count_failure(&self, failure: &Failure) {
        let labels = FailureLabels {
            status: failure.status_code().as_u16(),
            error: failure.code().as_str(),
            member: match failure.code() {
                ErrorCode::InvalidClientMetadata | ErrorCode::InvalidRedirectUri => {
                    failure.subject().map_or("", known)
                }
                _ => "",
            },
        };
        let mut not_registered = lock(&self.not_registered);
        *not_registered.entry(labels).or_default() += 1;
    }
}

/// Returns the known member that a name, perhaps with a language tag, belongs to.
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
    fn labels_are_bounded() {
        let counts = RegistrationCounts::default();
        for about in [
            "client_name#de",
            "client_name#x-another",
            "client_name",
            "x-unheard-of",
            "y-unheard-of",
        ] {
            counts.count_failure(
                &Failure::new(ErrorCode::InvalidClientMetadata, "").with_subject(about),
            );
        }
        counts.count_failure(&Failure::new(ErrorCode::InvalidClientMetadata, ""));
        counts.count_failure(
            &Failure::new(ErrorCode::InvalidToken, "").with_subject("no credentials"),
        );
        counts.count_failure(&Failure::unavailable("down"));
        let of = |status, error, member| FailureLabels {
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
