//! Any sequence of events of two writers keeps the promises of the copies.
//!
//! A model keeps the leases of each writer: a lease is good until its time, and the store must agree with the model about it.

use std::time::Duration;

use proptest::prelude::*;
use protocol::Timestamp;
use store::{
    Client, DeliveryOutcome, ProvisioningFilter, ProvisioningRow, ProvisioningState, SecretChange,
    Store, StoreError, WriteLease,
};

use crate::bench::{Bench, NOW, metadata, new_client, provider};
use crate::provisioned::{copy, has_client, id};

const CLIENTS: [&str; 2] = ["c0", "c1"];

/// The time that a writer has.
const LEASE: u64 = 15;

/// An event, of a writer about a client.
#[derive(Debug, Clone, Copy)]
enum Event {
    BeginCreate,
    CompleteCreate,
    CancelCreate,
    WithdrawCreate,
    InsertPending,
    AddPending,
    BeginUpdate,
    CompleteUpdate,
    ReleaseUpdate,
    ReplacePending,
    Delete,
    Deliver,
    Synced,
    Rejected,
    Postponed,
    Gone,
    MarkDue,
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::BeginCreate),
        Just(Event::CompleteCreate),
        Just(Event::CancelCreate),
        Just(Event::WithdrawCreate),
        Just(Event::InsertPending),
        Just(Event::AddPending),
        Just(Event::BeginUpdate),
        Just(Event::CompleteUpdate),
        Just(Event::ReleaseUpdate),
        Just(Event::ReplacePending),
        Just(Event::Delete),
        Just(Event::Deliver),
        Just(Event::Synced),
        Just(Event::Rejected),
        Just(Event::Postponed),
        Just(Event::Gone),
        Just(Event::MarkDue),
        (1_u64..20).prop_map(Event::Wait),
    ]
}

/// The kind of write that a lease is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Update,
    Write,
    Deletion,
}

/// A lease that a writer was given and did not end.
#[derive(Debug, Clone)]
struct Held {
    lease: WriteLease,
    kind: Kind,
    client: usize,
    /// The client as it was read for an update.
    before: Option<Client>,
}

/// Two writers of a store.
struct Model {
    stores: [Store; 2],
    /// The leases of each writer. An ended lease stays, and must have no effect.
    held: [Vec<Held>; 2],
    /// The lease of each client that gives the right now, until its time.
    current: [Option<Timestamp>; 2],
    now: Timestamp,
}

impl Model {
    fn row(&self, client: usize) -> Option<ProvisioningRow> {
        self.stores[0]
            .provisioning_row(&provider(), &id(CLIENTS[client]))
            .unwrap()
    }

    fn client(&self, client: usize) -> Option<Client> {
        self.stores[0].client(&id(CLIENTS[client])).unwrap()
    }

    fn until(&self) -> Timestamp {
        self.now.plus(Duration::from_secs(LEASE))
    }

    /// Gives a lease to a writer. Another writer must not have any.
    fn take(&mut self, writer: usize, held: Held) {
        let current = self.current[held.client];
        assert!(
            current.is_none_or(|until| until <= self.now),
            "two leases at once: {current:?} at {:?}, and {held:?}",
            self.now
        );
        self.current[held.client] = Some(held.lease.until());
        self.held[writer].push(held);
    }

    /// Returns any lease of the writer, ended or not.
    fn any(&self, writer: usize, client: usize, kind: Kind, pick: usize) -> Option<Held> {
        let is_mine = |held: &&Held| held.client == client && held.kind == kind;
        let mine: Vec<&Held> = self.held[writer].iter().rev().filter(is_mine).collect();
        mine.get(pick % mine.len().max(1)).copied().cloned()
    }

    /// Ends a lease, which counts only if it gives the right now.
    fn end(&mut self, held: &Held, ended: bool) {
        let is_current = self.current[held.client] == Some(held.lease.until());
        assert!(
            !ended || is_current,
            "a lease that ended had an effect: {held:?}"
        );
        if ended {
            self.current[held.client] = None;
        }
    }

