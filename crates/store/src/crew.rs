//! The threads that write, and the watch over them.
//!
//! A database whose machine hangs keeps its connections standing and says nothing. No time-out of the driver ends that,
//! so a thread that hears nothing for too long is given up with its connection, and another takes its place.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::activity::Writes;
use crate::error::StoreError;
use crate::url::DatabaseUrl;
use crate::writer::{Answers, Job, work};

/// How long a batch may take: more than a statement waits for a lock, less than a request waits for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often somebody looks.
const LOOK: Duration = Duration::from_millis(500);

/// How many threads may hang at a time; with more the database would soon have no connection left for others.
const HANGING: usize = 8;

/// How long the end of the store waits for what is queued.
const LAST: Duration = Duration::from_secs(4);

/// The writing threads of a store.
pub struct Crew {
    /// Where they connect to.
    pub url: DatabaseUrl,
    /// What they take from.
    pub queue: Mutex<Receiver<Job>>,
    /// What they count.
    pub writes: Writes,
    size: usize,
    threads: Mutex<Threads>,
}

#[derive(Default)]
struct Threads {
    working: Vec<(Arc<Desk>, JoinHandle<()>)>,
    hanging: Vec<JoinHandle<()>>,
}

/// What a thread is at: the answers it owes, and since when. Whoever takes them answers.
#[derive(Default)]
pub struct Desk(Mutex<Option<(Instant, Answers)>>);

impl Desk {
    /// Begins a batch.
    pub fn begin(&self, answers: Answers) {
        *lock(&self.0) = Some((Instant::now(), answers));
    }

    /// Whether nobody gave the batch up yet.
    pub fn wanted(&self) -> bool {
        lock(&self.0).is_some()
    }

    /// Ends the batch: the answers that are owed, unless somebody else has taken them.
    pub fn end(&self) -> Option<Answers> {
        lock(&self.0).take().map(|(_, answers)| answers)
    }

    /// The answers of a batch that takes too long.
    fn overdue(&self) -> Option<Answers> {
        lock(&self.0).take_if(|(since, _)| since.elapsed() > PATIENCE).map(|(_, answers)| answers)
    }
}

impl Crew {
    /// Starts so many threads, and the watch, which lasts as long as what is returned beside them.
    pub fn start(url: &DatabaseUrl, queue: Receiver<Job>, size: usize) -> std::io::Result<(Arc<Self>, Sender<()>)> {
        let crew =
            Arc::new(Self { url: url.clone(), queue: Mutex::new(queue), writes: Writes::default(), size, threads: Mutex::default() });
        crew.fill(&mut lock(&crew.threads))?;
        let (last, ended) = channel();
        let watched = Arc::clone(&crew);
        thread::Builder::new().name("store-watch".to_owned()).spawn(move || {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                watched.look();
            }
        })?;
        Ok((crew, last))
    }

    /// Waits a while for the threads to end, which they do when nobody can queue any more. A hanging one is not waited for.
    pub fn finish(&self) {
        let begun = Instant::now();
        while lock(&self.threads).working.iter().any(|(_, thread)| !thread.is_finished()) && begun.elapsed() < LAST {
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Gives up who takes too long, and lets others take their place.
    fn look(self: &Arc<Self>) {
        let mut threads = lock(&self.threads);
        for (desk, thread) in std::mem::take(&mut threads.working) {
            if let Some(answers) = desk.overdue() {
                answers.refuse(&StoreError::Unavailable("the database does not answer".to_owned()));
                threads.hanging.push(thread);
            } else if thread.is_finished() {
                // It came to grief: what it owed is dropped, and whoever waits for it hears that.
                drop(desk.end());
            } else {
                threads.working.push((desk, thread));
            }
        }
        threads.hanging.retain(|thread| !thread.is_finished());
        // Without a thread to be had the rest goes on, and the next look tries again.
        drop(self.fill(&mut threads));
    }

    fn fill(self: &Arc<Self>, threads: &mut Threads) -> std::io::Result<()> {
        while threads.working.len() < self.size && threads.hanging.len() < HANGING {
            let (crew, desk) = (Arc::clone(self), Arc::new(Desk::default()));
            let own = Arc::clone(&desk);
            let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || work(&crew, &own))?;
            threads.working.push((desk, thread));
        }
        Ok(())
    }
}

/// A lock that a panic elsewhere does not take away.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
