//! Passwords that wait to be verified, and the threads that do it.
//!
//! A password takes a processor 20 ms and 19 MiB, and any caller may send any number of them. There are as many threads as processors, each
//! with memory of its own; the queue before them is bounded and serves addresses in turn. The same name and password from the same
//! address, sent again while the first attempt waits, is a single entry: it tells a guesser nothing new, and a program that opens many
//! connections at once costs a single hash.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use oauth_http::RequestId;
use protocol::sync::{lock, wait};
use protocol::{Issuer, Secret};
use store::{Account, PasswordMemory, StoreError};
use tokio::sync::oneshot;
use tracing::Span;

use crate::fair_queue::{Displaced, FairQueue};
use crate::verified_passwords::Digest;

/// A name and a password that a caller sent to a provider.
pub(crate) struct PasswordAttempt {
    pub(crate) provider: Issuer,
    pub(crate) name: String,
    pub(crate) password: Secret,
    pub(crate) digest: Digest,
    pub(crate) address: Option<IpAddr>,
}

/// The account, if the password is its own.
pub(crate) type Verification = Result<Option<Account>, StoreError>;

/// The work that the queue is for.
pub(crate) trait Verifier: Send + Sync + 'static {
    /// Counts an attempt before it is admitted.
    ///
    /// # Errors
    /// The time to wait, if there were too many.
    fn count(&self, attempt: &PasswordAttempt) -> Result<(), Duration>;

    fn verify(&self, attempt: &PasswordAttempt, memory: &mut PasswordMemory) -> Verification;

    /// Records the result of an attempt that was counted so many times; there is no verdict if it was never verified.
    fn settle(&self, attempt: &PasswordAttempt, counted: u32, verdict: Option<&Verification>);
}

/// The answer to an attempt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AttemptAnswer {
    /// The password was verified.
    Verified(Verification),
    /// The attempt had to leave the queue.
    Displaced,
}

/// The reason why an attempt is not admitted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum QueueRejection {
    /// Too many were wrong; the time to wait.
    TooMany(Duration),
    /// Too many are waiting.
    Full,
}

/// The queue with its threads, which end when it is dropped.
pub(crate) struct PasswordQueue<V: Verifier>(Arc<SharedQueue<V>>);

struct SharedQueue<V> {
    verifier: V,
    state: Mutex<PasswordQueueState>,
    wake: Condvar,
}

struct PasswordQueueState {
    waiting: FairQueue<Option<IpAddr>, Arc<PasswordJob>>,
    /// The entries that wait or are being verified.
    entries: HashMap<AttemptKey, Entry>,
    next_ticket: u64,
    closed: bool,
}

/// The address and the digest of an attempt.
type AttemptKey = (Option<IpAddr>, Digest);

/// An attempt with the request that it is a part of.
struct PasswordJob {
    attempt: PasswordAttempt,
    request: Option<RequestId>,
    span: Span,
}

/// The requests that wait for a single password to be verified.
struct Entry {
    job: Arc<PasswordJob>,
    tickets: Vec<(u64, oneshot::Sender<AttemptAnswer>)>,
    counted: u32,
}

impl<V: Verifier> PasswordQueue<V> {
    /// Starts `threads` threads; at most `capacity` passwords wait for them.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub(crate) fn start(verifier: V, threads: usize, capacity: usize) -> io::Result<Self> {
        let state = PasswordQueueState {
            waiting: FairQueue::new(capacity),
            entries: HashMap::new(),
            next_ticket: 0,
            closed: false,
        };
        let queue = Self(Arc::new(SharedQueue {
            verifier,
            state: Mutex::new(state),
            wake: Condvar::new(),
        }));
        for number in 0..threads {
            let shared = Arc::clone(&queue.0);
            thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || shared.work())?;
        }
        Ok(queue)
    }

    pub(crate) fn verifier(&self) -> &V {
        &self.0.verifier
    }

    /// Returns the number of passwords that wait for a thread.
    pub(crate) fn waiting(&self) -> usize {
        self.0.lock().waiting.len()
    }

    /// Admits an attempt: to the entry of the same attempt, if that waits already, else to one of its own.
    ///
    /// # Errors
    /// When it is not admitted.
    pub(crate) fn admit(
        &self,
        attempt: PasswordAttempt,
    ) -> Result<WaitingAttempt<V>, QueueRejection> {
        let shared = &self.0;
        let mut state = shared.lock();
        let counted = shared.verifier.count(&attempt);
        let key = (attempt.address, attempt.digest);
        let mut displaced = None;
        if !state.entries.contains_key(&key) {
            counted.map_err(QueueRejection::TooMany)?;
            match state.push(key, attempt) {
                Ok(other) => displaced = other,
                Err(job) => {
                    drop(state);
                    shared.verifier.settle(&job.attempt, 1, None);
                    return Err(QueueRejection::Full);
                }
            }
        }
        let (ticket, answer) = state.join(&key, counted.is_ok());
        drop(state);
        shared.wake.notify_one();
        if let Some(displaced) = displaced {
            shared.answer(displaced, None);
        }
        Ok(WaitingAttempt {
            answer,
            wait: counted.err(),
            _ticket: Ticket {
                shared: Arc::clone(shared),
                key,
                number: ticket,
            },
        })
    }
}

