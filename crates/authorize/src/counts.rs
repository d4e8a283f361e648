//! The numbers of answers, for the metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// The kind of a client in an authorization request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// A client that is identified by the URL of its document.
    Document,
    /// A registered client.
    Registered,
    /// Another identifier, or none.
    Other,
}

/// The answer to an authorization request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HopOutcome {
    /// The browser was sent on.
    Redirected,
    /// The request was refused.
    Refused,
    /// The request may succeed later.
    Unavailable,
}

impl ClientKind {
    const ALL: [Self; 3] = [Self::Document, Self::Registered, Self::Other];

    /// Returns the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Registered => "registered",
            Self::Other => "other",
        }
    }
}

impl HopOutcome {
    const ALL: [Self; 3] = [Self::Redirected, Self::Refused, Self::Unavailable];

    /// Returns the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redirected => "redirected",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The numbers of answers by kind of client and outcome.
pub struct HopCounts(Vec<(ClientKind, HopOutcome, AtomicU64)>);

impl Default for HopCounts {
    fn default() -> Self {
        let all = ClientKind::ALL.into_iter().flat_map(|kind| {
            HopOutcome::ALL
                .into_iter()
                .map(move |outcome| (kind, outcome, AtomicU64::new(0)))
        });
        Self(all.collect())
    }
}

impl HopCounts {
    pub(crate) fn count(&self, kind: ClientKind, outcome: HopOutcome) {
        let found = self
            .0
            .iter()
            .find(|(counted, ended, _)| (*counted, *ended) == (kind, outcome));
        if let Some((_, _, count)) = found {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns each kind and outcome with its number.
    pub fn all(&self) -> impl Iterator<Item = (ClientKind, HopOutcome, u64)> {
        self.0
            .iter()
            .map(|(kind, outcome, count)| (*kind, *outcome, count.load(Ordering::Relaxed)))
    }
}
