//! Client ID metadata documents: rows, limits, proof, life cycle.

use std::io::Cursor;
use std::time::Duration;

use protocol::{ClientId, Issuer, Timestamp};
use store::audit::{Actor, AuditEvent};
use store::{
    ClientDocument, DocumentContent, DocumentFilter, DocumentLimits, DocumentState,
    DocumentValidators, Store, StoreError,
};

use crate::bench::{Bench, NOW, provider, race};

on_both!(
    first_document_is_stored_and_the_second_conflicts,
    new_content_is_a_new_revision,
    an_older_revision_is_not_replaced,
    unproven_documents_of_a_host_make_room,
    proven_documents_never_make_room,
    racing_strangers_stay_within_the_limits,
    a_pass_on_a_second_day_proves,
    an_administrator_proves,
    a_disabled_document_stays_disabled,
    failures_keep_their_first_time,
    unproven_documents_go_after_a_day,
    the_refresh_takes_what_is_used_and_over,
    documents_are_listed_by_host_and_state,
    removal_leaves_an_audit_row,
    document_is_in_the_backup,
);

const ANY: DocumentLimits = DocumentLimits {
    documents: 0,
    unproven_per_host: 0,
};
const DAY: u64 = 86_400;

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn id(text: &str) -> ClientId {
    ClientId::new(text)
}

fn content(name: &str) -> DocumentContent {
    DocumentContent {
        metadata: format!("{{\"client_name\":\"{name}\"}}"),
        document: format!("{{ \"client_name\": \"{name}\" }}"),
        validators: DocumentValidators {
            etag: Some("\"1\"".to_owned()),
            last_modified: None,
        },
        fetched_at: NOW,
        fresh_until: after(300),
        is_consistent: true,
    }
}

fn put(store: &Store, url: &str, limits: DocumentLimits, at: Timestamp) -> ClientDocument {
    store
        .insert_document(&provider(), &id(url), content(url), limits, at)
        .unwrap()
}

fn found(store: &Store, url: &str) -> Option<ClientDocument> {
    store.find_document(&provider(), &id(url)).unwrap()
}

/// Of two replicas that fetch at once, the second reads the row of the first. The same URL at another provider is another row.
fn first_document_is_stored_and_the_second_conflicts(bench: &Bench) {
    let store = bench.store();
    let url = "https://app.example/c";
    assert_eq!(found(&store, url), None);
    assert_eq!(found(&store, "https://app.example/\0"), None);
    let stored = put(&store, url, ANY, NOW);
    assert_eq!(
        (stored.revision, stored.state, stored.is_proven()),
        (1, DocumentState::Active, false)
    );
    assert_eq!(found(&store, url), Some(stored.clone()));
    let second = store.insert_document(&provider(), &id(url), content("other"), ANY, after(1));
    assert_eq!(second, Err(StoreError::Conflict));
    assert_eq!(
        found(&store, url),
        Some(stored),
        "the second changed nothing"
    );
    let other = Issuer::parse("https://other.example.com").unwrap();
    assert_eq!(store.find_document(&other, &id(url)).unwrap(), None);
    assert!(store.audit(None, None, None, 10).unwrap().is_empty());
}

/// draft-ietf-oauth-client-id-metadata-document §8.4: a change has a revision, a time, its members, and an audit row without values.
/// The same content with other validators has none of them.
fn new_content_is_a_new_revision(bench: &Bench) {
    let store = bench.store();
    let url = "https://app.example/c";
    let first = put(&store, url, ANY, NOW);
    let same = DocumentContent {
        fetched_at: after(300),
        fresh_until: after(900),
        validators: DocumentValidators::default(),
        ..content(url)
    };
    let second = store
        .replace_document(&first, same, &[], after(300))
        .unwrap();
    assert_eq!(
        (
            second.revision,
            second.changed_at,
            second.fetched_at,
            second.fresh_until
        ),
        (1, NOW, after(300), after(900))
    );
    assert_eq!(second.validators, DocumentValidators::default());
    let changed = ["redirect_uris", "client_name"];
    let third = store
        .replace_document(&second, content("new"), &changed, after(600))
        .unwrap();
    assert_eq!((third.revision, third.changed_at), (2, after(600)));
    assert_eq!(third.changed, changed);
    assert_eq!(third.first_seen_at, NOW);
    assert_eq!(found(&store, url), Some(third));
    let rows = store.audit(None, None, None, 10).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].event, AuditEvent::DocumentChanged.as_str());
    assert_eq!(rows[0].client_id.as_deref(), Some(url));
    assert_eq!(rows[0].detail.as_deref(), Some("redirect_uris client_name"));
}

