//! Group commit: queued writes share one durable transaction.
//!
//! A writer takes what is waiting, without a timer: one write when the store is idle, hundreds when it is not.
//! Each caller hears of its own write, and only after the commit.

use std::iter;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use futures_channel::oneshot;

use crate::change::{Operation, apply_all};
use crate::connection::{AnyConnection, Purpose};
use crate::error::StoreError;
use crate::url::DatabaseUrl;

/// How many writes may wait.
const QUEUE: usize = 4096;

/// How many writes share a transaction at most.
const BATCH: usize = 256;

/// Whether there was something to change, or why nothing could be.
pub type Verdict = Result<bool, StoreError>;

/// The queue of writes and the threads that empty it.
pub struct Writer {
    queue: RwLock<Option<SyncSender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Job {
    operation: Box<Operation>,
    answer: oneshot::Sender<Verdict>,
}

impl Writer {
    /// Starts the writers: one on SQLite, which has one write lock; two on PostgreSQL, so that one commits while the other fills.
    pub fn start(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let (sender, receiver) = sync_channel(QUEUE);
        let receiver = Arc::new(Mutex::new(receiver));
        let mut threads = Vec::new();
        for _ in 0..if url.is_sqlite() { 1 } else { 2 } {
            let (url, receiver) = (url.clone(), Arc::clone(&receiver));
            let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || write(&url, &receiver));
            threads.push(thread.map_err(|error| StoreError::Unavailable(format!("no thread for writing: {error}")))?);
        }
        Ok(Self { queue: RwLock::new(Some(sender)), threads: Mutex::new(threads) })
    }

    /// Queues a change. The answer is lost only when the writer is.
    pub fn send(&self, operation: Operation) -> Result<oneshot::Receiver<Verdict>, StoreError> {
        let (answer, verdict) = oneshot::channel();
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or_else(closed)?;
        match queue.try_send(Job { operation: Box::new(operation), answer }) {
            Ok(()) => Ok(verdict),
            Err(TrySendError::Full(_)) => Err(StoreError::Unavailable("too many writes are waiting".to_owned())),
            Err(TrySendError::Disconnected(_)) => Err(closed()),
        }
    }

    /// Finishes what is queued and stops.
    pub fn close(&self) {
        drop(self.queue.write().unwrap_or_else(PoisonError::into_inner).take());
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // A writer that panicked dropped its answers, and whoever waits for one hears that.
            drop(thread.join());
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// What is said when nobody writes any more.
pub fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".to_owned())
}

fn write(url: &DatabaseUrl, queue: &Mutex<Receiver<Job>>) {
    let mut line = Line { url, connection: None };
    while let Some(mut jobs) = next_batch(queue) {
        jobs.sort_by(|one, other| one.operation.change.lock_key().cmp(other.operation.change.lock_key()));
        let verdicts = line.settle(&jobs);
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            // Nobody listening is no reason to undo a write, nor to keep it from the log.
            if let Err(Ok(true)) = job.answer.send(verdict) {
                for row in &*job.operation.audit {
                    row.tell(false);
                }
            }
        }
    }
}

/// What is waiting, at least one; `None` once the store is closed and the queue empty.
fn next_batch(queue: &Mutex<Receiver<Job>>) -> Option<Vec<Job>> {
    let queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    let first = queue.recv().ok()?;
    Some(iter::once(first).chain(queue.try_iter().take(BATCH - 1)).collect())
}

/// A writer's own connection, when it has one.
struct Line<'a> {
    url: &'a DatabaseUrl,
    connection: Option<AnyConnection>,
}

/// Why a transaction came to nothing.
enum Failed {
    /// The database refused a statement and took the rest back; other changes may fare better without it.
    Statement(StoreError),
    /// There was no transaction, or nobody knows how it ended.
    Outright(StoreError),
}

impl Line<'_> {
    /// A verdict for each job, in order.
    fn settle(&mut self, jobs: &[Job]) -> Vec<Verdict> {
        match self.transact(jobs) {
            Ok(done) => done.into_iter().map(Ok).collect(),
            Err(Failed::Statement(_)) if jobs.len() > 1 => self.replay(jobs),
            Err(Failed::Statement(error) | Failed::Outright(error)) => jobs.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// Each job in a transaction of its own, so that a refused one fails alone.
    fn replay(&mut self, jobs: &[Job]) -> Vec<Verdict> {
        let mut lost = None;
        jobs.iter()
            .map(|job| match &lost {
                Some(error) => Err(StoreError::clone(error)),
                None => match self.transact(std::slice::from_ref(job)) {
                    Ok(done) => Ok(done.into_iter().all(|done| done)),
                    Err(Failed::Statement(error)) => Err(error),
                    Err(Failed::Outright(error)) => {
                        lost = Some(error.clone());
                        Err(error)
                    }
                },
            })
            .collect()
    }

    fn transact(&mut self, jobs: &[Job]) -> Result<Vec<bool>, Failed> {
        let mut connection = self.begin().map_err(Failed::Outright)?;
        match apply_all(&mut connection, jobs.iter().map(|job| job.operation.as_ref())) {
            Ok(done) => connection.commit().map_err(|error| Failed::Outright(error.into())).map(|()| {
                self.connection = Some(connection);
                done
            }),
            Err(error) => match connection.rollback() {
                Ok(()) => {
                    self.connection = Some(connection);
                    Err(Failed::Statement(error))
                }
                Err(_) => Err(Failed::Outright(error)),
            },
        }
    }

    /// A connection in a new transaction. One that died while it was idle is replaced: nothing is lost with it yet.
    fn begin(&mut self) -> Result<AnyConnection, StoreError> {
        if let Some(mut connection) = self.connection.take() {
            match connection.begin() {
                Ok(()) => return Ok(connection),
                // The file is locked, and a new connection would wait for it all over again.
                Err(error) if self.url.is_sqlite() => return Err(error.into()),
                Err(_) => {}
            }
        }
        let mut connection = AnyConnection::establish_at(self.url, Purpose::Write)?;
        connection.begin()?;
        Ok(connection)
    }
}
