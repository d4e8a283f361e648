//! A call to the authorization server from async code: at most a fixed number at a time, through the breaker, counted and logged.
//!
//! A connector blocks, so it runs on a thread for blocking work. The thread holds its place among the calls until it ends, also when
//! the request that waits for it was dropped.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use oauth_http::blocking;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;

use crate::breaker::{CallOutcome, CallPermission, Transition};
use crate::connector::{Connector, ConnectorError};
use crate::counts::ProvisionOutcome;
use crate::provision_error::ProvisionError;
use crate::provisioner::Provisioner;

/// The wait before a call is repeated that failed early.
const REPEAT_AFTER: Duration = Duration::from_millis(200);

/// The time after its deadline at which a call of a connector that did not end is given up.
const OVERDUE: Duration = Duration::from_millis(500);

/// The interval at which a long call is given up when the provisioner was stopped.
const STOP_INTERVAL: Duration = Duration::from_millis(200);

/// The least time that a call must have left when its turn comes. A shorter call would only leave a doubt behind.
const LEAST_CALL_TIME: Duration = Duration::from_millis(100);

/// The least time that a client is asked to wait.
const LEAST_RETRY_AFTER: Duration = Duration::from_secs(1);

/// The right to make a call.
pub(crate) struct CallSlot<'a> {
    place: OwnedSemaphorePermit,
    permission: CallPermission<'a>,
}

/// The result of a call.
pub(crate) struct CallResult<T> {
    pub(crate) result: Result<T, ConnectorError>,
    /// True if an earlier try of the call has an unknown outcome.
    pub(crate) is_uncertain: bool,
}