/// The slower of two replicas reads again.
fn an_older_revision_is_not_replaced(bench: &Bench) {
    let store = bench.store();
    let url = "https://app.example/c";
    let first = put(&store, url, ANY, NOW);
    let second = store
        .replace_document(&first, content("new"), &["client_name"], after(1))
        .unwrap();
    let late = store.replace_document(&first, content("late"), &["client_name"], after(2));
    assert_eq!(late, Err(StoreError::Stale));
    assert_eq!(found(&store, url), Some(second.clone()));
    assert!(store.remove_document(&provider(), &id(url)).unwrap());
    let gone = store.replace_document(&second, content("late"), &[], after(2));
    assert_eq!(gone, Err(StoreError::Stale));
    assert_eq!(found(&store, url), None);
}

/// The table cannot be filled: the oldest document of a host, at any port, goes; other hosts, also those with a similar name, stay.
fn unproven_documents_of_a_host_make_room(bench: &Bench) {
    let store = bench.store();
    let limits = DocumentLimits {
        documents: 100,
        unproven_per_host: 2,
    };
    put(&store, "https://a_b.example/1", limits, NOW);
    put(&store, "https://a_b.example:8443/2", limits, after(1));
    put(&store, "https://axb.example/1", limits, after(2));
    put(
        &store,
        "https://a_b.example.evil.example/1",
        limits,
        after(3),
    );
    put(&store, "https://a_b.example:9443/3", limits, after(4));
    let urls = |store: &Store| -> Vec<String> {
        let all = store
            .documents(&DocumentFilter::default(), None, 100)
            .unwrap();
        let mut urls: Vec<String> = all.iter().map(|row| row.client_id.to_string()).collect();
        urls.sort();
        urls
    };
    assert_eq!(
        urls(&store),
        [
            "https://a_b.example.evil.example/1",
            "https://a_b.example:8443/2",
            "https://a_b.example:9443/3",
            "https://axb.example/1",
        ]
    );
    let small = DocumentLimits {
        documents: 4,
        unproven_per_host: 2,
    };
    put(&store, "https://other.example/1", small, after(5));
    assert_eq!(
        urls(&store),
        [
            "https://a_b.example.evil.example/1",
            "https://a_b.example:9443/3",
            "https://axb.example/1",
            "https://other.example/1",
        ]
    );
}

/// A proven, a pinned and a disabled document keep their rows, and without any other the store is full.
fn proven_documents_never_make_room(bench: &Bench) {
    let store = bench.store();
    let limits = DocumentLimits {
        documents: 3,
        unproven_per_host: 1,
    };
    let kept = [
        "https://a.example/used",
        "https://a.example/off",
        "https://a.example/pin",
    ];
    put(&store, kept[0], ANY, NOW);
    put(&store, kept[1], ANY, NOW);
    let used = [kept[0].to_owned()];
    store.record_document_uses(&provider(), &used, NOW).unwrap();
    assert!(
        store
            .disable_document(&provider(), &id(kept[1]), true)
            .unwrap()
    );
    store
        .add_document(
            &provider(),
            &id(kept[2]),
            content("pin"),
            &[],
            true,
            limits,
            NOW,
        )
        .unwrap();
    let full = store.insert_document(
        &provider(),
        &id("https://a.example/new"),
        content("new"),
        limits,
        after(1),
    );
    assert_eq!(full, Err(StoreError::DocumentsFull));
    for url in kept {
        assert!(found(&store, url).is_some(), "{url}");
    }
    assert_eq!(found(&store, "https://a.example/new"), None);
    assert_eq!(store.purge_documents(after(9 * DAY)).unwrap(), 0);
}

/// Rows that several replicas insert at once stay within the limits.
fn racing_strangers_stay_within_the_limits(bench: &Bench) {
    let store = bench.store();
    let limits = DocumentLimits {
        documents: 0,
        unproven_per_host: 2,
    };
    race(|number| {
        put(
            &bench.open(),
            &format!("https://a.example/{number}"),
            limits,
            NOW,
        )
    });
    let all = store
        .documents(&DocumentFilter::default(), None, 100)
        .unwrap();
    assert_eq!(all.len(), 2);
}

