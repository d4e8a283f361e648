//! The circuit breaker of a target: after failures in a row, calls are refused without being made, and one call after each pause
//! tries again.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use protocol::lock;

/// The number of failures in a row that opens the breaker.
const FAILURES: u32 = 5;

/// The first pause.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The breaker of a target.
#[derive(Debug)]
pub(crate) struct Breaker(Mutex<BreakerState>);

#[derive(Debug, Clone, Copy)]
enum BreakerState {
    /// Calls are made.
    Closed { failures: u32 },
    /// Calls are refused until the pause ends; then one call tries.
    Open {
        until: Instant,
        pause: Duration,
        is_trying: bool,
    },
}

/// The outcome of a call for the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallOutcome {
    /// The server answered, perhaps with a refusal.
    Answered,
    /// The server did not answer, or answered that it cannot work now.
    Failed,
    /// The credentials or the address are wrong, for every client.
    Misconfigured,
}

/// The effect of an outcome on the target's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transition {
    Unchanged,
    Opened,
    Closed,
}

/// The permission to make a call. Without an outcome, for example when the request was dropped, the next call may try.
#[derive(Debug)]
pub(crate) struct CallPermission<'a> {
    breaker: &'a Breaker,
    is_trial: bool,
}

impl Breaker {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(BreakerState::Closed { failures: 0 }))
    }

    /// Permits a call.
    ///
    /// # Errors
    /// The rest of the pause, while the breaker is open.
    pub(crate) fn permit(&self, now: Instant) -> Result<CallPermission<'_>, Duration> {
        let is_trial = match &mut *lock(&self.0) {
            BreakerState::Closed { .. } => false,
            BreakerState::Open {
                until, is_trying, ..
            } => {
                let rest = until.saturating_duration_since(now);
                if *is_trying || !rest.is_zero() {
                    return Err(rest);
                }
                *is_trying = true;
                true
            }
        };
        Ok(CallPermission {
            breaker: self,
            is_trial,
        })
    }

    /// Returns the rest of the pause, or `None` while calls are made. It is zero while a call tries.
    pub(crate) fn pause(&self, now: Instant) -> Option<Duration> {
        match &*lock(&self.0) {
            BreakerState::Closed { .. } => None,
            BreakerState::Open { until, .. } => Some(until.saturating_duration_since(now)),
        }
    }

    fn record(&self, outcome: CallOutcome, is_trial: bool, now: Instant) -> Transition {
        let mut state = lock(&self.0);
        let open = |pause: Duration| BreakerState::Open {
            until: now + pause,
            pause,
            is_trying: false,
        };
        let (next, transition) = match (*state, outcome) {
            (BreakerState::Closed { .. }, CallOutcome::Answered) => {
                (BreakerState::Closed { failures: 0 }, Transition::Unchanged)
            }
            (BreakerState::Open { .. }, CallOutcome::Answered) => {
                (BreakerState::Closed { failures: 0 }, Transition::Closed)
            }
            (BreakerState::Closed { failures }, CallOutcome::Failed) if failures + 1 < FAILURES => {
                (
                    BreakerState::Closed {
                        failures: failures + 1,
                    },
                    Transition::Unchanged,
                )
            }
            (BreakerState::Closed { .. }, _) => (open(FIRST_PAUSE), Transition::Opened),
            (BreakerState::Open { pause, .. }, _) if is_trial => {
                (open((pause * 2).min(LONGEST_PAUSE)), Transition::Unchanged)
            }
            // A call that began before the breaker opened.
            (held @ BreakerState::Open { .. }, _) => (held, Transition::Unchanged),
        };
        *state = next;
        transition
    }
}

impl CallPermission<'_> {
    /// Records the outcome of the call.
    pub(crate) fn record(mut self, outcome: CallOutcome, now: Instant) -> Transition {
        let is_trial = std::mem::take(&mut self.is_trial);
        self.breaker.record(outcome, is_trial, now)
    }
}

impl Drop for CallPermission<'_> {
    fn drop(&mut self) {
        if self.is_trial
            && let BreakerState::Open { is_trying, .. } = &mut *lock(&self.breaker.0)
        {
            *is_trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, outcome: CallOutcome, now: Instant) -> Transition {
        breaker.permit(now).unwrap().record(outcome, now)
    }

    /// Five failures in a row open it, and an answer between them starts the count again.
    #[test]
    fn five_failures_in_a_row_open_it() {
        let (breaker, now) = (Breaker::new(), Instant::now());
        for _ in 0..4 {
            assert_eq!(
                fail(&breaker, CallOutcome::Failed, now),
                Transition::Unchanged
            );
        }
        fail(&breaker, CallOutcome::Answered, now);
        for _ in 0..4 {
            fail(&breaker, CallOutcome::Failed, now);
        }
        assert_eq!(breaker.pause(now), None);
        assert_eq!(fail(&breaker, CallOutcome::Failed, now), Transition::Opened);
        assert_eq!(breaker.permit(now).unwrap_err(), FIRST_PAUSE);
    }

    /// After the pause a single call tries; its failure doubles the pause up to the longest, its answer closes the breaker.
    #[test]
    fn one_call_tries_after_each_pause() {
        let (breaker, mut now) = (Breaker::new(), Instant::now());
        assert_eq!(
            fail(&breaker, CallOutcome::Misconfigured, now),
            Transition::Opened
        );
        for seconds in [2, 4, 8, 16, 30, 30] {
            assert_eq!(breaker.pause(now), Some(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            let trial = breaker.permit(now).unwrap();
            assert!(breaker.permit(now).is_err());
            trial.record(CallOutcome::Failed, now);
        }
        now += LONGEST_PAUSE;
        assert_eq!(
            fail(&breaker, CallOutcome::Answered, now),
            Transition::Closed
        );
        assert_eq!(breaker.pause(now), None);
    }

    /// A call that was dropped leaves the trial to the next; one that began before the breaker opened changes no pause.
    #[test]
    fn dropped_trial_is_left_to_the_next() {
        let (breaker, now) = (Breaker::new(), Instant::now());
        let late = breaker.permit(now).unwrap();
        fail(&breaker, CallOutcome::Misconfigured, now);
        assert_eq!(late.record(CallOutcome::Failed, now), Transition::Unchanged);
        assert_eq!(breaker.pause(now), Some(FIRST_PAUSE));
        let then = now + FIRST_PAUSE;
        drop(breaker.permit(then).unwrap());
        assert!(breaker.permit(then).is_ok());
    }
}
