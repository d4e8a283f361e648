//! The documents after the first one. A document that fails in any way is not taken, and the one before stays in service.

use std::sync::MutexGuard;

use outbound::Validators;
use protocol::json::read_stored_object;
use protocol::{Timestamp, lock};
use store::{FetchedDocument, UpstreamCopy, UpstreamTimes};

use super::state::{NoDocument, Outcome, State, Upstream};
use crate::provider::{ProviderOffer, offer_from};

/// The function that puts a document in force.
type Put<'a> = &'a dyn Fn(&ProviderOffer) -> anyhow::Result<()>;

impl Upstream {
    /// Asks the server for its document, unless another replica asked a short time ago or asks just now.
    ///
    /// # Errors
    /// The store does not answer.
    pub fn refresh(&self, put: Put<'_>) -> anyhow::Result<()> {
        let is_unasked = std::mem::take(&mut lock(&self.state).is_unasked);
        let now = self.clock.now();
        let Some(copy) = self.store.upstream_copy(self.issuer())? else {
            return self.refill(put, now);
        };
        let seen = copy.times.fetched_at;
        let is_recent = now < seen.plus(self.config.refresh.mul_f64(0.8));
        if is_recent && !is_unasked {
            return Ok(());
        }
        let Some(leased) = self.store.lease_upstream(self.issuer(), seen, now)? else {
            return Ok(());
        };
        let known = Validators {
            etag: copy.fetched.etag.clone(),
            last_modified: copy.fetched.last_modified.clone(),
        };
        let outcome = match self.ask(&known) {
            Ok(None) => self.confirm(leased),
            Ok(Some((fetched, offer))) => self.take(put, &copy, leased, fetched, &offer)?,
            Err(none) => {
                self.store.return_upstream(self.issuer(), leased, seen)?;
                self.warn(&none)
            }
        };
        self.count(outcome);
        Ok(())
    }

    /// Puts the stored document in force, if another process changed it.
    ///
    /// # Errors
    /// The store does not answer.
    pub fn follow(&self, put: Put<'_>) -> anyhow::Result<()> {
        let Some(times) = self.store.upstream_times(self.issuer())? else {
            return Ok(());
        };
        // A document that this process is just taking is put in force there.
        let Ok(mut state) = self.state.try_lock() else {
            return Ok(());
        };
        let is_same = state.times.changed_at == times.changed_at;
        state.times = times;
        if is_same {
            return Ok(());
        }
        let Some(copy) = self.store.upstream_copy(self.issuer())? else {
            return Ok(());
        };
        state.times = copy.times;
        let text = copy.fetched.document.as_bytes();
        match offer_from(&self.provider, &self.config, text) {
            Ok(offer) => {
                put(&offer)?;
                tracing::info!(provider = %self.issuer(), "another replica took a new document");
            }
            Err(refusal) => tracing::warn!(
                "the document that another replica took is not served here: {}",
                refusal.sentence(self.issuer(), self.source.url())
            ),
        }
        Ok(())
    }

    /// Stores the document of a server whose copy is gone from the store.
    fn refill(&self, put: Put<'_>, now: Timestamp) -> anyhow::Result<()> {
        let outcome = match self.ask(&Validators::default()) {
            Ok(Some((fetched, offer))) => {
                let mut state = lock(&self.state);
                state.times = self.store.insert_upstream(self.issuer(), fetched, now)?;
                self.is_well(&mut state);
                put(&offer)?;
                Outcome::Changed
            }
            Ok(None) => Outcome::Unchanged,
            Err(none) => self.warn(&none),
        };
        self.count(outcome);
        Ok(())
    }

    fn confirm(&self, leased: Timestamp) -> Outcome {
        let mut state = lock(&self.state);
        state.times.fetched_at = leased;
        self.is_well(&mut state);
        Outcome::Unchanged
    }

    /// Stores a document that passed every check, and puts it in force if a member differs.
    fn take(
        &self,
        put: Put<'_>,
        old: &UpstreamCopy,
        leased: Timestamp,
        fetched: FetchedDocument,
        offer: &ProviderOffer,
    ) -> anyhow::Result<Outcome> {
        let mut state = lock(&self.state);
        let names = changes(&old.fetched.document, &fetched.document);
        let (is_changed, names) = (!names.is_empty(), names.join(", "));
        let times = UpstreamTimes {
            fetched_at: leased,
            ..old.times
        };
        state.times = if is_changed || fetched != old.fetched {
            let names = is_changed.then_some(names.as_str());
            self.store
                .replace_upstream(self.issuer(), fetched, times, names)?
        } else {
            times
        };
        self.is_well(&mut state);
        if !is_changed {
            return Ok(Outcome::Unchanged);
        }
        put(offer)?;
        tracing::info!(provider = %self.issuer(), members = names, "the document of the authorization server changed");
        Ok(Outcome::Changed)
    }

    /// Logs a problem once, and not again while it stays the same.
    fn warn(&self, none: &NoDocument) -> Outcome {
        let sentence = self.sentence(none);
        let mut state = lock(&self.state);
        if state.problem.as_ref() != Some(&sentence) {
            tracing::warn!("{sentence}; the copy of before stays in service");
            state.problem = Some(sentence);
        }
        match none {
            NoDocument::Failed(_) => Outcome::Failed,
            NoDocument::Refused(_) => Outcome::Refused,
        }
    }

    fn is_well(&self, state: &mut MutexGuard<'_, State>) {
        if state.problem.take().is_some() {
            tracing::info!(provider = %self.issuer(), "the document of the authorization server can be had again");
        }
    }
}

/// Returns the names of the members in which two documents differ.
pub fn changes(old: &str, new: &str) -> Vec<String> {
    let read = |text: &str| read_stored_object(text.as_bytes()).unwrap_or_default();
    let (old, new) = (read(old), read(new));
    let mut names: Vec<String> = new
        .iter()
        .filter(|(name, value)| old.get(*name) != Some(value))
        .map(|(name, _)| name.clone())
        .collect();
    names.extend(old.keys().filter(|name| !new.contains_key(*name)).cloned());
    names
}
