//! The documents of a provider.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use admission::{DocumentRejection, DocumentRules, JudgedDocument, Policy, judge_document};
use arc_swap::ArcSwap;
use protocol::{ClientIdUrl, Timestamp, lock};

use crate::counts::DocumentCounts;
use crate::settings::{DocumentServices, DocumentSettings};

/// The maximum number of documents of which it is remembered that the policy in force agreed to them.
const REMEMBERED: usize = 10_000;

/// The documents of a provider.
pub struct Documents {
    pub(crate) settings: DocumentSettings,
    pub(crate) services: DocumentServices,
    /// The numbers of outcomes.
    pub counts: DocumentCounts,
    policy: ArcSwap<PolicyInForce>,
    /// The documents that the policy in force has agreed to, with the times of their fetches.
    agreed: Mutex<HashMap<String, (u64, Timestamp)>>,
    policies: AtomicU64,
    pub(crate) postponed: Mutex<HashMap<String, Postponed>>,
}

/// A fetch in the background that failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Postponed {
    pub(crate) failures: u32,
    pub(crate) until: Timestamp,
}

/// A policy with its number.
struct PolicyInForce {
    policy: Arc<Policy>,
    number: u64,
}

impl Documents {
    /// Creates the documents of a provider with this policy.
    pub fn new(
        settings: DocumentSettings,
        services: DocumentServices,
        policy: Arc<Policy>,
    ) -> Self {
        Self {
            settings,
            services,
            counts: DocumentCounts::default(),
            policy: ArcSwap::from_pointee(PolicyInForce { policy, number: 0 }),
            agreed: Mutex::default(),
            policies: AtomicU64::new(0),
            postponed: Mutex::default(),
        }
    }

    /// Puts another policy in force. Each stored document is judged by it at its next resolution.
    pub fn put_policy(&self, policy: Arc<Policy>) {
        let number = self.policies.fetch_add(1, Ordering::Relaxed) + 1;
        self.policy
            .store(Arc::new(PolicyInForce { policy, number }));
    }

    /// Returns the settings.
    pub fn settings(&self) -> &DocumentSettings {
        &self.settings
    }

    /// Judges a document by the policy in force, and returns the number of the policy too. It must not be called on an async worker
    /// thread.
    pub(crate) fn judge(
        &self,
        id: &ClientIdUrl,
        body: &[u8],
        now: Timestamp,
    ) -> (u64, Result<JudgedDocument, DocumentRejection>) {
        let in_force = self.policy.load_full();
        let rules = DocumentRules {
            redirects: self.settings.redirects,
            hosts: &self.settings.hosts,
        };
        let judged = judge_document(
            &in_force.policy,
            &self.services.fetcher,
            &rules,
            id,
            body,
            &self.settings.json,
            now,
        );
        (in_force.number, judged)
    }

    /// Remembers that a policy agreed to the document of that fetch.
    pub(crate) fn remember(&self, id: &str, policy: u64, fetched_at: Timestamp) {
        let mut agreed = lock(&self.agreed);
        if agreed.len() >= REMEMBERED && !agreed.contains_key(id) {
            agreed.clear();
        }
        agreed.insert(id.to_owned(), (policy, fetched_at));
    }

    /// Returns true if the policy in force agreed to the document of that fetch.
    pub(crate) fn is_agreed(&self, id: &str, fetched_at: Timestamp) -> bool {
        let number = self.policy.load().number;
        lock(&self.agreed).get(id) == Some(&(number, fetched_at))
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
