//! What systemd, or another supervisor that named a socket in `NOTIFY_SOCKET`, is told: that the service answers, that it lives,
//! that it stops. `sd_notify(3)`, `sd_watchdog_enabled(3)`.

use std::slice;

use actix_web::rt;
use sd_notify::NotifyState;

/// The service answers from now on; if the supervisor keeps a watchdog, it is fed as long as this runtime gets round.
pub fn ready() {
    tell(&NotifyState::Ready);
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
            tell(&NotifyState::Watchdog);
        }
    });
}

/// The service finishes what it has and takes nothing new.
pub fn stopping() {
    tell(&NotifyState::Stopping);
}

/// Without a supervisor nothing is said.
fn tell(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(slice::from_ref(state)) {
        tracing::warn!("the supervisor cannot be told {state}: {error}");
    }
}
