//! Databases that are locked, restarted, or unavailable.

use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use protocol::{ClientId, Secret};
use store::{Role, StoreError};

use crate::bench::{Bench, NOW, insert, new_client};

on_both!(
    a_lock_held_by_others_is_unavailable_not_wrong,
    a_database_that_goes_away_comes_back
);

fn a_lock_held_by_others_is_unavailable_not_wrong(bench: &Bench) {
    let store = bench.store();
    let mut raw = bench.raw();
    raw.hold();
    let refused: Vec<_> = (0..3)
        .map(|number| store.insert(new_client(&format!("c{number}")), None, NOW))
        .collect();
    for written in refused {
        let error = written.wait().unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    }
    assert_eq!(
        store.purge_expired(NOW),
        Ok(0),
        "an idle purge waits for nobody"
    );
    assert!(
        store.client(&ClientId::new("c0")).unwrap().is_none(),
        "reads go on"
    );
    raw.execute("COMMIT");
    insert(&store, "c0");
}

fn a_database_that_goes_away_comes_back(bench: &Bench) {
    let store = bench.store();
    insert(&store, "c1");
    if let Some((mut server, database)) = bench.admin() {
        let kill = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'"
        );
        // A restart leaves dead connections behind, without an error for callers.
        server.execute(&kill);
        insert(&store, "c2");
        server.execute(&kill);
        assert!(store.client(&ClientId::new("c2")).unwrap().is_some());
        server.execute(&kill);
        assert_eq!(store.purge_expired(NOW).unwrap(), 0);

        server.execute(&format!(
            "ALTER DATABASE {database} ALLOW_CONNECTIONS false"
        ));
        // A connection attempt in progress may succeed once more.
        let down = (0..5).find_map(|_| {
            server.execute(&kill);
            store.healthy().err()
        });
        assert!(matches!(down, Some(StoreError::Unavailable(_))), "{down:?}");
        let down = store
            .insert(new_client("c3"), None, NOW)
            .wait()
            .unwrap_err();
        assert!(matches!(down, StoreError::Unavailable(_)), "{down}");
        server.execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true"));
    }
    // The pool backs off after refused connections; each attempt waits for it for a few seconds.
    assert!((0..5).any(|_| store.healthy().is_ok()));
    assert!(store.client(&ClientId::new("c1")).unwrap().is_some());
    insert(&store, "c4");
}

/// A write that no request waits for waits longer for the lock than a request would.
#[test]
fn background_write_waits_for_sqlite() {
    let bench = Bench::sqlite();
    let store = bench.store();
    let mut raw = bench.raw();
    raw.hold();
    let (done, written) = channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            drop(done.send(store.add_account(
                "alice",
                Role::Registrar,
                None,
                &Secret::new("hush"),
                NOW,
            )));
        });
        assert_eq!(
            written.recv_timeout(Duration::from_secs(3)),
            Err(RecvTimeoutError::Timeout),
            "it waits"
        );
        raw.execute("COMMIT");
        written.recv().unwrap().unwrap();
    });
    assert_eq!(store.accounts().unwrap().len(), 1);
}

/// Stopped processes, like those of a machine that hangs, until the value is dropped.
struct Frozen(Vec<String>);

impl Frozen {
    fn new(processes: Vec<String>) -> Self {
        signal("-STOP", &processes);
        Self(processes)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

/// Ignores the exit status, because a process may have ended.
fn signal(name: &str, processes: &[String]) {
    Command::new("kill")
        .arg(name)
        .args(processes)
        .output()
        .unwrap();
}

/// The driver waits for a stopped server without a limit, on an open connection.
#[test]
fn hanging_connections_are_replaced() {
    let bench = Bench::postgres();
    let store = bench.store();
    insert(&store, "c1");
    let (mut server, database) = bench.admin().unwrap();

    // Both writers are busy, and there are as many concurrent reads as connections.
    let mut raw = bench.raw();
    raw.execute("BEGIN; LOCK TABLE client IN ACCESS EXCLUSIVE MODE");
    let waiting = format!(
        "SELECT count(*)::text AS value FROM pg_stat_activity WHERE datname = '{database}' AND wait_event_type = 'Lock'"
    );
    let begun = Instant::now();
    let mut wait_for = |number: &str| {
        while server.values(&waiting) != [number] {
            assert!(begun.elapsed() < Duration::from_secs(4));
        }
    };
    thread::scope(|scope| {
        let writes = ["1", "2"].map(|number| {
            let written = store.insert(new_client(&format!("w{number}")), None, NOW);
            wait_for(number);
            written
        });
        let reads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| store.client(&ClientId::new("c1"))))
            .collect();
        wait_for("10");
        raw.execute("COMMIT");
        assert!(writes.into_iter().all(|written| written.wait().is_ok()));
        assert!(
            reads
                .into_iter()
                .all(|read| read.join().unwrap().unwrap().is_some())
        );
    });
    drop(raw);

    let frozen = Frozen::new(server.values(&format!(
        "SELECT pid::text AS value FROM pg_stat_activity WHERE datname = '{database}'"
    )));
    thread::scope(|scope| {
        let reads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| store.client(&ClientId::new("c1"))))
            .collect();
        let begun = Instant::now();
        let refused = store
            .insert(new_client("c2"), None, NOW)
            .wait()
            .unwrap_err();
        assert_eq!(
            refused,
            StoreError::Unavailable("the database does not answer".to_owned())
        );
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "{:?}",
            begun.elapsed()
        );
        // The other writer hangs as well with its first batch, and the pool is replaced only once
        // all of its connections are stuck.
        assert!((3..6).any(|number| {
            store
                .insert(new_client(&format!("c{number}")), None, NOW)
                .wait()
                .is_ok()
        }));
        assert!((0..10).any(|_| store.healthy().is_ok()));
        assert!(store.client(&ClientId::new("c1")).unwrap().is_some());
        drop(frozen);
        assert!(
            reads
                .into_iter()
                .all(|read| read.join().unwrap().unwrap().is_some()),
            "what hung was not lost"
        );
    });
    insert(&store, "c6");
}
