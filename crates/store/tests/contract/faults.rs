//! Databases that are locked, restarted, or away.

use protocol::ClientId;
use store::StoreError;

use crate::bench::{Bench, NOW, insert, new_client};

on_both!(a_lock_held_by_others_is_unavailable_not_wrong, a_database_that_goes_away_comes_back);

fn a_lock_held_by_others_is_unavailable_not_wrong(bench: &Bench) {
    let store = bench.store();
    let mut raw = bench.raw();
    raw.hold();
    let refused: Vec<_> = (0..3).map(|number| store.insert(new_client(&format!("c{number}")), None, NOW)).collect();
    for written in refused {
        let error = written.wait().unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    }
    assert_eq!(store.purge_expired(NOW), Ok(0), "an idle purge waits for nobody");
    assert!(store.client(&ClientId::new("c0")).unwrap().is_none(), "reads go on");
    raw.execute("COMMIT");
    insert(&store, "c0");
}

fn a_database_that_goes_away_comes_back(bench: &Bench) {
    let store = bench.store();
    insert(&store, "c1");
    if let Some((mut server, database)) = bench.admin() {
        let kill = format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{database}'");
        // A restart leaves dead connections behind; nobody notices.
        server.execute(&kill);
        insert(&store, "c2");
        server.execute(&kill);
        assert!(store.client(&ClientId::new("c2")).unwrap().is_some());
        server.execute(&kill);
        assert_eq!(store.purge_expired(NOW).unwrap(), 0);

        server.execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS false"));
        // A connection that was being made may slip through once.
        let down = (0..5).find_map(|_| {
            server.execute(&kill);
            store.healthy().err()
        });
        assert!(matches!(down, Some(StoreError::Unavailable(_))), "{down:?}");
        let down = store.insert(new_client("c3"), None, NOW).wait().unwrap_err();
        assert!(matches!(down, StoreError::Unavailable(_)), "{down}");
        server.execute(&format!("ALTER DATABASE {database} ALLOW_CONNECTIONS true"));
    }
    // The pool backs off while it is refused; each try waits a few seconds for it.
    assert!((0..5).any(|_| store.healthy().is_ok()));
    assert!(store.client(&ClientId::new("c1")).unwrap().is_some());
    insert(&store, "c4");
}
