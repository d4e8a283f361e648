//! Worker threads for batched reads and writes, and the supervisor that replaces a thread whose
//! database connection hangs.
//!
//! When the machine of a database hangs, its connections stay open and silent, and no time-out of
//! the driver ends that. So a thread that gets no answer for too long is abandoned together with
//! its connection, and another thread takes its place. The number of abandoned threads is limited,
//! because each of them holds a connection and the database would soon have none left for others.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use protocol::lock;

use crate::error::StoreError;
use crate::queue::{InFlight, JobQueue, QueueSettings};

/// The maximum number of queued jobs.
pub const QUEUE_CAPACITY: usize = 4096;

/// The time after which a batch is abandoned: longer than a statement waits for a lock, shorter
/// than a request waits for its answer.
const BATCH_TIMEOUT: Duration = Duration::from_secs(10);

/// The interval between two checks by the supervisor.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// The maximum number of abandoned threads that still hang.
const MAX_ABANDONED: usize = 8;

/// The time that closing the store waits for queued jobs.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(4);

/// The work of the threads of a pool.
pub trait BatchWorker: Send + Sync + Sized + 'static {
    /// The input of a job.
    type Input: Send;
    /// The result of a job.
    type Output: Send;

    /// The name of the threads.
    const THREAD: &'static str;

    /// The number of queued jobs for each busy thread above which another thread is woken.
    const WAKE_THRESHOLD: usize;

    /// True if a thread yields its processor to the callers that add jobs before it takes a batch.
    /// This pays off where a batch has a high fixed cost.
    const YIELD_BEFORE_TAKE: bool;

    /// Executes batches until the queue is closed, or until a batch of this thread was abandoned.
    fn run(&self, queue: &JobQueue<Self::Input, Self::Output>, in_flight: &InFlight<Self::Output>);
}

/// The threads that execute the jobs of one queue.
pub struct WorkerPool<W: BatchWorker> {
    pub worker: W,
    pub queue: JobQueue<W::Input, W::Output>,
    size: usize,
    threads: Mutex<WorkerThreads<W::Output>>,
}

struct WorkerThreads<O> {
    working: Vec<(Arc<InFlight<O>>, JoinHandle<()>)>,
    abandoned: Vec<JoinHandle<()>>,
}

impl<W: BatchWorker> WorkerPool<W> {
    /// Starts `size` worker threads and a supervisor. The supervisor ends when the returned sender
    /// is dropped.
    pub fn start(worker: W, size: usize) -> Result<(Arc<Self>, Sender<()>), StoreError> {
        let no_thread =
            |error| StoreError::Unavailable(format!("no thread for {}: {error}", W::THREAD));
        let threads = Mutex::new(WorkerThreads {
            working: Vec::new(),
            abandoned: Vec::new(),
        });
        let queue = JobQueue::new(QueueSettings {
            capacity: QUEUE_CAPACITY,
            workers: size,
            wake_threshold: W::WAKE_THRESHOLD,
            yield_before_take: W::YIELD_BEFORE_TAKE,
        });
        let pool = Arc::new(Self {
            worker,
            queue,
            size,
            threads,
        });
        pool.start_missing(&mut lock(&pool.threads))
            .map_err(no_thread)?;
        let (stop, stopped) = channel();
        let supervised = Arc::clone(&pool);
        let supervisor = thread::Builder::new()
            .name("store-watch".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(CHECK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    supervised.check_threads();
                }
            });
        supervisor.map_err(no_thread)?;
        Ok((pool, stop))
    }

    /// Closes the queue and waits until the threads have emptied it, but at most [`CLOSE_TIMEOUT`].
    /// Abandoned threads are not waited for.
    pub fn finish(&self) {
        self.queue.close();
        let begun = Instant::now();
        while lock(&self.threads)
            .working
            .iter()
            .any(|(_, thread)| !thread.is_finished())
            && begun.elapsed() < CLOSE_TIMEOUT
        {
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Abandons threads whose batch takes too long, and starts others in their place.
    fn check_threads(self: &Arc<Self>) {
        let mut threads = lock(&self.threads);
        for (in_flight, thread) in std::mem::take(&mut threads.working) {
            if let Some(waiters) = in_flight.take_overdue(BATCH_TIMEOUT) {
                waiters.fail_all(&StoreError::Unavailable(
                    "the database does not answer".to_owned(),
                ));
                threads.abandoned.push(thread);
            } else if thread.is_finished() {
                // The thread panicked. Dropping its senders reports the failure to every waiting
                // caller.
                drop(in_flight.end());
            } else {
                threads.working.push((in_flight, thread));
            }
        }
        threads.abandoned.retain(|thread| !thread.is_finished());
        // If the system gives no thread, the other threads go on and the next check tries again.
        drop(self.start_missing(&mut threads));
    }

    fn start_missing(
        self: &Arc<Self>,
        threads: &mut WorkerThreads<W::Output>,
    ) -> std::io::Result<()> {
        while threads.working.len() < self.size && threads.abandoned.len() < MAX_ABANDONED {
            let (pool, in_flight) = (Arc::clone(self), Arc::new(InFlight::default()));
            let of_thread = Arc::clone(&in_flight);
            let run = move || pool.worker.run(&pool.queue, &of_thread);
            threads.working.push((
                in_flight,
                thread::Builder::new()
                    .name(W::THREAD.to_owned())
                    .spawn(run)?,
            ));
        }
        Ok(())
    }
}
