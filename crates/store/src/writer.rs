//! Group commit: queued writes share a single durable transaction.
//!
//! A writer takes all queued writes, without a timer: a single write when the store is idle, hundreds
//! under load. Each caller gets the result of its own write, and only after the commit. SQLite has
//! one write lock and so one writer; PostgreSQL has two, so that one fills a batch while the other
//! commits. A second writer is woken for the first write that waits, because a write that waits for
//! a lock of another process must delay no other. A writer yields before it takes a batch, because
//! a transaction and its sync cost more than a write.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::r2d2::R2D2Connection;
use futures_channel::oneshot;

use crate::change::{QueuedWrite, apply_all};
use crate::change_result::ChangeResult;
use crate::connection::{AnyConnection, ConnectionUse};
use crate::counters::WriteCounters;
use crate::error::StoreError;
use crate::queue::{InFlight, JobQueue, QueueError, Waiters};
use crate::register_many::RegisterMany;
use crate::url::DatabaseUrl;
use crate::worker_pool::{BatchWorker, WorkerPool};

/// The maximum number of writes in a single transaction.
const BATCH_SIZE: usize = 256;

/// The idle time after which a connection is pinged before its next use. A ping costs a round trip,
/// and under load one batch follows another.
const PING_AFTER: Duration = Duration::from_millis(1);

/// The result of a write: its effect, or the error that prevented it.
pub type WriteResult = Result<ChangeResult, StoreError>;

/// The queue of writes and the threads that empty it.
pub struct Writer {
    workers: Arc<WorkerPool<WriteWorker>>,
    /// Dropping it ends the supervisor of the workers.
    _stop: Sender<()>,
}

struct WriteWorker {
    url: DatabaseUrl,
    counters: WriteCounters,
}

impl Writer {
    /// Starts the writer threads.
    pub fn start(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let size = if url.is_sqlite() { 1 } else { 2 };
        let worker = WriteWorker {
            url: url.clone(),
            counters: WriteCounters::default(),
        };
        let (workers, stop) = WorkerPool::start(worker, size)?;
        Ok(Self {
            workers,
            _stop: stop,
        })
    }

    /// Queues a write. The returned receiver is canceled only if the writer thread is lost.
    pub fn send(&self, write: QueuedWrite) -> Result<oneshot::Receiver<WriteResult>, StoreError> {
        self.workers
            .queue
            .push(Box::new(write))
            .map_err(|error| match error {
                QueueError::Full => {
                    self.counters().refused.fetch_add(1, Ordering::Relaxed);
                    StoreError::Unavailable("too many writes are waiting".to_owned())
                }
                QueueError::Closed => StoreError::closed(),
            })
    }

    /// Returns the number of queued writes.
    pub fn waiting(&self) -> usize {
        self.workers.queue.len()
    }

    pub fn counters(&self) -> &WriteCounters {
        &self.workers.worker.counters
    }

