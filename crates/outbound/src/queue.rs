//! The queue of waiting and running fetches. A caller has a few slots at most, and the callers of an address have half of all
//! slots at most, so that addresses that never answer do not delay the fetches of other callers.
//!
//! A slot stays occupied until the answer may be sent, even if it is known earlier or the caller is gone. Otherwise a caller could
//! measure how long an address took by trying when a slot is free.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use crate::fetch_error::FetchErrorReason;
use crate::settings::FetchLimits;
use protocol::sync::{lock, wait};

/// The party for which a document is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The authenticated name, or else the address.
    pub name: String,
    /// The address of its requests.
    pub address: Option<IpAddr>,
}

impl Caller {
    fn shares_address_with(&self, other: &Self) -> bool {
        self.address.is_some() && self.address == other.address
    }
}

/// A bounded queue of jobs, which is fair between callers.
#[derive(Debug)]
pub(crate) struct FetchQueue<J> {
    state: Mutex<FetchQueueState<J>>,
    pushed: Condvar,
    shares: QueueShares,
}

/// The shares of callers in a queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueShares {
    pub(crate) threads: usize,
    /// The maximum number of running and waiting jobs.
    pub(crate) slots: usize,
    /// The maximum number of running and waiting jobs of a caller.
    pub(crate) per_caller: usize,
    /// The maximum number of running jobs of a caller.
    pub(crate) running_per_caller: usize,
    /// True if the newest of equal jobs is next: when all threads wait for slow servers, the jobs that waited longest are the
    /// ones that can no longer end in time.
    pub(crate) is_newest_first: bool,
}

impl From<&FetchLimits> for QueueShares {
    fn from(limits: &FetchLimits) -> Self {
        Self {
            threads: limits.concurrency,
            slots: limits.concurrency.saturating_add(limits.waiting),
            per_caller: limits.per_caller,
            running_per_caller: limits.per_caller,
            is_newest_first: false,
        }
    }
}

#[derive(Debug)]
struct FetchQueueState<J> {
    waiting: VecDeque<(u64, J)>,
    slots: Vec<FetchSlot>,
    last: u64,
    closed: bool,
}

#[derive(Debug)]
struct FetchSlot {
    id: u64,
    caller: Caller,
    running: bool,
    /// The time at which the answer is sent, once it is known.
    until: Option<Instant>,
}

impl<J> FetchQueue<J> {
    pub(crate) fn new(shares: impl Into<QueueShares>) -> Self {
        Self {
            state: Mutex::new(FetchQueueState {
                waiting: VecDeque::new(),
                slots: Vec::new(),
                last: 0,
                closed: false,
            }),
            pushed: Condvar::new(),
            shares: shares.into(),
        }
    }

    /// Adds a job, and returns the number of its slot.
    pub(crate) fn push(&self, caller: Caller, job: J) -> Result<u64, FetchErrorReason> {
        let now = Instant::now();
        let mut state = self.state();
        state
            .slots
            .retain(|slot| slot.until.is_none_or(|until| until > now));
        let own = state
            .slots
            .iter()
            .filter(|slot| slot.caller.name == caller.name)
            .count();
        let same_address = state
            .slots
            .iter()
            .filter(|slot| slot.caller.shares_address_with(&caller))
            .count();
        if own >= self.shares.per_caller || same_address >= self.shares.slots.div_ceil(2) {
            return Err(FetchErrorReason::Share);
        }
        if state.closed || state.slots.len() >= self.shares.slots {
            return Err(FetchErrorReason::Busy);
        }
        state.last += 1;
        let id = state.last;
        state.slots.push(FetchSlot {
            id,
            caller,
            running: false,
            until: None,
        });
        state.waiting.push_back((id, job));
        drop(state);
        self.pushed.notify_one();
        Ok(id)
    }

    /// Waits for a job and takes it, with the number of its slot. Returns `None` once the queue is closed.
    pub(crate) fn take(&self) -> Option<(u64, J)> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(at) = state.next(&self.shares) {
                let (id, job) = state.waiting.remove(at)?;
                state.update_slot(id, |slot| slot.running = true);
                return Some((id, job));
            }
            state = wait(&self.pushed, state);
        }
    }

    /// Marks a job as done. Its slot is free at once, or at `until`, when the answer is sent.
    pub(crate) fn finish(&self, id: u64, until: Option<Instant>) {
        let mut state = self.state();
        state.update_slot(id, |slot| (slot.running, slot.until) = (false, until));
        if until.is_none() {
            state.slots.retain(|slot| slot.id != id);
        }
    }

    /// Removes a waiting job. Returns false if a thread took it already.
    pub(crate) fn withdraw(&self, id: u64) -> bool {
        let mut state = self.state();
        let waited = state.waiting.len();
        state.waiting.retain(|(waiting, _)| *waiting != id);
        let withdrawn = state.waiting.len() < waited;
        if withdrawn {
            state.slots.retain(|slot| slot.id != id);
        }
        withdrawn
    }

    /// Closes the queue: waiting jobs are dropped, and `take` returns `None`.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.waiting.clear();
        drop(state);
        self.pushed.notify_all();
    }

    /// The number of running jobs.
    pub(crate) fn running(&self) -> usize {
        self.state()
            .slots
            .iter()
            .filter(|slot| slot.running)
            .count()
    }

    fn state(&self) -> MutexGuard<'_, FetchQueueState<J>> {
        lock(&self.state)
    }
}

