//! Common values of the tests about the copies of clients at authorization servers.

use std::time::Duration;

use protocol::{ClientId, InitialAccessToken, Secret, Timestamp};
use store::{
    Client, ConfirmedCopy, DeliveryOutcome, NewToken, ProvisioningRow, ProvisioningState, Store,
    TokenId, WriteLease,
};

use crate::bench::{NOW, insert, new_client, provider};

pub fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

pub fn id(text: &str) -> ClientId {
    ClientId::new(text)
}

/// Returns the copy of a revision, as the server confirmed it.
pub fn copy(revision: i64) -> ConfirmedCopy {
    ConfirmedCopy {
        handle: Some("handle".to_owned()),
        token: None,
        dropped_members: vec!["contacts".to_owned(), "client_name#ja".to_owned()],
        revision,
        secret_until: None,
        due_at: None,
    }
}

pub fn copy_with_token(revision: i64, token: &str) -> ConfirmedCopy {
    ConfirmedCopy {
        token: Some(Secret::new(token)),
        ..copy(revision)
    }
}

/// Returns the row of a client, which must be there.
pub fn row(store: &Store, client: &str) -> ProvisioningRow {
    store
        .provisioning_row(&provider(), &id(client))
        .unwrap()
        .unwrap()
}

pub fn has_row(store: &Store, client: &str) -> bool {
    store
        .provisioning_row(&provider(), &id(client))
        .unwrap()
        .is_some()
}

pub fn has_client(store: &Store, client: &str) -> bool {
    store.client(&id(client)).unwrap().is_some()
}

/// Begins a registration that may write its copy for 15 seconds.
pub fn begin(store: &Store, client: &str) -> WriteLease {
    let place = Some((id(client), Some(format!("place_of_{client}"))));
    store
        .begin_create(&provider(), place, after(15), 0, NOW)
        .wait()
        .unwrap()
}

/// Registers a client after the server confirmed its copy.
pub fn register(store: &Store, client: &str) -> Client {
    let lease = begin(store, client);
    store
        .complete_create(&lease, new_client(client), None, copy(1), NOW)
        .wait()
        .unwrap();
    store.client(&id(client)).unwrap().unwrap()
}

/// Records the outcome of a delivery. Returns false if the row was changed meanwhile.
pub fn is_recorded(
    store: &Store,
    lease: &WriteLease,
    outcome: DeliveryOutcome,
    now: Timestamp,
) -> bool {
    store.record_delivery(lease, outcome, now).wait().unwrap()
}

/// Takes the lease of a client's row, which is due.
pub fn lease(store: &Store, client: &str, until: u64, now: u64) -> (WriteLease, ProvisioningRow) {
    let due = row(store, client);
    store
        .lease(&due, after(until), after(now))
        .wait()
        .unwrap()
        .unwrap()
}

/// Registers a client without a row, and has a row made that is due now.
pub fn pending(store: &Store, client: &str) -> Client {
    let client = insert(store, client);
    let added = store.add_pending(&provider(), &client.data.id, None, 0, NOW);
    assert!(added.wait().unwrap());
    client
}

/// Issues an initial access token with a number of uses.
pub fn token_with(store: &Store, uses: i64) -> TokenId {
    let token = InitialAccessToken::new("iat_of_the_test");
    let new = NewToken {
        uses: Some(uses),
        ..NewToken::default()
    };
    store.issue_token(&token, new, NOW).unwrap()
}

/// Returns the events of the audit trail.
pub fn events(store: &Store) -> Vec<String> {
    let rows = store.audit(None, None, None, 1_000).unwrap();
    rows.into_iter().map(|row| row.event).collect()
}

pub fn count(store: &Store, event: &str) -> usize {
    events(store).iter().filter(|found| *found == event).count()
}

/// Asserts state, due time and confirmations of a client's row that no writer has.
pub fn assert_rests(
    store: &Store,
    client: &str,
    state: ProvisioningState,
    due_at: Option<Timestamp>,
    confirmations: i64,
) {
    let row = row(store, client);
    assert_eq!(
        (row.state, row.due_at, row.confirmations, row.is_in_flight),
        (state, due_at, confirmations, false),
        "{row:?}"
    );
}
