//! Notifications for systemd, or another supervisor with a socket in `NOTIFY_SOCKET`: the service is ready, alive,
//! stopping. `sd_notify(3)`, `sd_watchdog_enabled(3)`.

use std::slice;

use actix_web::rt;
use sd_notify::NotifyState;

/// Reports that the service is ready, and then feeds the supervisor's watchdog, if it has one, as long as this runtime runs.
pub fn ready() {
    send(&NotifyState::Ready);
    // Half of what is allowed, as `sd_watchdog_enabled(3)` advises.
    let Some(period) = sd_notify::watchdog_enabled()
        .map(|allowed| allowed / 2)
        .filter(|period| !period.is_zero())
    else {
        return;
    };
    rt::spawn(async move {
        let mut tick = rt::time::interval(period);
        loop {
            tick.tick().await;
            send(&NotifyState::Watchdog);
        }
    });
}

/// Reports that the service is stopping.
pub fn stopping() {
    send(&NotifyState::Stopping);
}

/// Sends a notification. Does nothing without a supervisor.
fn send(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(slice::from_ref(state)) {
        tracing::warn!("the supervisor cannot be told {state}: {error}");
    }
}