    fn run(&mut self, (writer, client, pick): (usize, usize, usize), event: Event) {
        let (store, name, now) = (self.stores[writer].clone(), CLIENTS[client], self.now);
        let handle = Some(name.to_owned());
        match event {
            Event::Wait(seconds) => self.now = now.plus(Duration::from_secs(seconds)),
            // An identifier is drawn once, so the model begins only with new ones.
            Event::BeginCreate if self.client(client).is_none() => {
                let place = Some((id(name), handle));
                let begun = store
                    .begin_create(&provider(), place, self.until(), 0, now)
                    .wait();
                match begun {
                    Ok(lease) => self.take(
                        writer,
                        Held {
                            lease,
                            kind: Kind::Create,
                            client,
                            before: None,
                        },
                    ),
                    Err(error) => assert_eq!(error, StoreError::Conflict),
                }
            }
            Event::InsertPending if self.row(client).is_none() => {
                let done = store
                    .insert_pending(new_client(name), None, handle, 0, now)
                    .wait();
                assert!(done.is_ok() || self.client(client).is_some());
            }
            Event::CompleteCreate => {
                if let Some(held) = self.any(writer, client, Kind::Create, pick) {
                    let done = store
                        .complete_create(&held.lease, new_client(name), None, copy(1), now)
                        .wait();
                    self.end(&held, done.is_ok());
                }
            }
            Event::CancelCreate => {
                if let Some(held) = self.any(writer, client, Kind::Create, pick) {
                    let done = store.cancel_create(&held.lease).wait().unwrap();
                    self.end(&held, done);
                }
            }
            Event::WithdrawCreate => {
                // A registration is withdrawn once, and only when it was not completed: then its lease is the last word.
                if let Some(held) = self.any(writer, client, Kind::Create, pick)
                    && self
                        .row(client)
                        .is_some_and(|row| row.state == ProvisioningState::Creating)
                {
                    let done = store
                        .withdraw_create(&held.lease, None, "no answer", now, now)
                        .wait()
                        .unwrap();
                    self.end(&held, done);
                }
            }
            Event::AddPending => {
                let has_client = self.client(client).is_some();
                let had_row = self.row(client).is_some();
                let added = store
                    .add_pending(&provider(), &id(name), handle, 0, now)
                    .wait()
                    .unwrap();
                assert_eq!(added, has_client && !had_row);
            }
            Event::BeginUpdate => {
                let Some(before) = self.client(client) else {
                    return;
                };
                match store
                    .begin_update(&before, handle, self.until(), now)
                    .wait()
                {
                    Ok((lease, _)) => {
                        let before = Some(before);
                        self.take(
                            writer,
                            Held {
                                lease,
                                kind: Kind::Update,
                                client,
                                before,
                            },
                        );
                    }
                    Err(StoreError::BeingWritten { until }) => {
                        assert_eq!(self.current[client], Some(until));
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            Event::CompleteUpdate => {
                if let Some(held) = self.any(writer, client, Kind::Update, pick) {
                    let before = held.before.clone().unwrap();
                    let new = metadata(&format!("revision {}", before.revision));
                    let confirmed = copy(before.revision + 1);
                    let done = store
                        .complete_update(
                            &held.lease,
                            &before,
                            new,
                            SecretChange::Keep,
                            confirmed,
                            now,
                        )
                        .wait();
                    let is_current = self.current[client] == Some(held.lease.until());
                    let ended = done.is_ok()
                        || (is_current && self.row(client).is_some_and(|row| !row.is_in_flight));
                    self.end(&held, ended);
                }
            }
            Event::ReleaseUpdate => {
                if let Some(held) = self.any(writer, client, Kind::Update, pick) {
                    let done = store
                        .release_update(&held.lease, Some("no answer"), now)
                        .wait()
                        .unwrap();
                    self.end(&held, done);
                }
            }
            Event::ReplacePending => {
                let Some(before) = self.client(client) else {
                    return;
                };
                let new = metadata(&format!("later {}", before.revision));
                store
                    .replace_pending(&before, new, SecretChange::Keep, handle, now)
                    .wait()
                    .unwrap();
            }
            Event::Delete => {
                let had = self.client(client).is_some();
                assert_eq!(store.delete(&id(name)).wait().unwrap(), had);
                if had {
                    self.current[client] = None;
                }
            }
            Event::Deliver => {
                let due = store.due_rows(&provider(), now, 9).unwrap();
                let of_client = |row: &&ProvisioningRow| row.client_id.as_ref() == Some(&id(name));
                let Some(row) = due.iter().find(of_client) else {
                    return;
                };
                let taken = store.lease(row, self.until(), now).wait().unwrap();
                let (lease, row) = taken.expect("a row that is due is leased");
                let kind = match row.state {
                    ProvisioningState::Pending => Kind::Write,
                    ProvisioningState::Deleting => Kind::Deletion,
                    state => panic!("a leased row is {state:?}"),
                };
                self.take(
                    writer,
                    Held {
                        lease,
                        kind,
                        client,
                        before: None,
                    },
                );
            }
            Event::Synced | Event::Rejected | Event::Postponed | Event::Gone => {
                let kind = if matches!(event, Event::Gone) {
                    Kind::Deletion
                } else {
                    Kind::Write
                };
                let Some(held) = self.any(writer, client, kind, pick) else {
                    return;
                };
                let revision = self.client(client).map_or(1, |client| client.revision);
                let error = "no".to_owned();
                let outcome = match event {
                    Event::Synced => DeliveryOutcome::Synced(copy(revision)),
                    Event::Rejected => DeliveryOutcome::Rejected { error },
                    Event::Postponed => DeliveryOutcome::Postponed {
                        error,
                        due_at: self.until(),
                    },
                    _ => DeliveryOutcome::Gone {
                        again_at: self.until(),
                    },
                };
                let done = store
                    .record_delivery(&held.lease, outcome, now)
                    .wait()
                    .unwrap();
                self.end(&held, done);
            }
            Event::MarkDue => {
                let selection = store::DueSelection::All(provider());
                store.mark_due(&selection, now).unwrap();
            }
            Event::BeginCreate | Event::InsertPending => {}
        }
    }

    /// The promises that hold after every event.
    fn check(&self) {
        let store = &self.stores[1];
        let rows = store
            .provisioning_rows(&ProvisioningFilter::default(), None, 99)
            .unwrap();
        assert!(rows.len() <= CLIENTS.len());
        for listed in rows {
            let row = listed.row.unwrap();
            let name = row.client_id.clone().unwrap();
            let client = CLIENTS
                .iter()
                .position(|client| *client == name.as_str())
                .unwrap();
            let exists = has_client(store, name.as_str());
            match row.state {
                ProvisioningState::Creating | ProvisioningState::Deleting => {
                    assert!(!exists, "a client with {row:?}");
                    assert!(row.due_at.is_some(), "{row:?} would stay for ever");
                }
                ProvisioningState::Pending => {
                    assert!(exists, "no client with {row:?}");
                    assert!(row.due_at.is_some(), "{row:?} would stay for ever");
                }
                ProvisioningState::Synced => {
                    assert!(exists, "no client with {row:?}");
                    assert!(row.synced_revision == Some(row.revision), "{row:?}");
                }
                ProvisioningState::Rejected => assert!(exists, "no client with {row:?}"),
            }
            if row.is_in_flight {
                assert_eq!(row.due_at, self.current[client], "{row:?}");
                let may_be_confirmed_once = row.state == ProvisioningState::Deleting;
                assert!(row.confirmations == 2 || may_be_confirmed_once, "{row:?}");
            }
        }
    }
}

fn run(bench: &Bench, events: &[((usize, usize, usize), Event)]) {
    let mut model = Model {
        stores: [bench.store(), bench.open()],
        held: [Vec::new(), Vec::new()],
        current: [None; 2],
        now: NOW,
    };
    for (choice, event) in events {
        model.run(*choice, *event);
        model.check();
    }
}

fn events() -> impl Strategy<Value = Vec<((usize, usize, usize), Event)>> {
    let choice = (0_usize..2, 0_usize..CLIENTS.len(), 0_usize..3);
    prop::collection::vec((choice, event()), 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_writers_keep_the_promises_on_sqlite(events in events()) {
        run(&Bench::sqlite(), &events);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_writers_keep_the_promises_on_postgres(events in events()) {
        run(&Bench::postgres(), &events);
    }
}
