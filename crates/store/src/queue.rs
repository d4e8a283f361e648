//! The queue that requests add jobs to, and the record of the batch that a worker thread is
//! executing.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use protocol::sync::{lock, wait};

use crate::error::StoreError;

/// A queued job.
pub struct QueuedJob<I, O> {
    pub input: I,
    /// The sender of the result.
    pub reply: oneshot::Sender<Result<O, StoreError>>,
}

/// The settings of a queue and of the worker threads that empty it.
pub struct QueueSettings {
    /// The maximum number of queued jobs.
    pub capacity: usize,
    /// The number of worker threads.
    pub workers: usize,
    /// The number of queued jobs for each busy worker above which another worker is woken.
    pub wake_threshold: usize,
    /// True if a worker yields its processor before it takes jobs.
    pub yield_before_take: bool,
}

/// A queue whose consumers take all queued jobs at once. The channel of the standard library has a
/// single receiver, and threads that share it wake one another.
pub struct JobQueue<I, O> {
    state: Mutex<QueueState<I, O>>,
    arrival: Condvar,
    settings: QueueSettings,
}

struct QueueState<I, O> {
    jobs: VecDeque<QueuedJob<I, O>>,
    /// The number of workers that wait and were not woken yet.
    idle: usize,
    closed: bool,
}

/// The reason why a job was not queued.
pub enum QueueError {
    Full,
    Closed,
}

impl<I, O> JobQueue<I, O> {
    pub fn new(settings: QueueSettings) -> Self {
        let state = Mutex::new(QueueState {
            jobs: VecDeque::new(),
            idle: 0,
            closed: false,
        });
        Self {
            state,
            arrival: Condvar::new(),
            settings,
        }
    }

    /// Queues a job. The returned receiver is canceled only if the worker that took the job is
    /// lost.
    pub fn push(&self, input: I) -> Result<oneshot::Receiver<Result<O, StoreError>>, QueueError> {
        let (reply, receiver) = oneshot::channel();
        let mut state = lock(&self.state);
        if state.closed {
            return Err(QueueError::Closed);
        }
        if state.jobs.len() >= self.settings.capacity {
            return Err(QueueError::Full);
        }
        state.jobs.push_back(QueuedJob { input, reply });
        let busy = self.settings.workers.saturating_sub(state.idle);
        let wake = state.idle > 0 && state.jobs.len() > busy * self.settings.wake_threshold;
        if wake {
            state.idle -= 1;
        }
        drop(state);
        if wake {
            self.arrival.notify_one();
        }
        Ok(receiver)
    }

    /// Waits until there is a job, and takes all queued jobs, but at most `limit`. There is no
    /// timer, so an idle store takes one job at a time. Returns `None` once the queue is closed and
    /// empty.
    pub fn take(&self, limit: usize) -> Option<Vec<QueuedJob<I, O>>> {
        loop {
            let mut state = lock(&self.state);
            while state.jobs.is_empty() {
                if state.closed {
                    return None;
                }
                state.idle += 1;
                state = wait(&self.arrival, state);
            }
            if self.settings.yield_before_take && state.jobs.len() < limit {
                // Takes no time if no other thread is ready to run.
                drop(state);
                thread::yield_now();
                state = lock(&self.state);
            }
            let count = limit.min(state.jobs.len());
            if count > 0 {
                return Some(state.jobs.drain(..count).collect());
            }
        }
    }

    /// Returns the number of queued jobs.
    pub fn len(&self) -> usize {
        lock(&self.state).jobs.len()
    }

    /// Rejects later jobs. Jobs that are queued already can still be taken.
    pub fn close(&self) {
        lock(&self.state).closed = true;
        self.arrival.notify_all();
    }
}

/// The callers that wait for the jobs of a batch, in the order of the jobs.
pub struct Waiters<O>(pub Vec<oneshot::Sender<Result<O, StoreError>>>);

impl<O> Waiters<O> {
    /// Sends the same error to every caller.
    pub fn fail_all(self, error: &StoreError) {
        self.0
            .into_iter()
            .for_each(|reply| drop(reply.send(Err(error.clone()))));
    }
}

/// The waiters of the batch that a worker executes, with the time at which it began. The thread
/// that takes them out answers them: the worker, or the supervisor when it abandons the batch.
pub struct InFlight<O>(Mutex<Option<(Instant, Waiters<O>)>>);

impl<O> Default for InFlight<O> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<O> InFlight<O> {
    /// Begins a batch.
    pub fn begin(&self, waiters: Waiters<O>) {
        *lock(&self.0) = Some((Instant::now(), waiters));
    }

    /// Returns false once the batch was abandoned.
    pub fn is_active(&self) -> bool {
        lock(&self.0).is_some()
    }

    /// Ends the batch and returns its waiters, or `None` if the batch was abandoned.
    pub fn end(&self) -> Option<Waiters<O>> {
        lock(&self.0).take().map(|(_, waiters)| waiters)
    }

    /// Abandons the batch if it takes longer than `timeout`, and returns its waiters.
    pub fn take_overdue(&self, timeout: Duration) -> Option<Waiters<O>> {
        lock(&self.0)
            .take_if(|(since, _)| since.elapsed() > timeout)
            .map(|(_, waiters)| waiters)
    }
}
