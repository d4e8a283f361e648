//! Group commit: queued writes share one durable transaction.
//!
//! A writer takes what is waiting, without a timer: one write when the store is idle, hundreds when it is not.
//! Each caller hears of its own write, and only after the commit.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::r2d2::R2D2Connection;
use futures_channel::oneshot;

use crate::activity::Writes;
use crate::change::{Operation, apply_all};
use crate::connection::{AnyConnection, Purpose};
use crate::crew::{Crew, Trade};
use crate::desk::{Answers, Desk, NotQueued, Queue};
use crate::error::StoreError;
use crate::register_many::RegisterMany;
use crate::url::DatabaseUrl;

/// How many writes share a transaction at most.
const BATCH: usize = 256;

/// For how long nobody asks whether a connection is still alive, which costs a round trip: one batch follows another under load.
const FRESH: Duration = Duration::from_millis(1);

/// Whether there was something to change, or why nothing could be.
pub type Verdict = Result<bool, StoreError>;

/// The queue of writes and the threads that empty it.
pub struct Writer {
    crew: Arc<Crew<Writers>>,
    /// The watch over the crew ends with it.
    _watch: Sender<()>,
}

/// Those who write.
struct Writers {
    url: DatabaseUrl,
    writes: Writes,
}

impl Writer {
    /// Starts the writers: one on SQLite, which has one write lock; two on PostgreSQL, so that one commits while the other fills.
    pub fn start(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let size = if url.is_sqlite() { 1 } else { 2 };
        let (crew, watch) = Crew::start(
            Writers {
                url: url.clone(),
                writes: Writes::default(),
            },
            size,
        )?;
        Ok(Self {
            crew,
            _watch: watch,
        })
    }

    /// Queues a change. The answer is lost only when the writer is.
    pub fn send(&self, operation: Operation) -> Result<oneshot::Receiver<Verdict>, StoreError> {
        self.crew
            .queue
            .push(Box::new(operation))
            .map_err(|refused| match refused {
                NotQueued::Full => {
                    self.writes().refused.fetch_add(1, Ordering::Relaxed);
                    StoreError::Unavailable("too many writes are waiting".to_owned())
                }
                NotQueued::Closed => closed(),
            })
    }

    /// How many writes wait.
    pub fn waiting(&self) -> usize {
        self.crew.queue.waiting()
    }

    /// What it counts.
    pub fn writes(&self) -> &Writes {
        &self.crew.trade.writes
    }

    /// Finishes what is queued and stops. A database that does not answer is not waited for long.
    pub fn close(&self) {
        self.crew.finish();
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

impl Trade for Writers {
    type Wanted = Box<Operation>;
    /// Whether there was something to change.
    type Answer = bool;

    const THREAD: &'static str = "store-writer";

    /// A write that waits for somebody's lock holds up no other.
    const ENOUGH: usize = 0;

    /// A transaction and its sync cost more than a write.
    const LETS_OTHERS_GO_FIRST: bool = true;

    fn work(&self, queue: &Queue<Box<Operation>, bool>, desk: &Desk<bool>) {
        let mut line = Line {
            url: &self.url,
            writes: &self.writes,
            connection: None,
        };
        while let Some(mut jobs) = queue.take(BATCH) {
            // A request that was answered 503 meanwhile must not come true later.
            jobs.retain(|job| !job.answer.is_canceled());
            if jobs.is_empty() {
                continue;
            }
            jobs.sort_by(|one, other| {
                one.wanted
                    .change
                    .lock_key()
                    .cmp(other.wanted.change.lock_key())
            });
            let (operations, answers): (Vec<_>, Vec<_>) =
                jobs.into_iter().map(|job| (job.wanted, job.answer)).unzip();
            desk.begin(Answers(answers));
            let verdicts = line.settle(&operations, || desk.wanted());
            let answers = desk.end();
            let given_up = answers.is_none();
            let mut answers = answers
                .map_or_else(Vec::new, |answers| answers.0)
                .into_iter();
            for (operation, verdict) in operations.iter().zip(verdicts) {
                // Nobody listening is no reason to undo a write, nor to keep it from the log.
                let unheard = match answers.next() {
                    Some(answer) => answer.send(verdict),
                    None => Err(verdict),
                };
                if let Err(Ok(true)) = unheard {
                    for row in &*operation.audit {
                        row.tell(false);
                    }
                }
            }
            if given_up {
                return;
            }
        }
    }
}

/// A writer's own connection, when it has one.
struct Line<'a> {
    url: &'a DatabaseUrl,
    writes: &'a Writes,
    /// The connection, and when it was last known to be alive.
    connection: Option<(AnyConnection, Instant)>,
}

/// Why a transaction came to nothing.
enum Failed {
    /// The database refused a statement and took the rest back; other changes may fare better without it.
    Statement(StoreError),
    /// There was no transaction, or nobody knows how it ended.
    Outright(StoreError),
}

impl Line<'_> {
    /// A verdict for each operation, in order, as long as somebody wants them.
    fn settle(&mut self, operations: &[Box<Operation>], wanted: impl Fn() -> bool) -> Vec<Verdict> {
        match self.transact(operations) {
            Ok(done) => done.into_iter().map(Ok).collect(),
            Err(Failed::Statement(_)) if operations.len() > 1 => self.replay(operations, wanted),
            Err(Failed::Statement(error) | Failed::Outright(error)) => {
                operations.iter().map(|_| Err(error.clone())).collect()
            }
        }
    }

