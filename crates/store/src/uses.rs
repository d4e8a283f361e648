//! When clients were last used: noted in memory, to the day, and written together now and then. A read costs no write.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::Timestamp;

use crate::Store;
use crate::change::{Change, Operation};
use crate::error::StoreError;
use crate::written::Written;

/// How exactly a use is known.
pub const DAY: Duration = Duration::from_hours(24);

/// How many uses wait to be written at most; more are noted when they come again.
const WAITING: usize = 100_000;

/// How many clients one transaction writes.
const BATCH: usize = 500;

/// The days on which clients were used, by their identifiers, that are not written yet.
#[derive(Default)]
pub struct Uses(Mutex<BTreeMap<String, i64>>);

impl Uses {
    /// Notes that a client is used, unless it is known for today.
    pub fn note(&self, client_id: &str, known: Option<i64>, now: Timestamp) {
        let day = day(now);
        if known.is_some_and(|known| known >= day) {
            return;
        }
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(noted) = waiting.get_mut(client_id) {
            *noted = day;
        } else if waiting.len() < WAITING {
            waiting.insert(client_id.to_owned(), day);
        }
    }

    fn take(&self) -> BTreeMap<String, i64> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The beginning of a day, UTC.
fn day(at: Timestamp) -> i64 {
    let seconds = i64::try_from(DAY.as_secs()).unwrap_or(i64::MAX);
    at.seconds()
        .saturating_sub(at.seconds().rem_euclid(seconds))
}

impl Store {
    /// Writes which clients were used since this was called last. What cannot be written is forgotten until its next use.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn write_uses(&self) -> Result<(), StoreError> {
        self.queue_uses().into_iter().try_for_each(Written::wait)
    }

    /// Queues what is known of uses, to be kept until it is written.
    pub(crate) fn queue_uses(&self) -> Vec<Written<()>> {
        let mut of_days: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for (id, day) in self.0.uses.take() {
            of_days.entry(day).or_default().push(id);
        }
        let batches = of_days
            .iter()
            .flat_map(|(day, ids)| ids.chunks(BATCH).map(|ids| (*day, ids.to_vec())));
        let queued = batches.map(|(day, clients)| {
            let operation = Operation {
                change: Change::Use { clients, day },
                audit: Arc::default(),
            };
            Written::queued(self.0.writer.send(operation), |_| Ok(()))
        });
        queued.collect()
    }
}
