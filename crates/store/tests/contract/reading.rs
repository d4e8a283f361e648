//! Queued reads, which share a query.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use protocol::{ClientId, Issuer, RegistrationAccessToken};
use store::{ClientData, ClientSummary, Store, StoreError};

use crate::bench::{Bench, NOW, client_data, insert, provider, token, with_token};

on_both!(
    concurrent_reads_are_answered_separately,
    damaged_client_does_not_hide_the_others,
    a_read_notes_that_the_client_is_used,
);

type Answer = Result<Option<ClientSummary>, StoreError>;

/// Runs reads concurrently and returns their results.
fn together(asked: Vec<impl Future<Output = Answer>>) -> Vec<Answer> {
    asked.into_iter().map(wait).collect()
}

/// Runs a read to its end.
pub fn wait(asked: impl Future<Output = Answer>) -> Answer {
    let (mut asked, mut context) = (pin!(asked), Context::from_waker(Waker::noop()));
    let begun = Instant::now();
    loop {
        match asked.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => thread::yield_now(),
        }
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "an answer does not come"
        );
    }
}

fn of(
    store: &Store,
    id: &str,
    token: &RegistrationAccessToken,
) -> impl Future<Output = Answer> + use<> {
    store.find_summary(&provider(), &ClientId::new(id), token, NOW)
}

/// RFC 7592 §2.1: each caller reads its own client, and a caller without a valid token reads
/// nothing.
fn concurrent_reads_are_answered_separately(bench: &Bench) {
    let store = bench.store();
    let clients: Vec<_> = (0..100)
        .map(|number| insert(&store, &format!("c{number}")))
        .collect();
    store
        .insert(
            with_token(ClientData {
                expires_at: Some(NOW),
                ..client_data("expired")
            }),
            None,
            NOW,
        )
        .wait()
        .unwrap();
    let stranger = Issuer::parse("https://other.example").unwrap();
    let mut asked = Vec::new();
    for client in &clients {
        let id = client.data.id.as_str();
        asked.push(of(&store, id, &token(id)));
        asked.push(of(&store, id, &token("another")));
    }
    asked.push(of(&store, "expired", &token("expired")));
    asked.push(of(&store, "nobody", &token("nobody")));
    asked.push(of(&store, "nul\0", &token("nul")));
    let mut answers = together(asked).into_iter();
    for client in &clients {
        let own = answers.next().unwrap().unwrap().unwrap();
        assert_eq!(
            (own.id, own.metadata.as_str(), own.secret),
            (
                client.data.id.clone(),
                client.data.metadata.json(),
                client.data.secret.clone()
            )
        );
        assert_eq!(
            (own.issued_at, own.secret_expires_at),
            (client.data.issued_at, client.data.secret_expires_at)
        );
        assert!(
            answers.next().unwrap().unwrap().is_none(),
            "{}: with another token",
            client.data.id
        );
    }
    for answer in answers {
        assert!(answer.unwrap().is_none());
    }
    let elsewhere = together(vec![store.find_summary(
        &stranger,
        &clients[0].data.id,
        &token("c0"),
        NOW,
    )]);
    assert!(
        elsewhere[0].as_ref().unwrap().is_none(),
        "at another provider"
    );
}

/// A damaged client does not keep the others from being read.
fn damaged_client_does_not_hide_the_others(bench: &Bench) {
    let store = bench.store();
    let damage = [
        ("c1", "metadata", "{\"redirect_uris\":"),
        ("c2", "secret_sealed", "AQ"),
        ("c3", "metadata", "{\"client_name\":7}"),
        ("c4", "terms", "{\"scopes\":[]}"),
    ];
    insert(&store, "c0");
    for (id, column, value) in damage {
        insert(&store, id);
        bench.raw().execute(&format!(
            "UPDATE client SET {column} = '{value}' WHERE client_id = '{id}'"
        ));
    }
    insert(&store, "c5");
    let mut answers = together(
        (0..6)
            .map(|number| format!("c{number}"))
            .map(|id| of(&store, &id, &token(&id)))
            .collect(),
    )
    .into_iter();
    assert_eq!(answers.next().unwrap().unwrap().unwrap().id.as_str(), "c0");
    for (id, column, _) in damage {
        let corrupt = StoreError::Corrupt {
            table: "client",
            column,
            key: id.to_owned(),
        };
        assert_eq!(answers.next().unwrap().unwrap_err(), corrupt);
    }
    assert_eq!(answers.next().unwrap().unwrap().unwrap().id.as_str(), "c5");
}

fn a_read_notes_that_the_client_is_used(bench: &Bench) {
    let store = bench.store();
    let client = insert(&store, "c1");
    assert!(
        together(vec![of(&store, "c1", &token("another"))])[0]
            .as_ref()
            .unwrap()
            .is_none()
    );
    store.flush_last_used().unwrap();
    assert_eq!(
        store.client(&client.data.id).unwrap().unwrap().last_used_at,
        None,
        "whoever was refused used nothing"
    );
    assert!(
        together(vec![of(&store, "c1", &token("c1"))])[0]
            .as_ref()
            .unwrap()
            .is_some()
    );
    store.flush_last_used().unwrap();
    let used = store
        .client(&client.data.id)
        .unwrap()
        .unwrap()
        .last_used_at
        .unwrap();
    assert!(
        used <= NOW && NOW.seconds() - used.seconds() < 86_400,
        "the day is known"
    );
}
