//! The queue of writes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use protocol::ClientId;
use protocol::histogram::Distribution;
use store::{ClientData, ClientFilter, NewClient, NewToken, SecretChange, StoreError};

use crate::bench::{Bench, NOW, client_data, insert, metadata, new_client, terms, with_token};

on_both!(
    a_refused_row_does_not_fail_its_neighbours,
    write_of_a_caller_that_left_is_not_begun,
    nothing_is_answered_before_it_is_durable,
    a_full_queue_refuses_and_loses_nothing,
    closing_finishes_the_queue_and_refuses_the_rest,
    what_was_written_is_counted,
);

fn named(id: &str, name: &str) -> NewClient {
    with_token(ClientData {
        owner: Some("alice".to_owned()),
        composed_name: Some(name.to_owned()),
        ..client_data(id)
    })
}

fn a_refused_row_does_not_fail_its_neighbours(bench: &Bench) {
    let store = bench.store();
    let token = store
        .issue_token(
            &protocol::InitialAccessToken::new("iat_1"),
            NewToken {
                uses: Some(1),
                ..NewToken::default()
            },
            NOW,
        )
        .unwrap();
    let kept = insert(&store, "kept");
    let gone = insert(&store, "gone");
    store
        .insert(named("first", "alice_shop"), None, NOW)
        .wait()
        .unwrap();
    let mut raw = bench.raw();
    raw.hold();
    let waiting = [
        store.insert(new_client("w1"), None, NOW),
        store.insert(new_client("w2"), None, NOW),
    ];
    let good: Vec<_> = (0..10)
        .map(|number| store.insert(new_client(&format!("g{number}")), None, NOW))
        .collect();
    let held = store.insert(
        with_token(ClientData {
            terms: Some(terms()),
            ..client_data("h1")
        }),
        None,
        NOW,
    );
    let conflict = store.insert(named("first", "alice_shop"), None, NOW);
    let equal = store.insert(named("second", "alice_shop"), None, NOW);
    let same = store.insert(new_client("kept"), None, NOW);
    let replaced = store.replace(&kept, metadata("other"), SecretChange::Keep, NOW);
    let deleted = store.delete(&gone.data.id);
    let paid = store.insert(new_client("p1"), Some(token.clone()), NOW);
    let unpaid = store.insert(new_client("p2"), Some(token), NOW);
    raw.execute("COMMIT");
    assert!(
        waiting
            .into_iter()
            .chain(good)
            .all(|written| written.wait().is_ok())
    );
    held.wait().unwrap();
    assert_eq!(
        store
            .client(&ClientId::new("h1"))
            .unwrap()
            .unwrap()
            .data
            .terms,
        Some(terms())
    );
    assert_eq!(conflict.wait().unwrap_err(), StoreError::Conflict);
    assert_eq!(same.wait().unwrap_err(), StoreError::Conflict);
    equal.wait().unwrap();
    assert_eq!(replaced.wait().unwrap().revision, kept.revision + 1);
    assert!(deleted.wait().unwrap());
    let paid = [paid.wait(), unpaid.wait()];
    assert_eq!(paid.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(
        paid.iter()
            .any(|outcome| matches!(outcome, Err(StoreError::TokenExhausted))),
        "{paid:?}"
    );
    assert_eq!(
        store
            .clients(&ClientFilter::default(), None, 100)
            .unwrap()
            .len(),
        17
    );
}

/// A write whose caller left before it began is not done.
fn write_of_a_caller_that_left_is_not_begun(bench: &Bench) {
    let store = bench.store();
    let mut raw = bench.raw();
    raw.hold();
    // More than all writers together take in their first batches.
    let begun: Vec<_> = (0..1_024)
        .map(|number| store.insert(new_client(&format!("c{number:04}")), None, NOW))
        .collect();
    drop(store.insert(new_client("gone"), None, NOW));
    raw.execute("COMMIT");
    assert!(begun.into_iter().all(|written| written.wait().is_ok()));
    store.close();
    assert!(store.client(&ClientId::new("gone")).unwrap().is_none());
}

fn nothing_is_answered_before_it_is_durable(bench: &Bench) {
    let store = bench.store();
    let mut raw = bench.raw();
    raw.hold();
    let mut written = store.insert(new_client("c1"), None, NOW);
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(
        Pin::new(&mut written).poll(&mut context),
        Poll::Pending
    ));
    assert!(store.client(&ClientId::new("c1")).unwrap().is_none());
    raw.execute("COMMIT");
    written.wait().unwrap();
    assert!(
        bench.open().client(&ClientId::new("c1")).unwrap().is_some(),
        "another process sees it"
    );
}

