//! Fetches in the background: documents in use whose time is over. So a refresh token months later does not meet a document of
//! months ago.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::{ClientIdUrl, Timestamp, lock};
use store::{ClientDocument, DocumentState};

use crate::documents::{Documents, Postponed};
use crate::resolution::{Resolution, ResolveError, ResolveFailure};
use crate::resolve::in_background;

/// The time since its last use after which a document is not refreshed.
const IN_USE: Duration = Duration::from_hours(30 * 24);

/// The maximum number of documents of a run.
const DOCUMENTS: usize = 60;

/// The maximum time of a run, which is less than the time between two.
const RUN: Duration = Duration::from_secs(50);

/// The maximum wait after failures, in minutes, and the largest power of two below it.
const MOST_MINUTES: u64 = 60;
const MOST_DOUBLINGS: u32 = 5;

impl Documents {
    /// Fetches documents in use whose time is over, the oldest first, and returns those that changed. A document that could not be
    /// fetched waits longer each time, so that it does not hold up the others.
    ///
    /// # Errors
    /// The store failed.
    pub async fn refresh(self: &Arc<Self>) -> Result<Vec<ClientDocument>, ResolveError> {
        let begun = Instant::now();
        let mut changed = Vec::new();
        for row in self.due().await? {
            let now = self.services.clock.now();
            let Ok(id) = ClientIdUrl::parse(row.client_id.as_str()) else {
                continue;
            };
            let Some(row) = self.still_due(&row, now).await? else {
                continue;
            };
            let revision = row.revision;
            match self.fetch(&id, Some(row), now).await? {
                Resolution::Document(resolved) if !resolved.is_stale => {
                    lock(&self.postponed).remove(id.as_str());
                    if resolved.document.revision != revision {
                        changed.push(resolved.document);
                    }
                }
                // A limit of this server, perhaps of this host alone.
                Resolution::Failed(ResolveFailure::Busy(_)) => {}
                _ => self.postpone(id.as_str(), now),
            }
            if begun.elapsed() >= RUN {
                break;
            }
        }
        Ok(changed)
    }

    /// Returns the rows to fetch now.
    async fn due(self: &Arc<Self>) -> Result<Vec<ClientDocument>, ResolveError> {
        let now = self.services.clock.now();
        let waiting = {
            let mut postponed = lock(&self.postponed);
            // An entry that no longer waits is kept for its number of failures, but not for ever.
            postponed.retain(|_, entry| now < entry.until.plus(Duration::from_hours(24)));
            postponed.len()
        };
        let limit = i64::try_from(DOCUMENTS.saturating_add(waiting)).unwrap_or(i64::MAX);
        let (store, issuer) = (self.services.store.clone(), self.settings.issuer.clone());
        let rows = in_background(move || {
            store.documents_to_refresh(&issuer, now.minus(IN_USE), now, limit)
        });
        let rows = rows.await?;
        let postponed = lock(&self.postponed);
        let is_due = |row: &ClientDocument| {
            postponed
                .get(row.client_id.as_str())
                .is_none_or(|entry| entry.until <= now)
        };
        Ok(rows.into_iter().filter(is_due).take(DOCUMENTS).collect())
    }

    /// Reads a row again: another process, or a login, may have fetched its document in the meantime.
    async fn still_due(
        self: &Arc<Self>,
        row: &ClientDocument,
        now: Timestamp,
    ) -> Result<Option<ClientDocument>, ResolveError> {
        let (store, issuer, id) = (
            self.services.store.clone(),
            row.provider.clone(),
            row.client_id.clone(),
        );
        let row = in_background(move || store.find_document(&issuer, &id)).await?;
        Ok(row.filter(|row| row.state == DocumentState::Active && !row.is_fresh(now)))
    }

    fn postpone(&self, id: &str, now: Timestamp) {
        let mut postponed = lock(&self.postponed);
        let failures = postponed.get(id).map_or(0, |entry| entry.failures);
        let minutes = 2_u64
            .saturating_pow(failures.min(MOST_DOUBLINGS).saturating_add(1))
            .min(MOST_MINUTES);
        postponed.insert(
            id.to_owned(),
            Postponed {
                failures: failures.saturating_add(1),
                until: now.plus(Duration::from_secs(minutes.saturating_mul(60))),
            },
        );
    }
}
