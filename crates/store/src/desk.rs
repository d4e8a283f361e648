//! Work that waits for a thread, and what a thread owes for the work it took.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::oneshot;

use crate::error::StoreError;

/// Something that waits for its turn, and who waits for it.
pub struct Job<W, A> {
    /// What is wanted.
    pub wanted: W,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<A, StoreError>>,
}

/// Jobs that wait, for threads that take all there are. (A channel has one receiver, and threads that share it wake each other.)
pub struct Queue<W, A> {
    line: Mutex<Line<W, A>>,
    arrived: Condvar,
    limit: usize,
    threads: usize,
    enough: usize,
    lets_others_go_first: bool,
}

struct Line<W, A> {
    jobs: VecDeque<Job<W, A>>,
    /// Threads that wait and were not woken yet.
    idle: usize,
    closed: bool,
}

/// Why a job is not queued.
pub enum NotQueued {
    /// Too many wait.
    Full,
    /// Nobody takes any more.
    Closed,
}

impl<W, A> Queue<W, A> {
    /// An empty queue for so many jobs, and so many threads to take them: another is woken when more than enough wait for each
    /// that is at work.
    pub fn new(limit: usize, threads: usize, enough: usize, lets_others_go_first: bool) -> Self {
        let line = Mutex::new(Line {
            jobs: VecDeque::new(),
            idle: 0,
            closed: false,
        });
        Self {
            line,
            arrived: Condvar::new(),
            limit,
            threads,
            enough,
            lets_others_go_first,
        }
    }

    /// Queues something: the answer is lost only when whoever takes the job is.
    pub fn push(&self, wanted: W) -> Result<oneshot::Receiver<Result<A, StoreError>>, NotQueued> {
        let (answer, answered) = oneshot::channel();
        let mut line = lock(&self.line);
        if line.closed {
            return Err(NotQueued::Closed);
        }
        if line.jobs.len() >= self.limit {
            return Err(NotQueued::Full);
        }
        line.jobs.push_back(Job { wanted, answer });
        let at_work = self.threads.saturating_sub(line.idle);
        let wake = line.idle > 0 && line.jobs.len() > at_work * self.enough;
        if wake {
            line.idle -= 1;
        }
        drop(line);
        if wake {
            self.arrived.notify_one();
        }
        Ok(answered)
    }

    /// What is waiting, without a timer, but at most so many: one job when there is little to do. `None` once the queue is closed
    /// and empty.
    pub fn take(&self, most: usize) -> Option<Vec<Job<W, A>>> {
        loop {
            let mut line = lock(&self.line);
            while line.jobs.is_empty() {
                if line.closed {
                    return None;
                }
                line.idle += 1;
                line = self
                    .arrived
                    .wait(line)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            if self.lets_others_go_first && line.jobs.len() < most {
                // Where nobody else wants to run, this takes no time.
                drop(line);
                thread::yield_now();
                line = lock(&self.line);
            }
            let most = most.min(line.jobs.len());
            if most > 0 {
                return Some(line.jobs.drain(..most).collect());
            }
        }
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        lock(&self.line).jobs.len()
    }

    /// Takes no more; what is queued may still be taken.
    pub fn close(&self) {
        lock(&self.line).closed = true;
        self.arrived.notify_all();
    }
}

/// Who waits for the jobs of a batch, in their order.
pub struct Answers<A>(pub Vec<oneshot::Sender<Result<A, StoreError>>>);

impl<A> Answers<A> {
    /// Tells everybody the same.
    pub fn refuse(self, error: &StoreError) {
        self.0
            .into_iter()
            .for_each(|answer| drop(answer.send(Err(error.clone()))));
    }
}

/// What a thread is at: the answers it owes, and since when. Whoever takes them answers.
pub struct Desk<A>(Mutex<Option<(Instant, Answers<A>)>>);

impl<A> Default for Desk<A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<A> Desk<A> {
    /// Begins a batch.
    pub fn begin(&self, answers: Answers<A>) {
        *lock(&self.0) = Some((Instant::now(), answers));
    }

    /// Whether nobody gave the batch up yet.
    pub fn wanted(&self) -> bool {
        lock(&self.0).is_some()
    }

    /// Ends the batch: the answers that are owed, unless somebody else has taken them.
    pub fn end(&self) -> Option<Answers<A>> {
        lock(&self.0).take().map(|(_, answers)| answers)
    }

    /// The answers of a batch that takes longer than that.
    pub fn overdue(&self, patience: Duration) -> Option<Answers<A>> {
        lock(&self.0)
            .take_if(|(since, _)| since.elapsed() > patience)
            .map(|(_, answers)| answers)
    }
}

/// A lock that a panic elsewhere does not take away.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