/// A pass on the first day only says that the document was asked for; one on a later day (UTC) is a use.
fn a_pass_on_a_second_day_proves(bench: &Bench) {
    let store = bench.store();
    let url = "https://app.example/c";
    let noon = after(DAY / 2).minus(Duration::from_secs(NOW.seconds().unsigned_abs() % DAY));
    let first = put(&store, url, ANY, noon);
    store
        .record_document_pass(&first, noon.plus(Duration::from_mins(30)))
        .unwrap();
    assert_eq!(
        found(&store, url),
        Some(first.clone()),
        "within an hour no write is needed"
    );
    let later = noon.plus(Duration::from_hours(2));
    store.record_document_pass(&first, later).unwrap();
    let second = found(&store, url).unwrap();
    assert_eq!((second.asked_at, second.is_proven()), (later, false));
    let tomorrow = noon.plus(Duration::from_hours(13));
    store.record_document_pass(&second, tomorrow).unwrap();
    let third = found(&store, url).unwrap();
    assert_eq!(third.asked_at, tomorrow);
    assert_eq!(
        third.last_used_at,
        Some(noon.plus(Duration::from_hours(12)))
    );
    assert!(third.is_proven());
    assert_eq!(third.revision, 1, "a use is no change");
}

/// The account, or the command line, stands in the row and in the audit trail.
fn an_administrator_proves(bench: &Bench) {
    let store = bench.store();
    let url = "https://app.example/c";
    let alice = store.acting_as(Actor {
        account: Some("alice".to_owned()),
        ..Actor::default()
    });
    put(&store, url, ANY, NOW);
    let added = alice
        .add_document(
            &provider(),
            &id(url),
            content("x"),
            &["client_name"],
            true,
            ANY,
            after(9),
        )
        .unwrap();
    assert_eq!(added.added_by.as_deref(), Some("alice"));
    assert_eq!((added.state, added.revision), (DocumentState::Pinned, 2));
    assert!(added.is_proven() && added.is_fresh(after(99 * DAY)));
    assert_eq!(found(&store, url), Some(added));
    let other = "https://app.example/d";
    let added = store
        .add_document(&provider(), &id(other), content("y"), &[], false, ANY, NOW)
        .unwrap();
    assert_eq!(added.added_by.as_deref(), Some("command line"));
    assert_eq!(added.state, DocumentState::Active);
    let rows = store.audit(None, None, None, 10).unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.event.as_str(), row.account.as_deref()))
        .collect();
    assert_eq!(
        told,
        [("document added", Some("alice")), ("document added", None)]
    );
}

/// Neither a fetch nor an administrator who adds it again enables a disabled document.
fn a_disabled_document_stays_disabled(bench: &Bench) {
    let store = bench.store();
    let url = "https://app.example/c";
    let first = put(&store, url, ANY, NOW);
    assert!(store.disable_document(&provider(), &id(url), true).unwrap());
    assert!(!store.disable_document(&provider(), &id(url), true).unwrap());
    let state = |store: &Store| found(store, url).unwrap().state;
    // A fetch that began before reads the row again.
    assert!(matches!(
        store.replace_document(&first, content("n"), &["client_name"], NOW),
        Err(StoreError::Stale)
    ));
    let disabled = found(&store, url).unwrap();
    store
        .replace_document(&disabled, content("n"), &["client_name"], NOW)
        .unwrap();
    assert_eq!(state(&store), DocumentState::Disabled);
    store
        .add_document(&provider(), &id(url), content("n"), &[], true, ANY, NOW)
        .unwrap();
    assert_eq!(state(&store), DocumentState::Disabled);
    assert!(
        store
            .disable_document(&provider(), &id(url), false)
            .unwrap()
    );
    assert!(
        !store
            .disable_document(&provider(), &id(url), false)
            .unwrap()
    );
    assert_eq!(state(&store), DocumentState::Active);
    assert!(
        !store
            .disable_document(&provider(), &id("https://app.example/none"), true)
            .unwrap()
    );
    let rows = store.audit(None, None, None, 10).unwrap();
    let events: Vec<_> = rows.iter().map(|row| row.event.as_str()).collect();
    assert_eq!(
        events,
        [
            "document disabled",
            "document changed",
            "document added",
            "document enabled"
        ]
    );
}

/// The stale rule counts from the first failure after the last good fetch, which clears it.
fn failures_keep_their_first_time(bench: &Bench) {
    let store = bench.store();
    let url = "https://app.example/c";
    let first = put(&store, url, ANY, NOW);
    store
        .record_document_failure(&first, "timeout", after(400))
        .unwrap();
    let once = found(&store, url).unwrap();
    store
        .record_document_failure(&once, "status 404", after(500))
        .unwrap();
    let twice = found(&store, url).unwrap();
    let failure = twice.failure.clone().unwrap();
    assert_eq!(
        (failure.since, failure.reason.as_str()),
        (after(400), "status 404")
    );
    let fetched = DocumentContent {
        fetched_at: after(600),
        ..content(url)
    };
    let good = store
        .replace_document(&twice, fetched, &[], after(600))
        .unwrap();
    assert_eq!(good.failure, None);
    store
        .record_document_failure(&twice, "late", after(601))
        .unwrap();
    assert_eq!(
        found(&store, url),
        Some(good),
        "a failure of an earlier fetch is ignored"
    );
}

