//! Refusals on their way into the audit trail. Strangers cause them, so those that are alike share a row, and are at most
//! so many kinds at a time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use oauth_http::authorization::Scheme;
use oauth_http::{Failure, Presented, RequestId};
use store::By;
use store::audit::{Event, Refused};

use crate::Registration;

/// How many kinds are told apart; what is of another kind then is counted in one row for all.
const KINDS: usize = 1024;

/// How long refusals of a kind that was just written are gathered before they are written again.
const PAUSE: Duration = Duration::from_mins(1);

/// What was refused and is not written yet.
#[derive(Default)]
pub struct Trail {
    kinds: Mutex<HashMap<Refused, Gathered>>,
    merged: AtomicU64,
}

/// Refusals of one kind.
struct Gathered {
    times: i64,
    request_id: Option<String>,
    due: Instant,
}

impl Trail {
    /// Counts what was refused.
    pub fn note(&self, refused: Refused) {
        self.add(refused, Instant::now());
    }

    fn add(&self, refused: Refused, due: Instant) {
        let Refused { request_id, times, .. } = refused;
        let mut kind = Refused { request_id: None, times: 0, ..refused };
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() >= KINDS && !kinds.contains_key(&kind) {
            kind = more();
            self.merged.fetch_add(times.try_into().unwrap_or(0), Ordering::Relaxed);
        }
        let gathered = kinds.entry(kind).or_insert(Gathered { times: 0, request_id: None, due });
        gathered.times = gathered.times.saturating_add(times);
        gathered.request_id = gathered.request_id.take().or(request_id);
    }

    /// How many rows are not written yet.
    pub fn pending(&self) -> usize {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.values().filter(|gathered| gathered.times > 0).count()
    }

    /// How many refusals were counted in the one row for all that are too many to be told apart.
    pub fn merged(&self) -> u64 {
        self.merged.load(Ordering::Relaxed)
    }

    /// Takes what is to be written now: each kind at once when it is new, and once a minute while it goes on.
    pub fn take(&self) -> Vec<Refused> {
        let now = Instant::now();
        self.taken(now, |gathered| gathered.due <= now)
    }

    /// Takes everything.
    pub fn take_all(&self) -> Vec<Refused> {
        self.taken(Instant::now(), |_| true)
    }

    fn taken(&self, now: Instant, is_due: impl Fn(&Gathered) -> bool) -> Vec<Refused> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        for (kind, gathered) in kinds.iter_mut().filter(|(_, gathered)| gathered.times > 0 && is_due(gathered)) {
            taken.push(Refused { request_id: gathered.request_id.take(), times: gathered.times, ..kind.clone() });
            (gathered.times, gathered.due) = (0, now + PAUSE);
        }
        kinds.retain(|_, gathered| gathered.times > 0 || gathered.due > now);
        taken
    }

    /// Keeps what could not be written for the next time.
    pub fn put_back(&self, refused: Vec<Refused>) {
        for refused in refused {
            self.add(refused, Instant::now());
        }
    }
}

/// What all other kinds are counted as.
fn more() -> Refused {
    Refused {
        event: Event::MoreRefused,
        provider: None,
        client_id: None,
        account: None,
        token: None,
        address: None,
        request_id: None,
        detail: None,
        times: 0,
    }
}

/// Somebody who asks for something, as the audit trail has it.
pub(crate) fn by(address: Option<IpAddr>) -> By {
    By { address, request_id: RequestId::current().map(|id| id.as_str().to_owned()), ..By::default() }
}

/// What a request presented before anything was proved.
pub(crate) struct Tried {
    credentials: bool,
    name: Option<String>,
}

impl Tried {
    pub(crate) fn of(presented: &Presented) -> Self {
        let credentials = matches!(presented.scheme(), Some(Scheme::Basic | Scheme::Bearer));
        let name = if let Presented::Basic { name, .. } = presented { Some(name.clone()) } else { None };
        Self { credentials, name }
    }
}