    /// Each operation in a transaction of its own, so that a refused one fails alone.
    fn replay(&mut self, operations: &[Box<Operation>], wanted: impl Fn() -> bool) -> Vec<Verdict> {
        let mut lost = None;
        operations
            .iter()
            .map(|operation| match &lost {
                Some(error) => Err(StoreError::clone(error)),
                None if !wanted() => Err(closed()),
                None => match self.transact(std::slice::from_ref(operation)) {
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

    fn transact(&mut self, operations: &[Box<Operation>]) -> Result<Vec<bool>, Failed> {
        let begun = Instant::now();
        let outcome = self.attempt(operations);
        match &outcome {
            Ok(_) => self.writes.committed(operations.len(), begun.elapsed()),
            Err(Failed::Outright(_)) => {
                self.writes.failed.fetch_add(1, Ordering::Relaxed);
            }
            Err(Failed::Statement(_)) => {}
        }
        outcome
    }

    fn attempt(&mut self, operations: &[Box<Operation>]) -> Result<Vec<bool>, Failed> {
        if !self.url.is_sqlite()
            && let Some(registrations) = RegisterMany::of(operations)
        {
            return self
                .register(registrations)
                .map(|()| vec![true; operations.len()]);
        }
        let mut connection = self.begin().map_err(Failed::Outright)?;
        match apply_all(&mut connection, operations.iter().map(Box::as_ref)) {
            Ok(done) => connection
                .commit()
                .map_err(|error| Failed::Outright(error.into()))
                .map(|()| {
                    self.keep(connection);
                    done
                }),
            Err(error) => match connection.rollback() {
                Ok(()) => {
                    self.keep(connection);
                    Err(Failed::Statement(error))
                }
                Err(_) => Err(Failed::Outright(error)),
            },
        }
    }

    /// Registrations alone, on PostgreSQL: one statement, which commits itself.
    fn register(&mut self, registrations: RegisterMany<'_>) -> Result<(), Failed> {
        let mut connection = self.alive().map_err(Failed::Outright)?;
        let AnyConnection::Postgres(postgres) = &mut connection else {
            return Err(Failed::Outright(closed()));
        };
        let outcome = registrations.execute(postgres).map_err(StoreError::from);
        // A connection that still answers says that the statement was refused, and nothing is left of it.
        if outcome.is_ok() || connection.ping().is_ok() {
            self.keep(connection);
            return outcome.map(|_| ()).map_err(Failed::Statement);
        }
        outcome.map(|_| ()).map_err(Failed::Outright)
    }

    fn keep(&mut self, connection: AnyConnection) {
        self.connection = Some((connection, Instant::now()));
    }

    /// A connection that was alive a moment ago.
    fn alive(&mut self) -> Result<AnyConnection, StoreError> {
        if let Some((mut connection, known)) = self.connection.take()
            && (known.elapsed() < FRESH || connection.ping().is_ok())
        {
            return Ok(connection);
        }
        AnyConnection::establish_at(self.url, Purpose::Write)
    }

    /// A connection in a new transaction. One that died while it was idle is replaced: nothing is lost with it yet.
    fn begin(&mut self) -> Result<AnyConnection, StoreError> {
        if let Some((mut connection, _)) = self.connection.take() {
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
