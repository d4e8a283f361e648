//! The days on which clients were last used, buffered in memory and written in batches, so that a
//! read costs no write.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use protocol::{Timestamp, lock};

use crate::Store;
use crate::change::{ClientChange, QueuedWrite};
use crate::error::StoreError;
use crate::pending_write::PendingWrite;

/// The precision of the stored time.
pub const DAY: Duration = Duration::from_hours(24);

/// The maximum number of buffered clients. A client that finds the buffer full is recorded at a
/// later use.
const BUFFER_CAPACITY: usize = 100_000;

/// The maximum number of clients that one write sets.
const CLIENTS_PER_WRITE: usize = 500;

/// The days that are not written yet, by client identifier.
#[derive(Default)]
pub struct LastUsedBuffer(Mutex<BTreeMap<String, i64>>);

impl LastUsedBuffer {
    /// Records a use of a client, unless the row has the current day already.
    pub fn record(&self, client_id: &str, stored: Option<i64>, now: Timestamp) {
        let day = start_of_day(now);
        if stored.is_some_and(|stored| stored >= day) {
            return;
        }
        let mut buffer = lock(&self.0);
        if let Some(buffered) = buffer.get_mut(client_id) {
            *buffered = day;
        } else if buffer.len() < BUFFER_CAPACITY {
            buffer.insert(client_id.to_owned(), day);
        }
    }

    fn take(&self) -> BTreeMap<String, i64> {
        mem::take(&mut *lock(&self.0))
    }
}

/// Returns the first second of a day, UTC.
fn start_of_day(time: Timestamp) -> i64 {
    let day = i64::try_from(DAY.as_secs()).unwrap_or(i64::MAX);
    time.seconds()
        .saturating_sub(time.seconds().rem_euclid(day))
}

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