/// A day after the last request an unproven document goes.
fn unproven_documents_go_after_a_day(bench: &Bench) {
    let store = bench.store();
    put(&store, "https://a.example/1", ANY, NOW);
    let asked = put(&store, "https://a.example/2", ANY, NOW);
    store.touch_document(&asked, after(DAY / 2)).unwrap();
    assert_eq!(store.purge_documents(after(DAY - 1)).unwrap(), 0);
    assert_eq!(store.purge_documents(after(DAY)).unwrap(), 1);
    assert_eq!(found(&store, "https://a.example/1"), None);
    assert!(found(&store, "https://a.example/2").is_some());
}

/// A refresh token months later must not meet a document of months ago.
fn the_refresh_takes_what_is_used_and_over(bench: &Bench) {
    let store = bench.store();
    for url in [
        "https://a.example/used",
        "https://a.example/unused",
        "https://a.example/off",
    ] {
        put(&store, url, ANY, NOW);
    }
    let used = [
        "https://a.example/used".to_owned(),
        "https://a.example/off".to_owned(),
    ];
    store.record_document_uses(&provider(), &used, NOW).unwrap();
    store
        .disable_document(&provider(), &id(&used[1]), true)
        .unwrap();
    let over = |since: Timestamp, now: Timestamp| -> Vec<String> {
        let rows = store
            .documents_to_refresh(&provider(), since, now, 10)
            .unwrap();
        rows.into_iter()
            .map(|row| row.client_id.to_string())
            .collect()
    };
    let day = NOW.minus(Duration::from_secs(DAY));
    assert!(over(day, after(299)).is_empty());
    assert_eq!(over(day, after(300)), ["https://a.example/used"]);
    assert!(over(after(1), after(300)).is_empty(), "not used since");
}

/// The list has pages, and filters by host and state.
fn documents_are_listed_by_host_and_state(bench: &Bench) {
    let store = bench.store();
    for url in [
        "https://a.example/1",
        "https://a.example:8443/2",
        "https://b.example/3",
    ] {
        put(&store, url, ANY, NOW);
    }
    store
        .disable_document(&provider(), &id("https://b.example/3"), true)
        .unwrap();
    let filter = DocumentFilter {
        provider: Some(provider()),
        ..DocumentFilter::default()
    };
    let first = store.documents(&filter, None, 2).unwrap();
    let rest = store.documents(&filter, first.last(), 2).unwrap();
    assert_eq!((first.len(), rest.len()), (2, 1));
    let count = |host: Option<&str>, state: Option<DocumentState>| {
        let filter = DocumentFilter {
            host: host.map(str::to_owned),
            state,
            ..filter.clone()
        };
        store.documents(&filter, None, 9).unwrap().len()
    };
    assert_eq!(count(Some("a.example"), None), 2);
    assert_eq!(count(None, Some(DocumentState::Disabled)), 1);
    assert_eq!(count(Some("a.example"), Some(DocumentState::Disabled)), 0);
    assert_eq!(count(Some("%"), None), 0);
    let mut counts = store.document_counts().unwrap();
    counts.sort();
    let issuer = provider().as_str().to_owned();
    assert_eq!(
        counts,
        [
            (issuer.clone(), DocumentState::Active, 2),
            (issuer, DocumentState::Disabled, 1)
        ]
    );
}

/// A removed document is gone, and the audit trail says so.
fn removal_leaves_an_audit_row(bench: &Bench) {
    let store = bench.store();
    let url = "https://app.example/c";
    put(&store, url, ANY, NOW);
    assert!(store.remove_document(&provider(), &id(url)).unwrap());
    assert!(!store.remove_document(&provider(), &id(url)).unwrap());
    assert_eq!(found(&store, url), None);
    let rows = store.audit(None, None, None, 10).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].event, "document removed");
}

/// A restored service knows its clients.
fn document_is_in_the_backup(bench: &Bench) {
    let store = bench.store();
    let url = "https://app.example/c";
    let stored = put(&store, url, ANY, NOW);
    store
        .record_document_failure(&stored, "timeout", after(1))
        .unwrap();
    let before = found(&store, url);
    let mut backup = Cursor::new(Vec::new());
    store.backup(NOW, &mut backup, |_| {}).unwrap();
    backup.set_position(0);
    let target = Bench::sqlite();
    let restored = target.store();
    restored.restore(&mut backup, false, |_| {}).unwrap();
    assert_eq!(found(&restored, url), before);
    assert!(before.is_some());
}
