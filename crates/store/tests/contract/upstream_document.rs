//! The copies of the documents of the servers behind providers.

use std::io::Cursor;
use std::time::Duration;

use protocol::{Issuer, Timestamp};
use store::audit::AuditEvent;
use store::{FetchedDocument, StoreError, UpstreamTimes};

use crate::bench::{Bench, NOW, provider};

on_both!(
    first_copy_is_kept_and_the_second_conflicts,
    one_of_several_replicas_fetches,
    change_has_a_new_time_and_an_audit_row,
    copy_is_in_the_backup,
);

fn fetched(document: &str) -> FetchedDocument {
    FetchedDocument {
        document: document.to_owned(),
        etag: Some("\"1\"".to_owned()),
        last_modified: None,
    }
}

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// One of two replicas that start together stores the first copy.
fn first_copy_is_kept_and_the_second_conflicts(bench: &Bench) {
    let store = bench.store();
    assert_eq!(store.upstream_copy(&provider()).unwrap(), None);
    store
        .insert_upstream(&provider(), fetched("{}"), NOW)
        .unwrap();
    assert_eq!(
        store.insert_upstream(&provider(), fetched("{\"a\":1}"), after(1)),
        Err(StoreError::Conflict)
    );
    let copy = store.upstream_copy(&provider()).unwrap().unwrap();
    assert_eq!(copy.fetched, fetched("{}"));
    assert_eq!(
        store.upstream_times(&provider()).unwrap(),
        Some(copy.times),
        "the second changed nothing"
    );
    let other = Issuer::parse("https://other.example.com").unwrap();
    assert_eq!(store.upstream_times(&other).unwrap(), None);
}

/// The replica that advances the time of the last fetch asks the server. A failure gives the time back.
fn one_of_several_replicas_fetches(bench: &Bench) {
    let store = bench.store();
    store
        .insert_upstream(&provider(), fetched("{}"), NOW)
        .unwrap();
    let leased = store
        .lease_upstream(&provider(), NOW, NOW)
        .unwrap()
        .unwrap();
    assert_eq!(leased, after(1), "also within one second");
    assert_eq!(
        store.lease_upstream(&provider(), NOW, after(9)).unwrap(),
        None
    );
    store.return_upstream(&provider(), leased, NOW).unwrap();
    let times = store.upstream_times(&provider()).unwrap().unwrap();
    assert_eq!(times.fetched_at, NOW);
    assert_eq!(
        store.lease_upstream(&provider(), NOW, after(9)).unwrap(),
        Some(after(9))
    );
}

/// A change is in the audit trail; other validators of the same document are not.
fn change_has_a_new_time_and_an_audit_row(bench: &Bench) {
    let store = bench.store();
    let first = store
        .insert_upstream(&provider(), fetched("{}"), NOW)
        .unwrap();
    let new = FetchedDocument {
        etag: Some("\"2\"".to_owned()),
        ..fetched("{}")
    };
    let same = store
        .replace_upstream(&provider(), new.clone(), first, None)
        .unwrap();
    assert_eq!(same, first);
    assert!(store.audit(None, None, None, 10).unwrap().is_empty());
    let changed = store
        .replace_upstream(&provider(), fetched("{\"a\":1}"), first, Some("a"))
        .unwrap();
    assert_eq!(
        changed,
        UpstreamTimes {
            changed_at: after(1),
            ..first
        }
    );
    let rows = store.audit(None, None, None, 10).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].event, AuditEvent::UpstreamChanged.as_str());
    assert_eq!(rows[0].provider.as_deref(), Some(provider().as_str()));
    assert_eq!(rows[0].detail.as_deref(), Some("a"));
    let copy = store.upstream_copy(&provider()).unwrap().unwrap();
    assert_eq!((copy.fetched, copy.times), (fetched("{\"a\":1}"), changed));
}

/// A backup has the copy, so a restored service starts without the server.
fn copy_is_in_the_backup(bench: &Bench) {
    let store = bench.store();
    store
        .insert_upstream(&provider(), fetched("{\"a\":\"\u{e9}\"}"), NOW)
        .unwrap();
    let before = store.upstream_copy(&provider()).unwrap();
    let mut backup = Cursor::new(Vec::new());
    store.backup(NOW, &mut backup, |_| {}).unwrap();
    backup.set_position(0);
    let target = Bench::sqlite();
    let restored = target.store();
    restored.restore(&mut backup, false, |_| {}).unwrap();
    assert_eq!(restored.upstream_copy(&provider()).unwrap(), before);
}
