//! Batched reads: queued reads share a connection, a transaction and, on PostgreSQL, a statement.
//!
//! A reader takes all queued reads, without a timer, as a writer does. Under load most reads need
//! no thread to be woken for them alone. There is one reader more than the load needs, so that a
//! page that has to be read from the disk delays half of the reads only; it is woken late, because
//! waking a thread takes longer than reading a client, and larger batches cost less for each read.

use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use futures_channel::oneshot;

use crate::client_lookup::find_all;
use crate::client_row::{ClientRow, has_no_nul};
use crate::error::StoreError;
use crate::pool::Pool;
use crate::queue::{InFlight, JobQueue, QueueError, Waiters};
use crate::worker_pool::{BatchWorker, WorkerPool};

/// The maximum number of reads in a batch.
const BATCH_SIZE: usize = 64;

/// The number of reader threads.
const READERS: usize = 2;

/// The row of a client, or `None` if there is no client with the identifier.
type ReadOutput = Option<ClientRow>;

/// The queue of reads and the threads that empty it, which start with the first read.
pub struct ClientReader {
    pool: Arc<Pool>,
    running: OnceLock<Result<RunningReader, StoreError>>,
}

struct RunningReader {
    workers: Arc<WorkerPool<ReadWorker>>,
    /// Dropping it ends the supervisor of the workers.
    _stop: Sender<()>,
}

impl ClientReader {
    pub fn new(pool: &Arc<Pool>) -> Self {
        Self {
            pool: Arc::clone(pool),
            running: OnceLock::new(),
        }
    }

    /// Reads the row of a client, together with other reads.
    pub fn read(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<ReadOutput, StoreError>> + Send + use<> {
        let sent = has_no_nul(id).then(|| self.send(id.to_owned()));
        let span = tracing::info_span!("store read", otel.kind = "client");
        async move {
            let _span = span;
            match sent {
                Some(sent) => sent?.await.map_err(|_| StoreError::closed())?,
                None => Ok(None),
            }
        }
    }

    fn send(
        &self,
        id: String,
    ) -> Result<oneshot::Receiver<Result<ReadOutput, StoreError>>, StoreError> {
        let running = self
            .running
            .get_or_init(|| self.start())
            .as_ref()
            .map_err(StoreError::clone)?;
        running.workers.queue.push(id).map_err(|error| match error {
            QueueError::Full => StoreError::Unavailable("too many reads are waiting".to_owned()),
            QueueError::Closed => StoreError::closed(),
        })
    }

    fn start(&self) -> Result<RunningReader, StoreError> {
        let worker = ReadWorker {
            pool: Arc::clone(&self.pool),
        };
        let (workers, stop) = WorkerPool::start(worker, READERS)?;
        Ok(RunningReader {
            workers,
            _stop: stop,
        })
    }
}

impl Drop for RunningReader {
    fn drop(&mut self) {
        self.workers.finish();
    }
}

struct ReadWorker {
    pool: Arc<Pool>,
}

impl BatchWorker for ReadWorker {
    type Input = String;
    type Output = ReadOutput;

    const THREAD: &'static str = "store-reader";

    const WAKE_THRESHOLD: usize = 32;

    /// A batch of reads has next to no fixed cost. Measured: larger batches made each read dearer.
    const YIELD_BEFORE_TAKE: bool = false;

    fn run(&self, queue: &JobQueue<String, ReadOutput>, in_flight: &InFlight<ReadOutput>) {
        while let Some(mut jobs) = queue.take(BATCH_SIZE) {
            jobs.retain(|job| !job.reply.is_canceled());
            if jobs.is_empty() {
                continue;
            }
            let (ids, replies): (Vec<_>, Vec<_>) =
                jobs.into_iter().map(|job| (job.input, job.reply)).unzip();
            in_flight.begin(Waiters(replies));
            let mut results = self.read_batch(&ids).into_iter();
            let Some(waiters) = in_flight.end() else {
                return;
            };
            for (reply, result) in waiters.0.into_iter().zip(&mut results) {
                drop(reply.send(result));
            }
        }
    }
}

impl ReadWorker {
    /// Returns a result for each identifier, in their order.
    fn read_batch(&self, ids: &[String]) -> Vec<Result<ReadOutput, StoreError>> {
        let wanted: Vec<&str> = ids.iter().map(String::as_str).collect();
        match self
            .pool
            .read_untraced(|connection| find_all(connection, &wanted))
        {
            Ok(rows) => rows.into_iter().map(Ok).collect(),
            // The database refused one of the reads. Each is repeated alone, so that the others
            // succeed.
            Err(error) if !error.is_unavailable() && ids.len() > 1 => ids
                .iter()
                .flat_map(|id| self.read_batch(std::slice::from_ref(id)))
                .collect(),
            Err(error) => ids.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}
