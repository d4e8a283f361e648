//! The fetches that wait, and those under way. One caller has at most a few of them at a time, and the callers of one address at most
//! half: whoever names addresses that never answer takes no turn from others.
//!
//! A place is kept until the answer may be told, not until it is known: a caller that asks whether it has a place free would else
//! learn how long an address took. It is kept as long when the caller went away meanwhile.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::refused::Reason;
use crate::settings::Limits;

/// The party on whose behalf a document is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name that it proved, or its address.
    pub name: String,
    /// The address of its requests.
    pub address: Option<IpAddr>,
}

impl Caller {
    fn is_beside(&self, other: &Self) -> bool {
        self.address.is_some() && self.address == other.address
    }
}

/// A bounded queue of jobs, which are taken in turn between callers.
#[derive(Debug)]
pub(crate) struct Queue<J> {
    state: Mutex<State<J>>,
    pushed: Condvar,
    threads: usize,
    places: usize,
    per_caller: usize,
}

#[derive(Debug)]
struct State<J> {
    waiting: VecDeque<(u64, J)>,
    places: Vec<Place>,
    last: u64,
    closed: bool,
}

/// The place of one fetch.
#[derive(Debug)]
struct Place {
    id: u64,
    caller: Caller,
    running: bool,
    /// The time at which its answer is told, once it is known.
    until: Option<Instant>,
}

impl<J> Queue<J> {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                places: Vec::new(),
                last: 0,
                closed: false,
            }),
            pushed: Condvar::new(),
            threads: limits.concurrency,
            places: limits.concurrency.saturating_add(limits.waiting),
            per_caller: limits.per_caller,
        }
    }

    /// Lets a job wait, and names its place.
    pub(crate) fn push(&self, caller: Caller, job: J) -> Result<u64, Reason> {
        let now = Instant::now();
        let mut state = self.state();
        state
            .places
            .retain(|place| place.until.is_none_or(|until| until > now));
        let own = state
            .places
            .iter()
            .filter(|place| place.caller.name == caller.name)
            .count();
        let beside = state
            .places
            .iter()
            .filter(|place| place.caller.is_beside(&caller))
            .count();
        if own >= self.per_caller || beside >= self.places.div_ceil(2) {
            return Err(Reason::Share);
        }
        if state.closed || state.places.len() >= self.places {
            return Err(Reason::Busy);
        }
        state.last += 1;
        let id = state.last;
        state.places.push(Place {
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

    /// Waits for a job and takes it, with its place; none once the queue is closed.
    pub(crate) fn take(&self) -> Option<(u64, J)> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(at) = state.next(self.threads.div_ceil(2)) {
                let (id, job) = state.waiting.remove(at)?;
                state.place(id, |place| place.running = true);
                return Some((id, job));
            }
            state = self
                .pushed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends a job that was taken. Its place is free at once, or at the time at which its answer is told.
    pub(crate) fn finish(&self, id: u64, until: Option<Instant>) {
        let mut state = self.state();
        state.place(id, |place| (place.running, place.until) = (false, until));
        if until.is_none() {
            state.places.retain(|place| place.id != id);
        }
    }

    /// Takes a job back; false once it has been taken.
    pub(crate) fn withdraw(&self, id: u64) -> bool {
        let mut state = self.state();
        let waited = state.waiting.len();
        state.waiting.retain(|(waiting, _)| *waiting != id);
        let withdrawn = state.waiting.len() < waited;
        if withdrawn {
            state.places.retain(|place| place.id != id);
        }
        withdrawn
    }

    /// Ends the queue: whoever takes from it gets nothing any more.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.waiting.clear();
        drop(state);
        self.pushed.notify_all();
    }

    /// Returns the number of jobs under way.
    pub(crate) fn running(&self) -> usize {
        self.state()
            .places
            .iter()
            .filter(|place| place.running)
            .count()
    }

    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> State<J> {
    /// Returns the first of the jobs whose address and caller have the fewest under way, of an address that has fewer than `most`.
    fn next(&self, most: usize) -> Option<usize> {
        let running = |caller: &Caller| {
            let places = || self.places.iter().filter(|place| place.running);
            let beside = places()
                .filter(|place| place.caller.is_beside(caller))
                .count();
            (
                beside,
                places()
                    .filter(|place| place.caller.name == caller.name)
                    .count(),
            )
        };
        let waiting = self.waiting.iter().enumerate();
        let callers = waiting.filter_map(|(at, (id, _))| {
            Some((
                at,
                &self.places.iter().find(|place| place.id == *id)?.caller,
            ))
        });
        let may_run = callers
            .map(|(at, caller)| (at, running(caller)))
            .filter(|(_, (beside, _))| *beside < most);
        may_run
            .min_by_key(|(_, running)| *running)
            .map(|(at, _)| at)
    }

    fn place(&mut self, id: u64, change: impl FnOnce(&mut Place)) {
        if let Some(place) = self.places.iter_mut().find(|place| place.id == id) {
            change(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn queue(concurrency: usize, waiting: usize) -> Queue<&'static str> {
        Queue::new(&Limits {
            concurrency,
            waiting,
            per_caller: 2,
            ..Limits::default()
        })
    }

    fn caller(name: &str, last: u8) -> Caller {
        Caller {
            name: name.to_owned(),
            address: Some(IpAddr::from([192, 0, 2, last])),
        }
    }

    #[test]
    fn caller_has_a_bounded_share_of_the_places() {
        let queue = queue(8, 32);
        assert!(queue.push(caller("a", 1), "1").is_ok() && queue.push(caller("a", 2), "2").is_ok());
        assert_eq!(queue.push(caller("a", 3), "3"), Err(Reason::Share));
        let (first, _) = queue.take().unwrap();
        assert_eq!(
            queue.push(caller("a", 1), "3"),
            Err(Reason::Share),
            "what is under way counts too"
        );
        assert!(queue.push(caller("b", 1), "4").is_ok());
        queue.finish(first, None);
        assert!(queue.push(caller("a", 1), "3").is_ok());
    }

    /// The moment at which a place is free tells no more than the answer.
    #[test]
    fn place_is_kept_until_the_answer_is_told() {
        let queue = queue(8, 32);
        for job in ["1", "2"] {
            queue.push(caller("a", 1), job).unwrap();
            let (id, _) = queue.take().unwrap();
            queue.finish(id, Some(Instant::now() + Duration::from_mins(1)));
        }
        assert_eq!(
            (queue.running(), queue.push(caller("a", 1), "3")),
            (0, Err(Reason::Share))
        );
        queue
            .state()
            .places
            .iter_mut()
            .for_each(|place| place.until = Some(Instant::now()));
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
            Err(Reason::Share)
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
            queue.state().next(2).is_none(),
            "half of the threads are theirs"
        );
    }

    #[test]
    fn full_queue_refuses_and_withdrawn_jobs_make_room() {
        let queue = queue(1, 1);
        let first = queue.push(caller("a", 1), "1").unwrap();
        queue.push(caller("b", 2), "2").unwrap();
        assert_eq!(queue.push(caller("c", 3), "3"), Err(Reason::Busy));
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
            (None, Err(Reason::Busy))
        );
    }
}
