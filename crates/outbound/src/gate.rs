//! How many fetches run at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::refused::{Reason, Refused};

/// A door for a bounded number of fetches, with a bounded number waiting before it.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    left: Condvar,
    inside: usize,
    waiting: usize,
}

#[derive(Debug, Default)]
struct State {
    inside: usize,
    waiting: usize,
}

impl Gate {
    pub(crate) fn new(inside: usize, waiting: usize) -> Self {
        Self { state: Mutex::default(), left: Condvar::new(), inside, waiting }
    }

    /// Waits for a place, at most until `deadline`; the place is free again when the turn is dropped.
    pub(crate) fn enter(&self, deadline: Instant) -> Result<Turn<'_>, Refused> {
        let mut state = self.state();
        if state.inside >= self.inside {
            if state.waiting >= self.waiting {
                return Err(Reason::Busy.into());
            }
            state.waiting += 1;
            let patience = deadline.saturating_duration_since(Instant::now());
            let full = |state: &mut State| state.inside >= self.inside;
            (state, _) = self.left.wait_timeout_while(state, patience, full).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
            if state.inside >= self.inside {
                return Err(Reason::Busy.into());
            }
        }
        state.inside += 1;
        Ok(Turn(self))
    }

    /// How many are inside.
    pub(crate) fn inside(&self) -> usize {
        self.state().inside
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place inside.
#[derive(Debug)]
pub(crate) struct Turn<'gate>(&'gate Gate);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().inside -= 1;
        self.0.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_full_gate_refuses_in_time_and_opens_again() {
        let gate = Gate::new(1, 1);
        let turn = gate.enter(Instant::now()).unwrap();
        let asked = Instant::now();
        assert_eq!(gate.enter(asked + Duration::from_millis(20)).unwrap_err(), Reason::Busy.into());
        assert!(asked.elapsed() >= Duration::from_millis(20));
        drop(turn);
        assert!(gate.enter(Instant::now()).is_ok());
    }

    #[test]
    fn a_waiting_fetch_gets_the_place_that_is_left_and_the_queue_is_bounded() {
        let gate = Gate::new(1, 1);
        let far = Instant::now() + Duration::from_mins(1);
        let turn = gate.enter(far).unwrap();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| gate.enter(far).is_ok());
            while gate.state().waiting == 0 {
                std::thread::yield_now();
            }
            assert_eq!(gate.enter(far).unwrap_err(), Reason::Busy.into());
            drop(turn);
            assert!(waiter.join().unwrap());
        });
    }
}
