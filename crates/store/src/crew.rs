//! The threads that write, those that read, and the watch over them.
//!
//! A database whose machine hangs keeps its connections standing and says nothing. No time-out of the driver ends that,
//! so a thread that hears nothing for too long is given up with its connection, and another takes its place.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::desk::{Desk, Queue, lock};
use crate::error::StoreError;

/// How many jobs may wait.
pub const QUEUE: usize = 4096;

/// How long a batch may take: more than a statement waits for a lock, less than a request waits for its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often somebody looks.
const LOOK: Duration = Duration::from_millis(500);

/// How many threads may hang at a time; with more the database would soon have no connection left for others.
const HANGING: usize = 8;

/// How long the end of the store waits for what is queued.
const LAST: Duration = Duration::from_secs(4);

/// What the threads of a crew do.
pub trait Trade: Send + Sync + Sized + 'static {
    /// What is wanted of them.
    type Wanted: Send;
    /// What they answer.
    type Answer: Send;

    /// What they are called.
    const THREAD: &'static str;

    /// How many jobs may wait for each thread that is at work before another is woken.
    const ENOUGH: usize;

    /// Whether a thread lets whoever brings jobs go on before it takes them, where both share a processor: a batch that costs much
    /// however little is in it is worth that.
    const LETS_OTHERS_GO_FIRST: bool;

    /// Empties the queue until it is closed, or until somebody else does it in this thread's place.
    fn work(&self, queue: &Queue<Self::Wanted, Self::Answer>, desk: &Desk<Self::Answer>);
}

/// Threads of one trade, and their queue.
pub struct Crew<T: Trade> {
    /// What they do.
    pub trade: T,
    /// What they take from.
    pub queue: Queue<T::Wanted, T::Answer>,
    size: usize,
    threads: Mutex<Threads<T::Answer>>,
}

struct Threads<A> {
    working: Vec<(Arc<Desk<A>>, JoinHandle<()>)>,
    hanging: Vec<JoinHandle<()>>,
}

impl<T: Trade> Crew<T> {
    /// Starts so many threads, and the watch, which lasts as long as what is returned beside them.
    pub fn start(trade: T, size: usize) -> Result<(Arc<Self>, Sender<()>), StoreError> {
        let no_thread =
            |error| StoreError::Unavailable(format!("no thread for {}: {error}", T::THREAD));
        let threads = Mutex::new(Threads {
            working: Vec::new(),
            hanging: Vec::new(),
        });
        let crew = Arc::new(Self {
            trade,
            queue: Queue::new(QUEUE, size, T::ENOUGH, T::LETS_OTHERS_GO_FIRST),
            size,
            threads,
        });
        crew.fill(&mut lock(&crew.threads)).map_err(no_thread)?;
        let (last, ended) = channel();
        let watched = Arc::clone(&crew);
        let watch = thread::Builder::new()
            .name("store-watch".to_owned())
            .spawn(move || {
                while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    watched.look();
                }
            });
        watch.map_err(no_thread)?;
        Ok((crew, last))
    }

    /// Closes the queue, and waits a while for the threads to empty it and end. A hanging one is not waited for.
    pub fn finish(&self) {
        self.queue.close();
        let begun = Instant::now();
        while lock(&self.threads)
            .working
            .iter()
            .any(|(_, thread)| !thread.is_finished())
            && begun.elapsed() < LAST
        {
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Gives up who takes too long, and lets others take their place.
    fn look(self: &Arc<Self>) {
        let mut threads = lock(&self.threads);
        for (desk, thread) in std::mem::take(&mut threads.working) {
            if let Some(answers) = desk.overdue(PATIENCE) {
                answers.refuse(&StoreError::Unavailable(
                    "the database does not answer".to_owned(),
                ));
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

    fn fill(self: &Arc<Self>, threads: &mut Threads<T::Answer>) -> std::io::Result<()> {
        while threads.working.len() < self.size && threads.hanging.len() < HANGING {
            let (crew, desk) = (Arc::clone(self), Arc::new(Desk::default()));
            let own = Arc::clone(&desk);
            let work = move || crew.trade.work(&crew.queue, &own);
            threads.working.push((
                desk,
                thread::Builder::new()
                    .name(T::THREAD.to_owned())
                    .spawn(work)?,
            ));
        }
        Ok(())
    }
}
