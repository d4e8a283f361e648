//! Batched reads: queued reads share a connection, a transaction and, on PostgreSQL, a statement.
//!
//! A reader takes all queued reads, without a timer, as a writer does. Under load most reads need
//! no thread to be woken for them alone. There is one reader more than the load needs, so that a
//! page that has to be read from the disk delays half of the reads only; it is woken late, because
//! waking a thread takes longer than reading a client, and larger batches cost less for each read.

use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use futures_channel::oneshot;
use protocol::Timestamp;

use crate::client::ClientSummary;
use crate::client_lookup::find_all;
use crate::client_row::ClientRow;
use crate::error::StoreError;
use crate::last_used_buffer::LastUsedBuffer;
use crate::pool::Pool;
use crate::queue::{InFlight, JobQueue, QueueError, Waiters};
use crate::seal::{SealingKey, constant_time_eq};
use crate::worker_pool::{BatchWorker, WorkerPool};

/// The maximum number of reads in a batch.
const BATCH_SIZE: usize = 64;

/// The number of reader threads.
const READERS: usize = 2;

/// A request for the summary of a client, with the credentials of the caller.
pub struct ReadRequest {
    pub provider: String,
    pub client_id: String,
    /// The digest of the presented registration access token.
    pub token_digest: String,
    pub now: Timestamp,
}

/// The summary, or `None` if the caller may not read the client.
type ReadOutput = Option<ClientSummary>;

/// The queue of reads and the threads that empty it, which start with the first read.
pub struct ClientReader {
    pool: Arc<Pool>,
    seal: SealingKey,
    last_used: Arc<LastUsedBuffer>,
    running: OnceLock<Result<RunningReader, StoreError>>,
}

struct RunningReader {
    workers: Arc<WorkerPool<ReadWorker>>,
    /// Dropping it ends the supervisor of the workers.
    _stop: Sender<()>,
}

impl ClientReader {
    pub fn new(pool: &Arc<Pool>, seal: &SealingKey, last_used: &Arc<LastUsedBuffer>) -> Self {
        Self {
            pool: Arc::clone(pool),
            seal: seal.clone(),
            last_used: Arc::clone(last_used),
            running: OnceLock::new(),
        }
    }

    /// Queues a read.
    pub fn send(
        &self,
        request: ReadRequest,
    ) -> Result<oneshot::Receiver<Result<ReadOutput, StoreError>>, StoreError> {
        let running = self
            .running
            .get_or_init(|| self.start())
            .as_ref()
            .map_err(StoreError::clone)?;
        running
            .workers
            .queue
            .push(request)
            .map_err(|error| match error {
                QueueError::Full => {
                    StoreError::Unavailable("too many reads are waiting".to_owned())
                }
                QueueError::Closed => StoreError::closed(),
            })
    }

    fn start(&self) -> Result<RunningReader, StoreError> {
        let worker = ReadWorker {
            pool: Arc::clone(&self.pool),
            seal: self.seal.clone(),
            last_used: Arc::clone(&self.last_used),
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
    seal: SealingKey,
    last_used: Arc<LastUsedBuffer>,
}

impl BatchWorker for ReadWorker {
    type Input = ReadRequest;
    type Output = ReadOutput;

    const THREAD: &'static str = "store-reader";

    const WAKE_THRESHOLD: usize = 32;

    /// A batch of reads has next to no fixed cost. Measured: larger batches made each read dearer.
    const YIELD_BEFORE_TAKE: bool = false;

    fn run(&self, queue: &JobQueue<ReadRequest, ReadOutput>, in_flight: &InFlight<ReadOutput>) {
        while let Some(mut jobs) = queue.take(BATCH_SIZE) {
            jobs.retain(|job| !job.reply.is_canceled());
            if jobs.is_empty() {
                continue;
            }
            let (requests, replies): (Vec<_>, Vec<_>) =
                jobs.into_iter().map(|job| (job.input, job.reply)).unzip();
            in_flight.begin(Waiters(replies));
            let mut results = self.read_batch(&requests).into_iter();
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
    /// Returns a result for each request, in their order.
    fn read_batch(&self, requests: &[ReadRequest]) -> Vec<Result<ReadOutput, StoreError>> {
        let ids: Vec<&str> = requests
            .iter()
            .map(|request| request.client_id.as_str())
            .collect();
        match self
            .pool
            .read_untraced(|connection| find_all(connection, &ids))
        {
            Ok(rows) => requests
                .iter()
                .zip(rows)
                .map(|(request, row)| self.summary(request, row))
                .collect(),
            // The database refused one of the reads. Each is repeated alone, so that the others
            // succeed.
            Err(error) if !error.is_unavailable() && requests.len() > 1 => requests
                .iter()
                .flat_map(|request| self.read_batch(std::slice::from_ref(request)))
                .collect(),
            Err(error) => requests.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    fn summary(
        &self,
        request: &ReadRequest,
        row: Option<ClientRow>,
    ) -> Result<ReadOutput, StoreError> {
        let Some(row) = row else {
            // An unknown client takes the time of a comparison too.
            std::hint::black_box(constant_time_eq(
                &request.token_digest,
                &request.token_digest,
            ));
            return Ok(None);
        };
        if !row.is_managed_with(&request.provider, &request.token_digest, request.now) {
            return Ok(None);
        }
        let stored = row.last_used_at;
        let summary = row.into_summary(&self.seal)?;
        self.last_used
            .record(&request.client_id, stored, request.now);
        Ok(Some(summary))
    }
}
