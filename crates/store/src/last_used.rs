//! Writes the buffered days on which clients were last used in batches, so that a read costs no write.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Store;
use crate::change::{ClientChange, QueuedWrite};
use crate::error::StoreError;
use crate::pending_write::PendingWrite;

/// The maximum number of clients that a write sets.
const CLIENTS_PER_WRITE: usize = 500;

impl Store {
    /// Writes the last-used days that were recorded since the previous call. A day that cannot be
    /// written is lost until the next use of that client.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn flush_last_used(&self) -> Result<(), StoreError> {
        self.queue_last_used()
            .into_iter()
            .try_for_each(PendingWrite::wait)
    }

    /// Queues the recorded days. Dropping a returned write cancels it.
    pub(crate) fn queue_last_used(&self) -> Vec<PendingWrite<()>> {
        let mut by_day: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for (id, day) in self.0.last_used.take() {
            by_day.entry(day).or_default().push(id);
        }
        let batches = by_day.iter().flat_map(|(day, ids)| {
            ids.chunks(CLIENTS_PER_WRITE)
                .map(|ids| (*day, ids.to_vec()))
        });
        let queued = batches.map(|(day, clients)| {
            let write = QueuedWrite {
                change: ClientChange::SetLastUsed { clients, day },
                audit: Arc::default(),
            };
            PendingWrite::queued(self.0.writer.send(write), |_| Ok(()))
        });
        queued.collect()
    }
}