impl PasswordQueueState {
    /// Makes an entry, and returns the one whose place it took.
    ///
    /// # Errors
    /// The job, if there is no place for it.
    fn push(
        &mut self,
        key: AttemptKey,
        attempt: PasswordAttempt,
    ) -> Result<Option<Entry>, Arc<PasswordJob>> {
        let job = Arc::new(PasswordJob {
            attempt,
            request: RequestId::current(),
            span: Span::current(),
        });
        let displaced = match self.waiting.push(job.attempt.address, Arc::clone(&job)) {
            Ok(()) => None,
            Err(Displaced(other)) if Arc::ptr_eq(&other, &job) => return Err(job),
            Err(Displaced(other)) => self.entries.remove(&other.key()),
        };
        let entry = Entry {
            job,
            tickets: Vec::new(),
            counted: 0,
        };
        self.entries.insert(key, entry);
        Ok(displaced)
    }

    /// Adds a request to an entry, and returns its ticket.
    fn join(
        &mut self,
        key: &AttemptKey,
        is_counted: bool,
    ) -> (u64, oneshot::Receiver<AttemptAnswer>) {
        let ticket = self.next_ticket;
        self.next_ticket = ticket.wrapping_add(1);
        let (sender, answer) = oneshot::channel();
        if let Some(entry) = self.entries.get_mut(key) {
            entry.tickets.push((ticket, sender));
            entry.counted = entry.counted.saturating_add(u32::from(is_counted));
        }
        (ticket, answer)
    }
}

impl<V: Verifier> Drop for PasswordQueue<V> {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.wake.notify_all();
    }
}

impl PasswordJob {
    fn key(&self) -> AttemptKey {
        (self.attempt.address, self.attempt.digest)
    }

    /// Does `work` as a part of the request that the attempt came with.
    fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        self.span.in_scope(|| match self.request.clone() {
            Some(request) => request.within(work),
            None => work(),
        })
    }
}

impl<V: Verifier> SharedQueue<V> {
    fn lock(&self) -> MutexGuard<'_, PasswordQueueState> {
        lock(&self.state)
    }

    /// Verifies passwords until the queue is closed.
    fn work(&self) {
        let mut memory = PasswordMemory::default();
        while let Some(job) = self.next() {
            // A panic ends this attempt only. Its requests are answered with a failure.
            let verified = catch_unwind(AssertUnwindSafe(|| {
                job.within(|| self.verifier.verify(&job.attempt, &mut memory))
            }));
            let entry = self.lock().entries.remove(&job.key());
            match (entry, verified) {
                (Some(entry), Ok(verdict)) => self.answer(entry, Some(verdict)),
                (Some(entry), Err(_)) => {
                    self.verifier
                        .settle(&entry.job.attempt, entry.counted, None);
                }
                (None, _) => {}
            }
        }
    }

    fn next(&self) -> Option<Arc<PasswordJob>> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(job) = state.waiting.pop() {
                return Some(job);
            }
            state = wait(&self.wake, state);
        }
    }

    /// Answers every request that waits for an entry: with the verdict, or that it was displaced.
    fn answer(&self, entry: Entry, verdict: Option<Verification>) {
        self.verifier
            .settle(&entry.job.attempt, entry.counted, verdict.as_ref());
        let answer = verdict.map_or(AttemptAnswer::Displaced, AttemptAnswer::Verified);
        for (_, sender) in entry.tickets {
            // Sending fails if the client has just disconnected.
            drop(sender.send(answer.clone()));
        }
    }

    /// Takes a request off its entry, and an entry without requests out of the queue. It stays counted.
    fn leave(&self, key: &AttemptKey, ticket: u64) {
        let mut state = self.lock();
        let Some(entry) = state.entries.get_mut(key) else {
            return;
        };
        entry.tickets.retain(|(number, _)| *number != ticket);
        if entry.tickets.is_empty() {
            let job = Arc::clone(&entry.job);
            // A job that a thread has taken is verified and settled as usual.
            if state
                .waiting
                .remove(&key.0, |other| Arc::ptr_eq(other, &job))
                .is_some()
            {
                state.entries.remove(key);
            }
        }
    }
}

/// A request that waits for its answer; it leaves when this is dropped.
pub(crate) struct WaitingAttempt<V: Verifier> {
    /// The answer; it fails if the verification panicked.
    pub(crate) answer: oneshot::Receiver<AttemptAnswer>,
    /// The time to wait, if the attempt has to be refused unless the password is right.
    pub(crate) wait: Option<Duration>,
    _ticket: Ticket<V>,
}

struct Ticket<V: Verifier> {
    shared: Arc<SharedQueue<V>>,
    key: AttemptKey,
    number: u64,
}

impl<V: Verifier> Drop for Ticket<V> {
    fn drop(&mut self) {
        self.shared.leave(&self.key, self.number);
    }
}

#[cfg(test)]
#[path = "password_queue_tests.rs"]
mod tests;