impl<J> FetchQueueState<J> {
    /// Returns the index of the next job: one whose address and caller have the fewest running jobs, among the addresses that
    /// have less than half of the threads, and the callers that have less than their share.
    fn next(&self, shares: &QueueShares) -> Option<usize> {
        let running = |caller: &Caller| {
            let slots = || self.slots.iter().filter(|slot| slot.running);
            let same_address = slots()
                .filter(|slot| slot.caller.shares_address_with(caller))
                .count();
            (
                same_address,
                slots()
                    .filter(|slot| slot.caller.name == caller.name)
                    .count(),
            )
        };
        let waiting = self.waiting.iter().enumerate();
        let callers = waiting.filter_map(|(at, (id, _))| {
            Some((at, &self.slots.iter().find(|slot| slot.id == *id)?.caller))
        });
        let may_run =
            callers
                .map(|(at, caller)| (at, running(caller)))
                .filter(|(_, (same_address, own))| {
                    *same_address < shares.threads.div_ceil(2) && *own < shares.running_per_caller
                });
        let count = self.waiting.len();
        may_run
            .min_by_key(|(at, running)| {
                let age = if shares.is_newest_first {
                    count.saturating_sub(*at)
                } else {
                    *at
                };
                (*running, age)
            })
            .map(|(at, _)| at)
    }

    fn update_slot(&mut self, id: u64, change: impl FnOnce(&mut FetchSlot)) {
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == id) {
            change(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn queue(concurrency: usize, waiting: usize) -> FetchQueue<&'static str> {
        FetchQueue::new(&FetchLimits {
            concurrency,
            waiting,
            per_caller: 2,
            ..FetchLimits::default()
        })
    }

    fn caller(name: &str, last: u8) -> Caller {
        Caller {
            name: name.to_owned(),
            address: Some(IpAddr::from([192, 0, 2, last])),
        }
    }

    /// A caller has a bounded share of the queue.
    #[test]
    fn caller_has_a_bounded_share() {
        let queue = queue(8, 32);
        assert!(queue.push(caller("a", 1), "1").is_ok() && queue.push(caller("a", 2), "2").is_ok());
        assert_eq!(
            queue.push(caller("a", 3), "3"),
            Err(FetchErrorReason::Share)
        );
        let (first, _) = queue.take().unwrap();
        assert_eq!(
            queue.push(caller("a", 1), "3"),
            Err(FetchErrorReason::Share),
            "what is under way counts too"
        );
        assert!(queue.push(caller("b", 1), "4").is_ok());
        queue.finish(first, None);
        assert!(queue.push(caller("a", 1), "3").is_ok());
    }

    /// The moment at which a slot is free tells no more than the answer.
    #[test]
    fn permit_is_held_until_the_answer() {
        let queue = queue(8, 32);
        for job in ["1", "2"] {
            queue.push(caller("a", 1), job).unwrap();
            let (id, _) = queue.take().unwrap();
            queue.finish(id, Some(Instant::now() + Duration::from_mins(1)));
        }
        assert_eq!(
            (queue.running(), queue.push(caller("a", 1), "3")),
            (0, Err(FetchErrorReason::Share))
        );
        queue
            .state()
            .slots
            .iter_mut()
            .for_each(|slot| slot.until = Some(Instant::now()));
        assert!(queue.push(caller("a", 1), "3").is_ok());
    }

    #[test]
    fn callers_of_one_address_leave_half_to_others() {
        let queue = queue(4, 8);
        for number in 0..6 {
            queue
                .push(caller(&number.to_string(), 1), "one address")
                .unwrap();
        }
        assert_eq!(
            queue.push(caller("another", 1), "one address"),
            Err(FetchErrorReason::Share)
        );
        assert_eq!(
            [queue.take().unwrap().1, queue.take().unwrap().1],
            ["one address"; 2]
        );
        queue.push(caller("x", 2), "other").unwrap();
        assert_eq!(
            queue.take().unwrap().1,
            "other",
            "it does not wait behind them"
        );
        assert!(
            queue.state().next(&queue.shares).is_none(),
            "half of the threads are theirs"
        );
    }

    /// The jobs of a caller beyond its share wait while a thread is free.
    #[test]
    fn running_jobs_of_a_caller_are_bounded() {
        let queue = FetchQueue::new(QueueShares {
            threads: 8,
            slots: 16,
            per_caller: 8,
            running_per_caller: 2,
            is_newest_first: true,
        });
        for job in ["1", "2", "3"] {
            queue.push(caller("a", 1), job).unwrap();
        }
        let (newest, _) = queue.take().unwrap();
        assert_eq!(queue.take().unwrap().1, "2", "the newest comes first");
        assert!(queue.state().next(&queue.shares).is_none());
        queue.push(caller("b", 2), "other").unwrap();
        assert_eq!(queue.take().unwrap().1, "other");
        queue.finish(newest, None);
        assert_eq!(queue.take().unwrap().1, "1");
    }

    #[test]
    fn full_queue_refuses_and_withdrawn_jobs_make_room() {
        let queue = queue(1, 1);
        let first = queue.push(caller("a", 1), "1").unwrap();
        queue.push(caller("b", 2), "2").unwrap();
        assert_eq!(queue.push(caller("c", 3), "3"), Err(FetchErrorReason::Busy));
        assert!(queue.withdraw(first) && !queue.withdraw(first));
        assert!(queue.push(caller("c", 3), "3").is_ok());
        let (taken, job) = queue.take().unwrap();
        assert_eq!(
            (job, queue.withdraw(taken), queue.running()),
            ("2", false, 1)
        );
        queue.close();
        assert_eq!(
            (queue.take(), queue.push(caller("d", 4), "4")),
            (None, Err(FetchErrorReason::Busy))
        );
    }
}