impl Provisioner {
    /// Waits for the right to make a call.
    ///
    /// # Errors
    /// The breaker is open, or too many calls are in progress until the deadline.
    pub(crate) async fn slot(&self, deadline: Instant) -> Result<CallSlot<'_>, ProvisionError> {
        if let Some(pause) = self
            .breaker
            .pause(Instant::now())
            .filter(|rest| !rest.is_zero())
        {
            return Err(self.refuse(pause));
        }
        let left = || deadline.saturating_duration_since(Instant::now());
        let place = timeout(left(), Arc::clone(&self.calls).acquire_owned()).await;
        let place = match place {
            Ok(Ok(place)) if left() >= LEAST_CALL_TIME => place,
            _ => {
                return Err(unavailable(
                    "too many calls to the authorization server are in progress".to_owned(),
                    None,
                ));
            }
        };
        match self.breaker.permit(Instant::now()) {
            Ok(permission) => Ok(CallSlot { place, permission }),
            Err(pause) => Err(self.refuse(pause)),
        }
    }

    pub(crate) fn refuse(&self, pause: Duration) -> ProvisionError {
        self.counts.count(ProvisionOutcome::BreakerOpen);
        unavailable(
            "the authorization server did not answer the last calls".to_owned(),
            Some(pause),
        )
    }

    /// Makes a call. If it may be repeated and fails early, it is repeated once.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        slot: CallSlot<'_>,
        deadline: Instant,
        may_repeat: bool,
        work: impl Fn(&dyn Connector, Instant) -> Result<T, ConnectorError> + Send + 'static,
    ) -> CallResult<T> {
        let CallSlot { place, permission } = slot;
        let (connector, begun) = (Arc::clone(&self.connector), Instant::now());
        let repeat_until =
            may_repeat.then(|| begun + deadline.saturating_duration_since(begun) / 2);
        let made = blocking(move || {
            let _place = place;
            call_twice(deadline, repeat_until, || work(&*connector, deadline))
        });
        let limit = deadline.saturating_duration_since(begun) + OVERDUE;
        let called = match timeout(limit, made).await {
            Ok(Ok(called)) => called,
            Ok(Err(_)) => lost("the call to the authorization server did not finish"),
            Err(_) => lost("the authorization server did not answer in time"),
        };
        self.counts.measure(begun.elapsed());
        self.record(permission, called.result.as_ref().err());
        called
    }

    /// Makes a call that may last long, on a thread of its own: it delays neither the end of the process nor other work that blocks.
    pub(crate) async fn long_call<T: Send + 'static>(
        &self,
        slot: CallSlot<'_>,
        deadline: Instant,
        work: impl FnOnce(&dyn Connector, Instant) -> Result<T, ConnectorError> + Send + 'static,
    ) -> Result<T, ConnectorError> {
        let CallSlot { place, permission } = slot;
        let (connector, begun) = (Arc::clone(&self.connector), Instant::now());
        let (sender, mut receiver) = oneshot::channel();
        let spawned = thread::Builder::new().spawn(move || {
            let _place = place;
            // The receiver is gone when the provisioner was stopped.
            let _ = sender.send(work(&*connector, deadline));
        });
        if let Err(error) = spawned {
            return Err(ConnectorError::unavailable(error.to_string()));
        }
        let result = loop {
            match timeout(STOP_INTERVAL, &mut receiver).await {
                Ok(Ok(result)) => break result,
                Ok(Err(_)) => {
                    break Err(ConnectorError::unavailable("the call did not finish"));
                }
                Err(_) if self.is_stopping() => {
                    return Err(ConnectorError::unavailable("the service stops"));
                }
                Err(_) => {}
            }
        };
        self.counts.measure(begun.elapsed());
        self.record(permission, result.as_ref().err());
        result
    }

    /// Records the outcome of a call in the breaker. The log has a line when the target's state changes.
    fn record(&self, permission: CallPermission<'_>, error: Option<&ConnectorError>) {
        let provider = self.settings.issuer.as_str();
        let outcome = match error {
            None => CallOutcome::Answered,
            Some(ConnectorError::Rejected { .. }) => {
                self.counts.count(ProvisionOutcome::Rejected);
                CallOutcome::Answered
            }
            Some(ConnectorError::Unavailable { .. }) => {
                self.counts.count(ProvisionOutcome::Unavailable);
                CallOutcome::Failed
            }
            Some(ConnectorError::Misconfigured { .. }) => {
                self.counts.count(ProvisionOutcome::Unavailable);
                CallOutcome::Misconfigured
            }
        };
        let is_misconfigured = outcome == CallOutcome::Misconfigured;
        let was = self
            .is_misconfigured
            .swap(is_misconfigured, Ordering::Relaxed);
        let transition = permission.record(outcome, Instant::now());
        match (error, transition) {
            (Some(error), _) if is_misconfigured && !was => {
                tracing::error!(
                    provider,
                    "clients cannot be written into the authorization server: {error}"
                );
            }
            (Some(error), Transition::Opened) => {
                tracing::warn!(
                    provider,
                    "the authorization server is not asked for a while: {error}"
                );
            }
            (None, Transition::Closed) => {
                tracing::info!(provider, "the authorization server answers again");
            }
            _ => {}
        }
    }

    /// Returns the error of a request after its call failed. The wait is that of the server or of the breaker.
    pub(crate) fn call_error(&self, error: ConnectorError) -> ProvisionError {
        let pause = self.breaker.pause(Instant::now());
        match error {
            ConnectorError::Rejected { member, reason } => {
                ProvisionError::Rejected { member, reason }
            }
            ConnectorError::Unavailable {
                reason,
                retry_after,
            } => unavailable(reason, retry_after.max(pause)),
            ConnectorError::Misconfigured { reason } => unavailable(reason, pause),
        }
    }
}

/// Returns the error of a request that may succeed later.
pub(crate) fn unavailable(reason: String, retry_after: Option<Duration>) -> ProvisionError {
    ProvisionError::Unavailable {
        reason,
        retry_after: retry_after.unwrap_or_default().max(LEAST_RETRY_AFTER),
    }
}

fn lost<T>(reason: &str) -> CallResult<T> {
    CallResult {
        result: Err(ConnectorError::unavailable(reason)),
        is_uncertain: true,
    }
}

/// Makes a call, and makes it again if it failed before `repeat_until`, unless the server asked for more time.
fn call_twice<T>(
    deadline: Instant,
    repeat_until: Option<Instant>,
    call: impl Fn() -> Result<T, ConnectorError>,
) -> CallResult<T> {
    let first = call();
    let failed_early = matches!(
        &first,
        Err(ConnectorError::Unavailable {
            retry_after: None,
            ..
        })
    ) && repeat_until.is_some_and(|until| Instant::now() < until);
    if !failed_early {
        return CallResult {
            result: first,
            is_uncertain: false,
        };
    }
    thread::sleep(REPEAT_AFTER.min(deadline.saturating_duration_since(Instant::now())));
    CallResult {
        result: call(),
        is_uncertain: true,
    }
}
