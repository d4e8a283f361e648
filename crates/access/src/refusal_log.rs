//! Refusals that are not written to the audit trail yet. Any caller can cause them, so equal ones share a row, and the number of
//! rows is bounded.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use protocol::lock;
use store::audit::RefusalRecord;

mod kinds;

use kinds::{Kinds, PendingRefusals};

/// The time for which refusals of a kind are collected after it was written.
const PAUSE: Duration = Duration::from_mins(1);

/// The refusals that are not written yet.
#[derive(Default)]
pub struct RefusalLog {
    kinds: Mutex<Kinds>,
    merged: AtomicU64,
}

impl RefusalLog {
    pub fn record(&self, refused: RefusalRecord) {
        let times = refused.times.try_into().unwrap_or(0);
        if self.add(refused) {
            self.merged.fetch_add(times, Ordering::Relaxed);
        }
    }

    fn add(&self, refused: RefusalRecord) -> bool {
        lock(&self.kinds).add(refused, Instant::now())
    }

    /// Returns the number of rows that are not written yet.
    pub fn pending(&self) -> usize {
        let kinds = lock(&self.kinds);
        kinds.iter().filter(|gathered| gathered.times > 0).count()
    }

    /// Returns the number of refusals that share a row with different ones, because there were too many kinds.
    pub fn merged(&self) -> u64 {
        self.merged.load(Ordering::Relaxed)
    }

    /// Takes the rows to write now: a new kind at once, and a kind that continues once a minute.
    pub fn take(&self) -> Vec<RefusalRecord> {
        let now = Instant::now();
        self.taken(now, |gathered| gathered.due <= now)
    }

    /// Takes every row.
    pub fn take_all(&self) -> Vec<RefusalRecord> {
        self.taken(Instant::now(), |_| true)
    }

    fn taken(&self, now: Instant, is_due: impl Fn(&PendingRefusals) -> bool) -> Vec<RefusalRecord> {
        let mut kinds = lock(&self.kinds);
        let mut taken = Vec::new();
        for (kind, gathered) in kinds
            .iter_mut()
            .filter(|(_, gathered)| gathered.times > 0 && is_due(gathered))
        {
            taken.push(RefusalRecord {
                request_id: gathered.request_id.take(),
                times: gathered.times,
                ..kind.clone()
            });
            (gathered.times, gathered.due) = (0, now + PAUSE);
        }
        kinds.retain(|gathered| gathered.times > 0 || gathered.due > now);
        taken
    }