    /// Finishes the queued writes and stops. The wait for a database that does not answer is
    /// limited.
    pub fn close(&self) {
        self.workers.finish();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

impl BatchWorker for WriteWorker {
    type Input = Box<QueuedWrite>;
    /// The effect of the write.
    type Output = ChangeResult;

    const THREAD: &'static str = "store-writer";

    const WAKE_THRESHOLD: usize = 0;

    const YIELD_BEFORE_TAKE: bool = true;

    fn run(
        &self,
        queue: &JobQueue<Box<QueuedWrite>, ChangeResult>,
        in_flight: &InFlight<ChangeResult>,
    ) {
        let mut connection = WriteConnection {
            url: &self.url,
            counters: &self.counters,
            open: None,
        };
        while let Some(mut jobs) = queue.take(BATCH_SIZE) {
            // A request that was answered 503 in the meantime must have no effect later.
            jobs.retain(|job| !job.reply.is_canceled());
            if jobs.is_empty() {
                continue;
            }
            jobs.sort_by(|one, other| {
                let key = other.input.change.lock_key();
                one.input.change.lock_key().cmp(key)
            });
            let (writes, replies): (Vec<_>, Vec<_>) =
                jobs.into_iter().map(|job| (job.input, job.reply)).unzip();
            in_flight.begin(Waiters(replies));
            let results = connection.write_batch(&writes, || in_flight.is_active());
            let waiters = in_flight.end();
            let abandoned = waiters.is_none();
            let mut replies = waiters
                .map_or_else(Vec::new, |waiters| waiters.0)
                .into_iter();
            for (write, result) in writes.iter().zip(results) {
                // The caller logs its write. If it stopped waiting, the committed write is logged
                // here.
                let undelivered = match replies.next() {
                    Some(reply) => reply.send(result),
                    None => Err(result),
                };
                if undelivered.is_err_and(|result| result.is_ok_and(|result| result.is_done())) {
                    for row in &*write.audit {
                        row.log(false);
                    }
                }
            }
            if abandoned {
                return;
            }
        }
    }
}

/// The connection of a writer thread, opened when it is needed.
struct WriteConnection<'a> {
    url: &'a DatabaseUrl,
    counters: &'a WriteCounters,
    /// The open connection, and the last time at which it worked.
    open: Option<(AnyConnection, Instant)>,
}

/// The reason why a transaction failed.
enum BatchError {
    /// The database refused a statement and rolled the batch back. The other writes may succeed
    /// without it.
    Refused(StoreError),
    /// No transaction began, or its result is unknown.
    Lost(StoreError),
}

impl WriteConnection<'_> {
    /// Returns a result for each write, in their order. `is_active` returns false once the batch
    /// was abandoned.
    fn write_batch(
        &mut self,
        writes: &[Box<QueuedWrite>],
        is_active: impl Fn() -> bool,
    ) -> Vec<WriteResult> {
        match self.write_together(writes) {
            Ok(done) => done.into_iter().map(Ok).collect(),
            Err(BatchError::Refused(_)) if writes.len() > 1 => self.write_each(writes, is_active),
            Err(BatchError::Refused(error) | BatchError::Lost(error)) => {
                writes.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }

    /// Runs each write in its own transaction, so that a refused write fails alone.
    fn write_each(
        &mut self,
        writes: &[Box<QueuedWrite>],
        is_active: impl Fn() -> bool,
    ) -> Vec<WriteResult> {
        let mut lost = None;
        writes
            .iter()
            .map(|write| match &lost {
                Some(error) => Err(StoreError::clone(error)),
                None if !is_active() => Err(StoreError::closed()),
                None => match self.write_together(std::slice::from_ref(write)) {
                    Ok(done) => done.into_iter().next().ok_or_else(StoreError::closed),
                    Err(BatchError::Refused(error)) => Err(error),
                    Err(BatchError::Lost(error)) => {
                        lost = Some(error.clone());
                        Err(error)
                    }
                },
            })
            .collect()
    }

    /// Runs all writes in a single transaction, and counts it.
    fn write_together(
        &mut self,
        writes: &[Box<QueuedWrite>],
    ) -> Result<Vec<ChangeResult>, BatchError> {
        let begun = Instant::now();
        let result = self.transact(writes);
        match &result {
            Ok(_) => self.counters.add_batch(writes.len(), begun.elapsed()),
            Err(BatchError::Lost(_)) => {
                self.counters.failed.fetch_add(1, Ordering::Relaxed);
            }
            Err(BatchError::Refused(_)) => {}
        }
        result
    }

    fn transact(&mut self, writes: &[Box<QueuedWrite>]) -> Result<Vec<ChangeResult>, BatchError> {
        if !self.url.is_sqlite()
            && let Some(registrations) = RegisterMany::from_writes(writes)
        {
            return self
                .register(registrations)
                .map(|()| writes.iter().map(|_| ChangeResult::Done).collect());
        }
        let mut connection = self.begin().map_err(BatchError::Lost)?;
        match apply_all(&mut connection, writes.iter().map(Box::as_ref)) {
            Ok(done) => connection
                .commit()
                .map_err(|error| BatchError::Lost(error.into()))
                .map(|()| {
                    self.keep(connection);
                    done
                }),
            Err(error) => match connection.rollback() {
                Ok(()) => {
                    self.keep(connection);
                    Err(BatchError::Refused(error))
                }
                Err(_) => Err(BatchError::Lost(error)),
            },
        }
    }

    /// Inserts a batch of nothing but registrations on PostgreSQL: a single statement, which commits
    /// itself.
    fn register(&mut self, registrations: RegisterMany<'_>) -> Result<(), BatchError> {
        let mut connection = self.live_connection().map_err(BatchError::Lost)?;
        let AnyConnection::Postgres(postgres) = &mut connection else {
            return Err(BatchError::Lost(StoreError::closed()));
        };
        let result = registrations.execute(postgres).map_err(StoreError::from);
        // If the connection still answers, the statement was refused and nothing of it was stored.
        if result.is_ok() || connection.ping().is_ok() {
            self.keep(connection);
            return result.map(|_| ()).map_err(BatchError::Refused);
        }
        result.map(|_| ()).map_err(BatchError::Lost)
    }

    fn keep(&mut self, connection: AnyConnection) {
        self.open = Some((connection, Instant::now()));
    }

    /// Returns the open connection if it works, or else a new one.
    fn live_connection(&mut self) -> Result<AnyConnection, StoreError> {
        if let Some((mut connection, worked)) = self.open.take()
            && (worked.elapsed() < PING_AFTER || connection.ping().is_ok())
        {
            return Ok(connection);
        }
        AnyConnection::establish_at(self.url, ConnectionUse::Write)
    }

    /// Returns a connection in a new transaction. A connection that died while it was idle is
    /// replaced, since nothing is lost yet.
    fn begin(&mut self) -> Result<AnyConnection, StoreError> {
        if let Some((mut connection, _)) = self.open.take() {
            match connection.begin() {
                Ok(()) => return Ok(connection),
                // The file is locked, and a new connection would wait for the same lock again.
                Err(error) if self.url.is_sqlite() => return Err(error.into()),
                Err(_) => {}
            }
        }
        let mut connection = AnyConnection::establish_at(self.url, ConnectionUse::Write)?;
        connection.begin()?;
        Ok(connection)
    }
}