impl Registration {
    /// Notes that somebody was refused who proved nothing. Only a name whose password was looked at is kept: that takes its
    /// time, and a stranger who is refused at once does not choose how many kinds there are.
    pub(crate) fn login_refused(&self, tried: Tried, otherwise: Event, address: Option<IpAddr>, failure: &Failure) {
        let wrong = tried.credentials && failure.status_code() == StatusCode::UNAUTHORIZED;
        let by = By { account: tried.name.filter(|_| wrong), ..by(address) };
        self.refused(if wrong { Event::LoginRefused } else { otherwise }, &by, None, failure);
    }

    /// Notes that `by` was refused something; what failed on our side is no refusal.
    pub(crate) fn refused(&self, event: Event, by: &By, client_id: Option<&str>, failure: &Failure) {
        let status = failure.status_code();
        if !status.is_client_error() {
            return;
        }
        let throttled = status == StatusCode::TOO_MANY_REQUESTS;
        let about = failure.what().map_or_else(String::new, |what| format!(" {what}"));
        self.trail.note(Refused {
            event: if throttled { Event::Throttled } else { event },
            provider: Some(self.issuer.as_str().to_owned()),
            client_id: client_id.map(str::to_owned),
            account: by.account.as_deref().map(|name| name.chars().take(64).collect()),
            token: by.token.clone(),
            address: by.address,
            request_id: by.request_id.clone(),
            detail: Some(format!("{} {}{about}", status.as_u16(), failure.code().as_str())),
            times: 1,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(account: &str) -> Refused {
        Refused { event: Event::LoginRefused, account: Some(account.to_owned()), request_id: Some("r".to_owned()), times: 1, ..more() }
    }

    fn taken(trail: &Trail) -> Vec<(Event, Option<String>, i64)> {
        let mut taken: Vec<_> = trail.take().into_iter().map(|refused| (refused.event, refused.account, refused.times)).collect();
        taken.sort_by(|one, other| one.1.cmp(&other.1));
        taken
    }

    #[test]
    fn what_is_alike_shares_a_row() {
        let trail = Trail::default();
        for account in ["a", "b", "a"] {
            trail.note(wrong(account));
        }
        let (a, b) = (Some("a".to_owned()), Some("b".to_owned()));
        assert_eq!(taken(&trail), [(Event::LoginRefused, a.clone(), 2), (Event::LoginRefused, b, 1)]);
        assert_eq!(taken(&trail), []);
        trail.note(wrong("a"));
        trail.note(wrong("c"));
        assert_eq!(taken(&trail), [(Event::LoginRefused, Some("c".to_owned()), 1)], "what goes on waits a minute");
        let rest = trail.take_all();
        assert_eq!(rest.iter().map(|refused| (refused.account.clone(), refused.times)).collect::<Vec<_>>(), [(a, 1)]);
    }

    #[test]
    fn strangers_do_not_choose_how_many_rows_there_are() {
        let trail = Trail::default();
        for number in 0..5_000 {
            trail.note(wrong(&number.to_string()));
        }
        assert_eq!((trail.pending(), trail.merged()), (KINDS + 1, 5_000 - 1_024));
        let taken = trail.take();
        assert_eq!((taken.len(), trail.pending()), (KINDS + 1, 0));
        assert_eq!(taken.iter().map(|refused| refused.times).sum::<i64>(), 5_000);
        let rest: Vec<_> = taken.iter().filter(|refused| refused.event == Event::MoreRefused).collect();
        assert_eq!(rest.iter().map(|refused| refused.times).collect::<Vec<_>>(), [5_000 - 1_024]);
    }

    #[test]
    fn what_could_not_be_written_is_kept() {
        let trail = Trail::default();
        trail.note(wrong("a"));
        let taken = trail.take();
        trail.note(wrong("a"));
        trail.put_back(taken);
        assert_eq!(trail.take_all().iter().map(|refused| refused.times).sum::<i64>(), 2);
    }
}
