//! The days on which clients were last used, buffered in memory.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Mutex;
use std::time::Duration;

use protocol::{Timestamp, lock};

/// The precision of the stored time.
pub const DAY: Duration = Duration::from_hours(24);

/// The maximum number of buffered clients. A client that finds the buffer full is recorded at a
/// later use.
const BUFFER_CAPACITY: usize = 100_000;

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

    /// Empties the buffer.
    pub fn take(&self) -> BTreeMap<String, i64> {
        mem::take(&mut *lock(&self.0))
    }
}

/// Returns the first second of a day, UTC.
pub fn start_of_day(time: Timestamp) -> i64 {
    let day = i64::try_from(DAY.as_secs()).unwrap_or(i64::MAX);
    time.seconds()
        .saturating_sub(time.seconds().rem_euclid(day))
}