fn a_full_queue_refuses_and_loses_nothing(bench: &Bench) {
    let store = bench.store();
    // Two writers may have taken a full batch each, in addition to the queue. The clients are
    // prepared before the lock is held, because writers wait for a lock for a few seconds only.
    let mut clients = (0..=4096 + 2 * 256)
        .map(|number| new_client(&format!("c{number:05}")))
        .collect::<Vec<_>>()
        .into_iter();
    let mut raw = bench.raw();
    raw.hold();
    let mut accepted = Vec::new();
    let refused = loop {
        let mut written = store.insert(clients.next().expect("the queue has an end"), None, NOW);
        match Pin::new(&mut written).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(error)) => break error,
            Poll::Ready(Ok(_)) => panic!("nothing can be durable yet"),
            Poll::Pending => accepted.push(written),
        }
    };
    raw.execute("COMMIT");
    assert_eq!(
        refused,
        StoreError::Unavailable("too many writes are waiting".to_owned())
    );
    assert!(accepted.len() >= 4096);
    let count = accepted.len();
    assert!(accepted.into_iter().all(|written| written.wait().is_ok()));
    assert_eq!(
        bench
            .raw()
            .values("SELECT CAST(COUNT(*) AS TEXT) AS value FROM client"),
        [count.to_string()]
    );
}

fn closing_finishes_the_queue_and_refuses_the_rest(bench: &Bench) {
    let store = bench.store();
    let kept = insert(&store, "kept");
    let queued: Vec<_> = (0..300)
        .map(|number| store.insert(new_client(&format!("c{number}")), None, NOW))
        .collect();
    store.close();
    assert!(queued.into_iter().all(|written| written.wait().is_ok()));
    let closed = StoreError::Unavailable("the store is closed".to_owned());
    assert_eq!(
        store
            .insert(new_client("late"), None, NOW)
            .wait()
            .unwrap_err(),
        closed
    );
    assert_eq!(store.delete(&kept.data.id).wait().unwrap_err(), closed);
    assert!(
        store.client(&kept.data.id).unwrap().is_some(),
        "reads go on"
    );
    store.close();
}

fn what_was_written_is_counted(bench: &Bench) {
    let store = bench.store();
    let before = store.activity();
    let total = |distribution: &Distribution| {
        distribution
            .buckets
            .iter()
            .map(|(_, count)| count)
            .sum::<u64>()
            + distribution.above
    };
    assert_eq!(
        (
            before.writes_waiting,
            total(&before.batches),
            total(&before.commits)
        ),
        (0, 0, 0)
    );
    let written: Vec<_> = (0..5)
        .map(|number| store.insert(new_client(&format!("c{number}")), None, NOW))
        .collect();
    assert!(written.into_iter().all(|written| written.wait().is_ok()));
    let after = store.activity();
    assert_eq!(
        (
            after.writes_waiting,
            after.writes_refused,
            after.transactions_failed
        ),
        (0, 0, 0)
    );
    assert_eq!(after.batches.sum, 5, "each write was in one transaction");
    assert_eq!(total(&after.batches), total(&after.commits));
    assert!(after.commits.sum > 0);
    assert_eq!(store.clients_stored().unwrap(), 5);
    assert_eq!(after.connections_in_use, 0);
    assert!(after.connections_idle <= after.connections_limit);
}