    /// Puts back rows that could not be written.
    pub fn put_back(&self, refused: Vec<RefusalRecord>) {
        for refused in refused {
            self.add(refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use store::audit::AuditEvent;

    use super::kinds::{ALIKE, EVENTS, NETWORKS, more};
    use super::*;

    fn wrong(account: &str) -> RefusalRecord {
        RefusalRecord {
            event: AuditEvent::LoginRefused,
            account: Some(account.to_owned()),
            request_id: Some("r".to_owned()),
            times: 1,
            ..more()
        }
    }

    fn from(address: impl Into<IpAddr>) -> RefusalRecord {
        let detail = Some("401 invalid_token".to_owned());
        RefusalRecord {
            event: AuditEvent::LoginRefused,
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

    fn taken(log: &RefusalLog) -> Vec<(AuditEvent, Option<String>, i64)> {
        let mut taken: Vec<_> = log
            .take()
            .into_iter()
            .map(|refused| (refused.event, refused.account, refused.times))
            .collect();
        taken.sort_by(|one, other| one.1.cmp(&other.1));
        taken
    }

    fn times<'a>(rows: impl IntoIterator<Item = &'a RefusalRecord>) -> i64 {
        rows.into_iter().map(|refused| refused.times).sum()
    }

    #[test]
    fn equal_refusals_share_a_row() {
        let log = RefusalLog::default();
        for account in ["a", "b", "a"] {
            log.record(wrong(account));
        }
        let (a, b) = (Some("a".to_owned()), Some("b".to_owned()));
        assert_eq!(
            taken(&log),
            [
                (AuditEvent::LoginRefused, a.clone(), 2),
                (AuditEvent::LoginRefused, b, 1)
            ]
        );
        assert_eq!(taken(&log), []);
        log.record(wrong("a"));
        log.record(wrong("c"));
        assert_eq!(
            taken(&log),
            [(AuditEvent::LoginRefused, Some("c".to_owned()), 1)],
            "a kind that continues waits a minute"
        );
        let rest = log.take_all();
        assert_eq!(
            rest.iter()
                .map(|refused| (refused.account.clone(), refused.times))
                .collect::<Vec<_>>(),
            [(a, 1)]
        );
    }

    #[test]
    fn refusal_rows_are_bounded() {
        let log = RefusalLog::default();
        for number in 0..5_000 {
            log.record(wrong(&number.to_string()));
        }
        let shared = 5_000 - i64::try_from(ALIKE + NETWORKS).unwrap();
        assert_eq!(
            (log.pending(), log.merged()),
            (ALIKE + NETWORKS + 1, shared.try_into().unwrap())
        );
        let taken = log.take();
        assert_eq!(
            (taken.len(), log.pending(), times(&taken)),
            (ALIKE + NETWORKS + 1, 0, 5_000)
        );
        let rest: Vec<_> = taken
            .iter()
            .filter(|refused| refused.account.is_none())
            .map(|refused| (refused.event, refused.times))
            .collect();
        assert_eq!(rest, [(AuditEvent::LoginRefused, shared)]);
        for number in 5_000..10_000 {
            log.record(wrong(&number.to_string()));
        }
        assert_eq!(
            log.take().len(),
            0,
            "kinds that were just written keep their places"
        );
        assert_eq!(times(&log.take_all()), 5_000);
    }

    /// Beyond the bound, IPv6 is gathered by /48.
    #[test]
    fn networks_of_one_48_share_a_row() {
        let log = RefusalLog::default();
        for number in 0..2_000 {
            log.record(from(network(1, number)));
        }
        log.record(from(Ipv4Addr::new(203, 0, 113, 9)));
        log.record(from(network(2, 7)));
        assert_eq!(
            (log.pending(), log.merged()),
            (ALIKE + 3, 2_000 - 1_024 + 1)
        );
        let taken = log.take();
        let rows = |address: IpAddr, detail: &str| -> Vec<i64> {
            let of = |row: &&RefusalRecord| {
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
        log.put_back(taken);
        assert_eq!(log.merged(), 2_000 - 1_024 + 1);
        assert_eq!(
            times(
                log.take_all()
                    .iter()
                    .filter(|row| row.detail.as_deref() == Some(gathered))
            ),
            2_000 - 1_024 + 1
        );
    }

    /// Each level is bounded: networks, then events without an address, then a single row for all.
    #[test]
    fn every_level_of_kinds_is_bounded() {
        let log = RefusalLog::default();
        for site in 0..5_000 {
            log.record(from(network(site, 0)));
        }
        let without_address = |rows: &[RefusalRecord]| -> Vec<(AuditEvent, i64)> {
            rows.iter()
                .filter(|row| row.address.is_none())
                .map(|row| (row.event, row.times))
                .collect()
        };
        let taken = log.take();
        let beyond = 5_000 - i64::try_from(ALIKE + NETWORKS).unwrap();
        assert_eq!((taken.len(), times(&taken)), (ALIKE + NETWORKS + 1, 5_000));
        assert_eq!(
            without_address(&taken),
            [(AuditEvent::LoginRefused, beyond)]
        );

        for number in 0..1_000 {
            log.record(RefusalRecord {
                provider: Some(number.to_string()),
                ..from(network(9_000, number))
            });
        }
        let taken = log.take();
        let (events, rest): (Vec<_>, Vec<_>) = without_address(&taken)
            .into_iter()
            .partition(|(event, _)| *event == AuditEvent::LoginRefused);
        assert_eq!((taken.len(), events.len()), (EVENTS, EVENTS - 1));
        assert_eq!(
            rest,
            [(
                AuditEvent::MoreRefused,
                1_000 - i64::try_from(EVENTS - 1).unwrap()
            )]
        );
    }

    #[test]
    fn failed_rows_are_retried() {
        let log = RefusalLog::default();
        log.record(wrong("a"));
        let taken = log.take();
        log.record(wrong("a"));
        log.put_back(taken);
        assert_eq!(times(&log.take_all()), 2);
    }
}
