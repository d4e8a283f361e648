//! Refusals on their way into the audit trail. Strangers cause them, so those that are alike share a row, and are at most
//! so many kinds at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use store::audit::Refused;

mod kinds;

use kinds::{Gathered, Kinds};

/// How long refusals of a kind that was just written are gathered before they are written again.
const PAUSE: Duration = Duration::from_mins(1);

/// What was refused and is not written yet.
#[derive(Default)]
pub struct Trail {
    kinds: Mutex<Kinds>,
    merged: AtomicU64,
}

impl Trail {
    /// Counts what was refused.
    pub fn note(&self, refused: Refused) {
        let times = refused.times.try_into().unwrap_or(0);
        if self.add(refused) {
            self.merged.fetch_add(times, Ordering::Relaxed);
        }
    }

    fn add(&self, refused: Refused) -> bool {
        self.kinds
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(refused, Instant::now())
    }

    /// How many rows are not written yet.
    pub fn pending(&self) -> usize {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.iter().filter(|gathered| gathered.times > 0).count()
    }

    /// The number of refusals that share a row with others that are not alike, because there were too many kinds.
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
        for (kind, gathered) in kinds
            .iter_mut()
            .filter(|(_, gathered)| gathered.times > 0 && is_due(gathered))
        {
            taken.push(Refused {
                request_id: gathered.request_id.take(),
                times: gathered.times,
                ..kind.clone()
            });
            (gathered.times, gathered.due) = (0, now + PAUSE);
        }
        kinds.retain(|gathered| gathered.times > 0 || gathered.due > now);
        taken
    }

    /// Keeps what could not be written for the next time.
    pub fn put_back(&self, refused: Vec<Refused>) {
        for refused in refused {
            self.add(refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use store::audit::Event;

    use super::kinds::{ALIKE, EVENTS, NETWORKS, more};
    use super::*;

    fn wrong(account: &str) -> Refused {
        Refused {
            event: Event::LoginRefused,
            account: Some(account.to_owned()),
            request_id: Some("r".to_owned()),
            times: 1,
            ..more()
        }
    }

    fn from(address: impl Into<IpAddr>) -> Refused {
        let detail = Some("401 invalid_token".to_owned());
        Refused {
            event: Event::LoginRefused,
            address: Some(address.into()),
            detail,
            times: 1,
            ..more()
        }
    }

    /// The /64 network of that number in the /48 network of that number.
    fn network(site: u16, number: u16) -> Ipv6Addr {
        Ipv6Addr::new(0x2001, 0xdb8, site, number, 0, 0, 0, 0)
    }

    fn taken(trail: &Trail) -> Vec<(Event, Option<String>, i64)> {
        let mut taken: Vec<_> = trail
            .take()
            .into_iter()
            .map(|refused| (refused.event, refused.account, refused.times))
            .collect();
        taken.sort_by(|one, other| one.1.cmp(&other.1));
        taken
    }

    fn times<'a>(rows: impl IntoIterator<Item = &'a Refused>) -> i64 {
        rows.into_iter().map(|refused| refused.times).sum()
    }

    #[test]
    fn what_is_alike_shares_a_row() {
        let trail = Trail::default();
        for account in ["a", "b", "a"] {
            trail.note(wrong(account));
        }
        let (a, b) = (Some("a".to_owned()), Some("b".to_owned()));
        assert_eq!(
            taken(&trail),
            [
                (Event::LoginRefused, a.clone(), 2),
                (Event::LoginRefused, b, 1)
            ]
        );
        assert_eq!(taken(&trail), []);
        trail.note(wrong("a"));
        trail.note(wrong("c"));
        assert_eq!(
            taken(&trail),
            [(Event::LoginRefused, Some("c".to_owned()), 1)],
            "what goes on waits a minute"
        );
        let rest = trail.take_all();
        assert_eq!(
            rest.iter()
                .map(|refused| (refused.account.clone(), refused.times))
                .collect::<Vec<_>>(),
            [(a, 1)]
        );
    }

    #[test]
    fn strangers_do_not_choose_how_many_rows_there_are() {
        let trail = Trail::default();
        for number in 0..5_000 {
            trail.note(wrong(&number.to_string()));
        }
        let shared = 5_000 - i64::try_from(ALIKE + NETWORKS).unwrap();
        assert_eq!(
            (trail.pending(), trail.merged()),
            (ALIKE + NETWORKS + 1, shared.try_into().unwrap())
        );
        let taken = trail.take();
        assert_eq!(
            (taken.len(), trail.pending(), times(&taken)),
            (ALIKE + NETWORKS + 1, 0, 5_000)
        );
        let rest: Vec<_> = taken
            .iter()
            .filter(|refused| refused.account.is_none())
            .map(|refused| (refused.event, refused.times))
            .collect();
        assert_eq!(rest, [(Event::LoginRefused, shared)]);
        for number in 5_000..10_000 {
            trail.note(wrong(&number.to_string()));
        }
        assert_eq!(
            trail.take().len(),
            0,
            "kinds that were just written keep their places"
        );
        assert_eq!(times(&trail.take_all()), 5_000);
    }

    /// Beyond the bound, IPv6 is gathered by /48.
    #[test]
    fn networks_of_one_48_share_a_row() {
        let trail = Trail::default();
        for number in 0..2_000 {
            trail.note(from(network(1, number)));
        }
        trail.note(from(Ipv4Addr::new(203, 0, 113, 9)));
        trail.note(from(network(2, 7)));
        assert_eq!(
            (trail.pending(), trail.merged()),
            (ALIKE + 3, 2_000 - 1_024 + 1)
        );
        let taken = trail.take();
        let rows = |address: IpAddr, detail: &str| -> Vec<i64> {
            let of = |row: &&Refused| {
                row.address == Some(address) && row.detail.as_deref() == Some(detail)
            };
            taken.iter().filter(of).map(|row| row.times).collect()
        };
        let gathered = "401 invalid_token, from networks of this /48";
        assert_eq!(rows(network(1, 0).into(), gathered), [2_000 - 1_024]);
        assert_eq!(
            rows(network(2, 0).into(), gathered),
            [1],
            "a guesser behind the others has a row"
        );
        assert_eq!(
            rows(network(1, 0).into(), "401 invalid_token"),
            [1],
            "the first networks are told apart"
        );
        assert_eq!(
            rows(Ipv4Addr::new(203, 0, 113, 9).into(), "401 invalid_token"),
            [1],
            "an IPv4 address is kept whole"
        );
        trail.put_back(taken);
        assert_eq!(trail.merged(), 2_000 - 1_024 + 1);
        assert_eq!(
            times(
                trail
                    .take_all()
                    .iter()
                    .filter(|row| row.detail.as_deref() == Some(gathered))
            ),
            2_000 - 1_024 + 1
        );
    }

    /// Each level is bounded: networks, then events without an address, then one row for all.
    #[test]
    fn every_level_of_kinds_is_bounded() {
        let trail = Trail::default();
        for site in 0..5_000 {
            trail.note(from(network(site, 0)));
        }
        let without_address = |rows: &[Refused]| -> Vec<(Event, i64)> {
            rows.iter()
                .filter(|row| row.address.is_none())
                .map(|row| (row.event, row.times))
                .collect()
        };
        let taken = trail.take();
        let beyond = 5_000 - i64::try_from(ALIKE + NETWORKS).unwrap();
        assert_eq!((taken.len(), times(&taken)), (ALIKE + NETWORKS + 1, 5_000));
        assert_eq!(without_address(&taken), [(Event::LoginRefused, beyond)]);

        for number in 0..1_000 {
            trail.note(Refused {
                provider: Some(number.to_string()),
                ..from(network(9_000, number))
            });
        }
        let taken = trail.take();
        let (events, rest): (Vec<_>, Vec<_>) = without_address(&taken)
            .into_iter()
            .partition(|(event, _)| *event == Event::LoginRefused);
        assert_eq!((taken.len(), events.len()), (EVENTS, EVENTS - 1));
        assert_eq!(
            rest,
            [(
                Event::MoreRefused,
                1_000 - i64::try_from(EVENTS - 1).unwrap()
            )]
        );
    }

    #[test]
    fn what_could_not_be_written_is_kept() {
        let trail = Trail::default();
        trail.note(wrong("a"));
        let taken = trail.take();
        trail.note(wrong("a"));
        trail.put_back(taken);
        assert_eq!(times(&trail.take_all()), 2);
    }
}
