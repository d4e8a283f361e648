//! The copies of clients at authorization servers: registrations, updates and deletions.

use protocol::{ClientSecret, Issuer, Timestamp};
use store::audit::AuditEvent;
use store::{ClientData, CopyPlace, DeliveryOutcome, ProvisioningState, SecretChange, StoreError};

use crate::bench::{
    Bench, NOW, client_data, insert, insert_as, metadata, new_client, provider, race, token,
    with_token,
};
use crate::provisioned::{
    after, assert_rests, begin, copy, copy_with_token, count, events, has_client, has_row, id,
    is_recorded, lease, pending, register, row, token_with,
};

on_both!(
    intent_is_stored_before_the_client,
    refused_registration_leaves_nothing,
    unanswered_registration_is_taken_back,
    late_completion_stores_nothing,
    spent_token_takes_the_registration_back,
    token_is_spent_with_the_client,
    taken_identifier_leaves_the_intent,
    lost_commit_is_taken_back,
    chosen_identifier_is_stored_with_the_client,
    late_place_is_not_lost,
    copies_stay_within_at_most,
    racing_registrations_stay_within_at_most,
    later_copy_comes_with_the_client,
    client_without_a_row_gets_one,
    update_is_in_doubt_until_it_is_stored,
    one_writer_has_the_copy,
    racing_updates_have_one_writer,
    dead_writer_is_replaced_after_its_time,
    stale_update_writes_nothing,
    update_of_a_changed_client_is_restored,
    failed_update_is_restored,
    update_without_a_change_confirms_the_copy,
    rejected_copy_is_written_by_an_update,
    later_update_waits_for_the_delivery,
    refusal_of_an_older_state_is_no_refusal,
    deletion_deletes_the_copy,
    deletion_waits_for_the_flight,
    deletion_of_an_intent_is_no_deletion,
    deletion_spares_copies_of_others,
    nul_never_reaches_the_database,
    errors_are_stored_short,
);

/// The row is there before the server is asked, and the client only with the server's word. RFC 7591 §3.2.1.
fn intent_is_stored_before_the_client(bench: &Bench) {
    let store = bench.store();
    let lease = begin(&store, "c1");
    assert_eq!(lease.until(), after(15));
    let intent = row(&store, "c1");
    assert_eq!(intent.state, ProvisioningState::Creating);
    assert_eq!(intent.due_at, Some(after(15)));
    assert!(intent.is_in_flight);
    assert_eq!((intent.confirmations, intent.attempts), (2, 0));
    assert_eq!(intent.handle.as_deref(), Some("place_of_c1"));
    assert!(!has_client(&store, "c1"));
    assert!(
        store
            .due_rows(&provider(), after(14), 9)
            .unwrap()
            .is_empty()
    );
    let told = store
        .complete_create(
            &lease,
            new_client("c1"),
            None,
            copy_with_token(1, "rat"),
            after(2),
        )
        .wait()
        .unwrap();
    assert_eq!(told.id, id("c1"));
    assert!(has_client(&store, "c1"));
    assert_rests(&store, "c1", ProvisioningState::Synced, None, 1);
    let synced = row(&store, "c1");
    assert_eq!((synced.revision, synced.synced_revision), (1, Some(1)));
    assert_eq!(synced.handle.as_deref(), Some("handle"));
    assert_eq!(synced.token.unwrap().reveal(), "rat");
    assert_eq!(synced.dropped_members, ["contacts", "client_name#ja"]);
    assert_eq!(synced.since, after(2));
    assert_eq!(events(&store), [AuditEvent::ClientRegistered.as_str()]);
}

/// A server that refuses the client for good has nothing, and neither has the store.
fn refused_registration_leaves_nothing(bench: &Bench) {
    let store = bench.store();
    let lease = begin(&store, "c1");
    assert!(store.cancel_create(&lease).wait().unwrap());
    assert!(!has_row(&store, "c1"));
    assert!(!store.cancel_create(&lease).wait().unwrap());
    let late = store.complete_create(&lease, new_client("c1"), None, copy(1), NOW);
    assert_eq!(late.wait().unwrap_err(), StoreError::Stale);
    assert!(!has_client(&store, "c1"));
    assert!(events(&store).is_empty());
}

/// A copy that may be there is deleted, and the server must say so twice.
fn unanswered_registration_is_taken_back(bench: &Bench) {
    let store = bench.store();
    let lease = begin(&store, "c1");
    let withdrawn = store.withdraw_create(&lease, None, "no answer", after(3), after(2));
    assert!(withdrawn.wait().unwrap());
    assert_rests(&store, "c1", ProvisioningState::Deleting, Some(after(3)), 2);
    let taken = row(&store, "c1");
    assert_eq!(taken.error.as_deref(), Some("no answer"));
    assert_eq!(taken.handle.as_deref(), Some("place_of_c1"));
    assert_eq!(taken.since, after(2));
    assert_eq!(events(&store), [AuditEvent::RegistrationWithdrawn.as_str()]);
    let late = store.complete_create(&lease, new_client("c1"), None, copy(1), NOW);
    assert_eq!(late.wait().unwrap_err(), StoreError::Stale);
    assert!(!has_client(&store, "c1"));
    assert!(!store.cancel_create(&lease).wait().unwrap());
    let again = store.withdraw_create(&lease, None, "no answer", after(9), after(9));
    assert!(!again.wait().unwrap());
    assert_eq!(row(&store, "c1"), taken, "the losers changed nothing");
    assert_eq!(events(&store).len(), 1);
}

/// After its time a registration is the deliverer's, and its answer counts no more.
fn late_completion_stores_nothing(bench: &Bench) {
    let store = bench.store();
    let paid = token_with(&store, 1);
    let late = begin(&store, "c1");
    let (taken, leased) = lease(&store, "c1", 50, 15);
    assert_eq!(leased.state, ProvisioningState::Deleting);
    assert_eq!((leased.confirmations, leased.attempts), (2, 1));
    assert_eq!(leased.due_at, Some(taken.until()));
    assert_eq!(count(&store, AuditEvent::RegistrationWithdrawn.as_str()), 1);
    let answer = store.complete_create(
        &late,
        new_client("c1"),
        Some(paid.clone()),
        copy(1),
        after(16),
    );
    assert_eq!(answer.wait().unwrap_err(), StoreError::Stale);
    assert!(!has_client(&store, "c1"));
    assert_eq!(store.tokens().unwrap()[0].uses_left, Some(1));
    assert!(!store.cancel_create(&late).wait().unwrap());
    assert_eq!(row(&store, "c1"), leased);
}

/// A token that another registration used up meanwhile makes no client, and the copy goes.
fn spent_token_takes_the_registration_back(bench: &Bench) {
    let store = bench.store();
    let paid = token_with(&store, 1);
    let lease = begin(&store, "c1");
    let other = store.insert(new_client("c2"), Some(paid.clone()), NOW);
    other.wait().unwrap();
    let refused = store.complete_create(
        &lease,
        new_client("c1"),
        Some(paid),
        copy_with_token(1, "rat"),
        after(2),
    );
    assert_eq!(refused.wait().unwrap_err(), StoreError::TokenExhausted);
    assert!(!has_client(&store, "c1"));
    assert_rests(&store, "c1", ProvisioningState::Deleting, Some(after(2)), 1);
    let taken = row(&store, "c1");
    assert_eq!(taken.handle.as_deref(), Some("handle"));
    assert_eq!(taken.token.unwrap().reveal(), "rat", "it deletes the copy");
    assert_eq!(count(&store, AuditEvent::ClientRegistered.as_str()), 1);
}

fn token_is_spent_with_the_client(bench: &Bench) {
    let store = bench.store();
    let paid = token_with(&store, 2);
    let lease = begin(&store, "c1");
    assert_eq!(store.tokens().unwrap()[0].uses_left, Some(2));
    let done = store.complete_create(&lease, new_client("c1"), Some(paid), copy(1), NOW);
    done.wait().unwrap();
    assert_eq!(store.tokens().unwrap()[0].uses_left, Some(1));
}

/// A server must not choose the identifier of another client: that client stays, and the copy goes.
fn taken_identifier_leaves_the_intent(bench: &Bench) {
    let store = bench.store();
    let first = insert(&store, "c1");
    let lease = store
        .begin_create(&provider(), None, after(15), 0, NOW)
        .wait()
        .unwrap();
    let taken = store.complete_create(&lease, new_client("c1"), None, copy(1), NOW);
    assert_eq!(taken.wait().unwrap_err(), StoreError::Conflict);
    let place = CopyPlace {
        client_id: id("c1"),
        handle: Some("there".to_owned()),
        token: None,
    };
    let withdrawn = store.withdraw_create(&lease, Some(place), "the identifier is taken", NOW, NOW);
    assert!(withdrawn.wait().unwrap());
    let kept = store.client(&id("c1")).unwrap().unwrap();
    assert_eq!(format!("{kept:?}"), format!("{first:?}"));
    assert_rests(&store, "c1", ProvisioningState::Deleting, Some(NOW), 2);
}

/// A commit without an answer is a 503 to the client, so its credentials are lost.
fn lost_commit_is_taken_back(bench: &Bench) {
    let store = bench.store();
    let lease = begin(&store, "c1");
    let done = store.complete_create(&lease, new_client("c1"), None, copy(1), NOW);
    done.wait().unwrap();
    let withdrawn =
        store.withdraw_create(&lease, None, "the store did not answer", after(1), after(1));
    assert!(withdrawn.wait().unwrap());
    assert!(!has_client(&store, "c1"));
    assert_rests(&store, "c1", ProvisioningState::Deleting, Some(after(1)), 1);
}

/// RFC 7591 §3.2.1: the server behind the provider may issue the identifier.
fn chosen_identifier_is_stored_with_the_client(bench: &Bench) {
    let store = bench.store();
    let asked = || {
        store
            .begin_create(&provider(), None, after(15), 0, NOW)
            .wait()
            .unwrap()
    };
    let (one, other) = (asked(), asked());
    let rows = store
        .provisioning_rows(&store::ProvisioningFilter::default(), None, 9)
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|listed| listed.row.as_ref().unwrap().client_id.is_none())
    );
    let done = store.complete_create(
        &one,
        new_client("theirs"),
        None,
        copy_with_token(1, "rat"),
        NOW,
    );
    assert_eq!(done.wait().unwrap().id, id("theirs"));
    let stored = row(&store, "theirs");
    assert_eq!(stored.state, ProvisioningState::Synced);
    assert_eq!(stored.token.unwrap().reveal(), "rat");
    let place = CopyPlace {
        client_id: id("lost"),
        handle: Some("uri".to_owned()),
        token: Some(protocol::Secret::new("rat_2")),
    };
    let withdrawn = store.withdraw_create(&other, Some(place), "too late", NOW, NOW);
    assert!(withdrawn.wait().unwrap());
    let taken = row(&store, "lost");
    assert_eq!(taken.state, ProvisioningState::Deleting);
    assert_eq!(taken.handle.as_deref(), Some("uri"));
    assert_eq!(taken.token.unwrap().reveal(), "rat_2");
}

/// An answer after the deliverer gave the registration up names a copy that must be deleted.
fn late_place_is_not_lost(bench: &Bench) {
    let store = bench.store();
    let late = store
        .begin_create(&provider(), None, after(15), 0, NOW)
        .wait()
        .unwrap();
    let due = store.due_rows(&provider(), after(15), 9).unwrap();
    let (taken, _) = store
        .lease(&due[0], after(50), after(15))
        .wait()
        .unwrap()
        .unwrap();
    let place = |name: &str| {
        Some(CopyPlace {
            client_id: id(name),
            handle: None,
            token: Some(protocol::Secret::new(name)),
        })
    };
    let first = store.withdraw_create(&late, place("c1"), "late", after(16), after(16));
    assert!(first.wait().unwrap(), "the row has no place yet");
    assert_eq!(row(&store, "c1").token.unwrap().reveal(), "c1");
    let gone = DeliveryOutcome::Gone {
        again_at: after(60),
    };
    assert!(!is_recorded(&store, &taken, gone, after(17)));
    assert!(has_row(&store, "c1"));
    // Another, with a row that is done.
    let late = store
        .begin_create(&provider(), None, after(15), 0, NOW)
        .wait()
        .unwrap();
    assert!(store.cancel_create(&late).wait().unwrap());
    let second = store.withdraw_create(&late, place("c2"), "late", after(16), after(16));
    assert!(second.wait().unwrap());
    assert_rests(
        &store,
        "c2",
        ProvisioningState::Deleting,
        Some(after(16)),
        1,
    );
    assert_eq!(row(&store, "c2").token.unwrap().reveal(), "c2");
}

/// `provider.provision.at_most` counts the copies that are not being deleted.
fn copies_stay_within_at_most(bench: &Bench) {
    let store = bench.store();
    let begin = |name: &str| {
        let place = Some((id(name), None));
        store
            .begin_create(&provider(), place, after(15), 2, NOW)
            .wait()
    };
    let one = begin("c1").unwrap();
    pending(&store, "c2");
    assert_eq!(begin("c3").unwrap_err(), StoreError::TooManyCopies);
    let later = store.insert_pending(new_client("c4"), None, None, 2, NOW);
    assert_eq!(later.wait().unwrap_err(), StoreError::TooManyCopies);
    assert!(!has_row(&store, "c3") && !has_client(&store, "c4"));
    let other = Issuer::parse("https://other.example").unwrap();
    let elsewhere = store.begin_create(&other, Some((id("c3"), None)), after(15), 1, NOW);
    elsewhere.wait().unwrap();
    let withdrawn = store.withdraw_create(&one, None, "no answer", NOW, NOW);
    assert!(withdrawn.wait().unwrap());
    store
        .insert_pending(new_client("c4"), None, None, 2, NOW)
        .wait()
        .unwrap();
    assert_eq!(begin("c5").unwrap_err(), StoreError::TooManyCopies);
}

fn racing_registrations_stay_within_at_most(bench: &Bench) {
    let store = bench.store();
    let done = race(|number| {
        let place = Some((id(&format!("c{number}")), None));
        let store = if number % 2 == 0 {
            store.clone()
        } else {
            bench.open()
        };
        store
            .begin_create(&provider(), place, after(15), 7, NOW)
            .wait()
    });
    let (begun, refused): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
    assert_eq!(begun.len(), 7);
    assert!(
        refused
            .iter()
            .all(|refused| refused.as_ref().unwrap_err() == &StoreError::TooManyCopies)
    );
}

/// With `ready = "later"` the row is written in the client's own transaction, both or neither.
fn later_copy_comes_with_the_client(bench: &Bench) {
    let store = bench.store();
    let paid = token_with(&store, 1);
    let insert = |name: &str| {
        let handle = Some(format!("place_of_{name}"));
        store
            .insert_pending(new_client(name), Some(paid.clone()), handle, 0, NOW)
            .wait()
    };
    assert_eq!(insert("c1").unwrap().id, id("c1"));
    assert_rests(&store, "c1", ProvisioningState::Pending, Some(NOW), 1);
    let stored = row(&store, "c1");
    assert_eq!((stored.revision, stored.synced_revision), (1, None));
    assert_eq!(stored.handle.as_deref(), Some("place_of_c1"));
    assert_eq!(insert("c2").unwrap_err(), StoreError::TokenExhausted);
    assert!(!has_client(&store, "c2") && !has_row(&store, "c2"));
    let twice = store.insert_pending(new_client("c1"), None, None, 0, NOW);
    assert_eq!(twice.wait().unwrap_err(), StoreError::Conflict);
    assert_eq!(row(&store, "c1"), stored);
    assert_eq!(count(&store, AuditEvent::ClientRegistered.as_str()), 1);
}

/// Provisioning was switched on after the client registered.
fn client_without_a_row_gets_one(bench: &Bench) {
    let store = bench.store();
    let client = insert(&store, "c1");
    let newer = store
        .replace(&client, metadata("new"), SecretChange::Keep, NOW)
        .wait()
        .unwrap();
    let add = |name: &str, at: &Issuer| {
        store
            .add_pending(at, &id(name), Some("place".to_owned()), 0, NOW)
            .wait()
    };
    assert!(add("c1", &provider()).unwrap());
    assert_rests(&store, "c1", ProvisioningState::Pending, Some(NOW), 1);
    assert_eq!(row(&store, "c1").revision, newer.revision);
    let before = row(&store, "c1");
    assert!(!add("c1", &provider()).unwrap());
    assert_eq!(row(&store, "c1"), before);
    assert!(!add("unknown", &provider()).unwrap());
    assert!(!has_row(&store, "unknown"));
    let other = Issuer::parse("https://other.example").unwrap();
    assert!(!add("c1", &other).unwrap());
    assert!(store.provisioning_row(&other, &id("c1")).unwrap().is_none());
    assert!(!add("c\0", &provider()).unwrap());
}

/// RFC 7592 §2.2: the store has the new state only after the server has it.
fn update_is_in_doubt_until_it_is_stored(bench: &Bench) {
    let store = bench.store();
    let client = register(&store, "c1");
    let (lease, doubted) = store
        .begin_update(&client, None, after(15), NOW)
        .wait()
        .unwrap();
    assert_eq!(doubted, row(&store, "c1"));
    assert_eq!(doubted.state, ProvisioningState::Pending);
    assert_eq!((doubted.revision, doubted.confirmations), (1, 2));
    assert!(doubted.is_in_flight && doubted.due_at == Some(after(15)));
    let secret = SecretChange::Issue(ClientSecret::new("new"), Some(after(99)));
    let confirmed = store::ConfirmedCopy {
        secret_until: Some(after(99)),
        due_at: Some(after(99)),
        handle: None,
        ..copy_with_token(2, "rotated")
    };
    let updated = store
        .complete_update(
            &lease,
            &client,
            metadata("new"),
            secret,
            confirmed,
            after(3),
        )
        .wait()
        .unwrap();
    let stored = store.client(&id("c1")).unwrap().unwrap();
    assert_eq!(format!("{updated:?}"), format!("{stored:?}"));
    assert_eq!(stored.revision, 2);
    assert_rests(&store, "c1", ProvisioningState::Synced, Some(after(99)), 1);
    let synced = row(&store, "c1");
    assert_eq!((synced.revision, synced.synced_revision), (2, Some(2)));
    assert_eq!(synced.secret_until, Some(after(99)));
    assert_eq!(synced.token.unwrap().reveal(), "rotated");
    assert_eq!(
        synced.handle.as_deref(),
        Some("handle"),
        "the stored one is kept"
    );
    assert_eq!(count(&store, AuditEvent::ClientUpdated.as_str()), 1);
    let again = store.complete_update(
        &lease,
        &client,
        metadata("other"),
        SecretChange::Keep,
        copy(2),
        NOW,
    );
    assert_eq!(again.wait().unwrap_err(), StoreError::Stale);
    assert_eq!(
        store.client(&id("c1")).unwrap().unwrap().data.metadata,
        metadata("new")
    );
}

/// The first update of a client without a row makes it.
fn one_writer_has_the_copy(bench: &Bench) {
    let store = bench.store();
    let client = insert(&store, "c1");
    let first = store.begin_update(&client, Some("place".to_owned()), after(15), NOW);
    let (lease, begun) = first.wait().unwrap();
    assert_eq!(begun.handle.as_deref(), Some("place"));
    let second = store
        .begin_update(&client, None, after(20), after(14))
        .wait();
    assert_eq!(
        second.unwrap_err(),
        StoreError::BeingWritten { until: after(15) }
    );
    let deliverer = store.lease(&begun, after(60), after(14)).wait().unwrap();
    assert!(deliverer.is_none());
    assert_eq!(row(&store, "c1"), begun);
    assert!(store.release_update(&lease, None, after(1)).wait().unwrap());
    store
        .begin_update(&client, None, after(20), after(14))
        .wait()
        .unwrap();
}

fn racing_updates_have_one_writer(bench: &Bench) {
    let store = bench.store();
    let client = register(&store, "c1");
    let begun = race(|number| {
        let store = if number % 2 == 0 {
            store.clone()
        } else {
            bench.open()
        };
        store.begin_update(&client, None, after(15), NOW).wait()
    });
    let (won, lost): (Vec<_>, Vec<_>) = begun.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    let until = after(15);
    assert!(
        lost.iter()
            .all(|lost| lost.as_ref().unwrap_err() == &StoreError::BeingWritten { until })
    );
}

/// A writer that died loses its right by time, and its late answer changes nothing.
fn dead_writer_is_replaced_after_its_time(bench: &Bench) {
    let store = bench.store();
    let client = register(&store, "c1");
    let (dead, _) = store
        .begin_update(&client, None, after(15), NOW)
        .wait()
        .unwrap();
    let (alive, _) = store
        .begin_update(&client, None, after(30), after(15))
        .wait()
        .unwrap();
    let late = store.complete_update(
        &dead,
        &client,
        metadata("late"),
        SecretChange::Keep,
        copy(2),
        after(16),
    );
    assert_eq!(late.wait().unwrap_err(), StoreError::Stale);
    assert!(
        !store
            .release_update(&dead, Some("late"), after(16))
            .wait()
            .unwrap()
    );
    assert_eq!(store.client(&id("c1")).unwrap().unwrap().revision, 1);
    let done = store.complete_update(
        &alive,
        &client,
        metadata("new"),
        SecretChange::Keep,
        copy(2),
        after(17),
    );
    assert_eq!(done.wait().unwrap().revision, 2);
    assert_rests(&store, "c1", ProvisioningState::Synced, None, 1);
}

/// An update of a client that was changed, expired or was deleted does not even ask the server.
fn stale_update_writes_nothing(bench: &Bench) {
    let store = bench.store();
    let client = register(&store, "c1");
    assert!(store.reissue(&id("c1"), &token("new"), NOW).wait().unwrap());
    let before = row(&store, "c1");
    let stale = store.begin_update(&client, None, after(15), NOW).wait();
    assert_eq!(stale.unwrap_err(), StoreError::Stale);
    assert_eq!(row(&store, "c1"), before);
    let expiring = insert_as(
        &store,
        with_token(ClientData {
            expires_at: Some(after(5)),
            ..client_data("c2")
        }),
    );
    let expired = store
        .begin_update(&expiring, None, after(15), after(5))
        .wait();
    assert_eq!(expired.unwrap_err(), StoreError::Stale);
    assert!(!has_row(&store, "c2"));
    let deleted = register(&store, "c3");
    assert!(store.delete(&id("c3")).wait().unwrap());
    let gone = store.begin_update(&deleted, None, after(15), NOW).wait();
    assert_eq!(gone.unwrap_err(), StoreError::Stale);
    assert_eq!(row(&store, "c3").state, ProvisioningState::Deleting);
}

/// The client was changed while the server was asked: the server has the candidate, and gets the stored state.
fn update_of_a_changed_client_is_restored(bench: &Bench) {
    let store = bench.store();
    let client = register(&store, "c1");
    let (lease, _) = store
        .begin_update(&client, None, after(15), NOW)
        .wait()
        .unwrap();
    assert!(store.reissue(&id("c1"), &token("new"), NOW).wait().unwrap());
    let stale = store.complete_update(
        &lease,
        &client,
        metadata("new"),
        SecretChange::Keep,
        copy(2),
        after(3),
    );
    assert_eq!(stale.wait().unwrap_err(), StoreError::Stale);
    let kept = store.client(&id("c1")).unwrap().unwrap();
    assert_eq!(kept.data.metadata, client.data.metadata);
    assert_rests(&store, "c1", ProvisioningState::Pending, Some(after(3)), 2);
    assert_eq!(count(&store, AuditEvent::ClientUpdated.as_str()), 0);
}

/// The candidate failed: the client keeps its state, and the deliverer writes that.
fn failed_update_is_restored(bench: &Bench) {
    let store = bench.store();
    let client = register(&store, "c1");
    let (lease, _) = store
        .begin_update(&client, None, after(15), NOW)
        .wait()
        .unwrap();
    let released = store.release_update(&lease, Some("no answer"), after(4));
    assert!(released.wait().unwrap());
    assert_rests(&store, "c1", ProvisioningState::Pending, Some(after(4)), 2);
    assert_eq!(row(&store, "c1").error.as_deref(), Some("no answer"));
    let desired = store.desired(&provider(), &id("c1")).unwrap().unwrap();
    assert_eq!(
        (desired.metadata, desired.revision),
        (client.data.metadata, 1)
    );
    assert!(!store.release_update(&lease, None, NOW).wait().unwrap());
}

fn update_without_a_change_confirms_the_copy(bench: &Bench) {
    let store = bench.store();
    let client = register(&store, "c1");
    let (lease, _) = store
        .begin_update(&client, None, after(15), NOW)
        .wait()
        .unwrap();
    let same = client.data.metadata.clone();
    let done = store.complete_update(
        &lease,
        &client,
        same.clone(),
        SecretChange::Keep,
        copy(1),
        NOW,
    );
    assert_eq!(done.wait().unwrap().revision, 1);
    assert_rests(&store, "c1", ProvisioningState::Synced, None, 1);
    let before = row(&store, "c1");
    let later = store.replace_pending(&client, same, SecretChange::Keep, None, after(9));
    assert_eq!(later.wait().unwrap().revision, 1);
    assert_eq!(row(&store, "c1"), before);
    assert_eq!(count(&store, AuditEvent::ClientUpdated.as_str()), 0);
}

/// A rejected copy is not due, until the client changes it.
fn rejected_copy_is_written_by_an_update(bench: &Bench) {
    let store = bench.store();
    for (name, waits) in [("c1", true), ("c2", false)] {
        let client = pending(&store, name);
        let (taken, _) = lease(&store, name, 40, 0);
        let rejected = DeliveryOutcome::Rejected {
            error: "client_uri is too long".to_owned(),
        };
        assert!(is_recorded(&store, &taken, rejected, after(1)));
        assert_rests(&store, name, ProvisioningState::Rejected, None, 2);
        if waits {
            let (_, row) = store
                .begin_update(&client, None, after(15), after(2))
                .wait()
                .unwrap();
            assert_eq!(
                (row.state, row.since),
                (ProvisioningState::Pending, after(2))
            );
        } else {
            let done =
                store.replace_pending(&client, metadata("new"), SecretChange::Keep, None, after(2));
            done.wait().unwrap();
            assert_rests(&store, name, ProvisioningState::Pending, Some(after(2)), 2);
            assert_eq!(row(&store, name).error, None);
        }
    }
    assert_eq!(count(&store, AuditEvent::ProvisioningRefused.as_str()), 2);
}

/// With `ready = "later"` an update leaves the delivery that is in flight alone, and the copy is written again after it.
fn later_update_waits_for_the_delivery(bench: &Bench) {
    let store = bench.store();
    let client = pending(&store, "c1");
    let (taken, leased) = lease(&store, "c1", 40, 0);
    let updated =
        store.replace_pending(&client, metadata("new"), SecretChange::Keep, None, after(1));
    assert_eq!(updated.wait().unwrap().revision, 2);
    let waiting = row(&store, "c1");
    assert_eq!(
        waiting,
        store::ProvisioningRow {
            revision: 2,
            ..leased
        }
    );
    let older = DeliveryOutcome::Synced(copy(1));
    assert!(is_recorded(&store, &taken, older, after(2)));
    assert_rests(&store, "c1", ProvisioningState::Pending, Some(after(2)), 1);
    assert_eq!(row(&store, "c1").synced_revision, Some(1));
    let (taken, _) = lease(&store, "c1", 40, 2);
    let newer = DeliveryOutcome::Synced(copy(2));
    assert!(is_recorded(&store, &taken, newer, after(3)));
    assert_rests(&store, "c1", ProvisioningState::Synced, None, 1);
    // A client without a row.
    let other = insert(&store, "c2");
    let handle = Some("place".to_owned());
    store
        .replace_pending(&other, metadata("new"), SecretChange::Keep, handle, NOW)
        .wait()
        .unwrap();
    assert_rests(&store, "c2", ProvisioningState::Pending, Some(NOW), 1);
    assert_eq!(
        (row(&store, "c2").revision, row(&store, "c2").handle),
        (2, Some("place".to_owned()))
    );
    // A client that was changed since it was read.
    let stale = store.replace_pending(
        &other,
        metadata("newer"),
        SecretChange::Keep,
        None,
        after(9),
    );
    assert_eq!(stale.wait().unwrap_err(), StoreError::Stale);
    assert_rests(&store, "c2", ProvisioningState::Pending, Some(NOW), 1);
}

/// A refusal counts only for the state of the client that was delivered.
fn refusal_of_an_older_state_is_no_refusal(bench: &Bench) {
    let store = bench.store();
    let client = pending(&store, "c1");
    let (taken, _) = lease(&store, "c1", 40, 0);
    let updated =
        store.replace_pending(&client, metadata("new"), SecretChange::Keep, None, after(1));
    updated.wait().unwrap();
    let rejected = DeliveryOutcome::Rejected {
        error: "no".to_owned(),
    };
    assert!(is_recorded(&store, &taken, rejected, after(2)));
    assert_rests(&store, "c1", ProvisioningState::Pending, Some(after(2)), 2);
    assert_eq!(row(&store, "c1").attempts, 0);
}

/// RFC 7592 §2.3: the copy goes with the client, however the client goes.
fn deletion_deletes_the_copy(bench: &Bench) {
    let store = bench.store();
    let expiring = |name: &str| {
        let lease = begin(&store, name);
        let new = with_token(ClientData {
            expires_at: Some(after(5)),
            ..client_data(name)
        });
        store
            .complete_create(&lease, new, None, copy(1), NOW)
            .wait()
            .unwrap();
    };
    for name in ["deleted", "unregistered"] {
        register(&store, name);
    }
    expiring("expired");
    pending(&store, "pending");
    pending(&store, "rejected");
    let (taken, _) = lease(&store, "rejected", 40, 0);
    let rejected = DeliveryOutcome::Rejected {
        error: "no".to_owned(),
    };
    assert!(is_recorded(&store, &taken, rejected, NOW));
    for name in ["deleted", "pending", "rejected"] {
        assert!(store.delete(&id(name)).wait().unwrap());
    }
    assert!(store.unregister(&id("unregistered")).wait().unwrap());
    assert_eq!(store.purge_expired(after(5)).unwrap(), 1);
    for name in ["deleted", "unregistered", "expired", "pending", "rejected"] {
        let gone = row(&store, name);
        assert_eq!(gone.state, ProvisioningState::Deleting, "{name}");
        assert!(gone.due_at.unwrap() <= after(5), "{name}");
        assert!(!gone.is_in_flight && gone.error.is_none(), "{name}");
        let confirmations = if name == "rejected" { 2 } else { 1 };
        assert_eq!(gone.confirmations, confirmations, "{name}");
    }
    let before = row(&store, "deleted");
    assert!(!store.delete(&id("deleted")).wait().unwrap());
    assert_eq!(row(&store, "deleted"), before);
}

/// A write in flight may be done after the deletion, so the deletion comes after it and is confirmed twice. Once the writer has ended,
/// the deletion waits no longer; a write that the server confirmed leaves no doubt.
fn deletion_waits_for_the_flight(bench: &Bench) {
    let store = bench.store();
    let end = Timestamp::from_seconds(4_000_000_000);
    let client = register(&store, "c1");
    let (update, _) = store.begin_update(&client, None, end, NOW).wait().unwrap();
    assert!(store.delete(&id("c1")).wait().unwrap());
    assert_rests(&store, "c1", ProvisioningState::Deleting, Some(end), 2);
    let late = store.complete_update(
        &update,
        &client,
        metadata("new"),
        SecretChange::Keep,
        copy(2),
        NOW,
    );
    assert_eq!(late.wait().unwrap_err(), StoreError::Stale);
    assert_rests(&store, "c1", ProvisioningState::Deleting, Some(end), 2);
    assert!(!store.release_update(&update, None, NOW).wait().unwrap());
    assert_rests(&store, "c1", ProvisioningState::Deleting, Some(NOW), 2);
    assert!(!has_client(&store, "c1"));
    pending(&store, "c2");
    let due = row(&store, "c2");
    let (delivery, _) = store.lease(&due, end, NOW).wait().unwrap().unwrap();
    assert!(store.delete(&id("c2")).wait().unwrap());
    assert_rests(&store, "c2", ProvisioningState::Deleting, Some(end), 2);
    let synced = DeliveryOutcome::Synced(copy(1));
    assert!(!is_recorded(&store, &delivery, synced, NOW));
    let gone = DeliveryOutcome::Gone { again_at: NOW };
    assert!(!is_recorded(&store, &delivery, gone, NOW));
    assert_rests(&store, "c1", ProvisioningState::Deleting, Some(NOW), 2);
    assert_rests(&store, "c2", ProvisioningState::Deleting, Some(NOW), 1);
}

fn deletion_of_an_intent_is_no_deletion(bench: &Bench) {
    let store = bench.store();
    let lease = begin(&store, "c1");
    let before = row(&store, "c1");
    assert!(!store.delete(&id("c1")).wait().unwrap());
    assert_eq!(row(&store, "c1"), before);
    let done = store.complete_create(&lease, new_client("c1"), None, copy(1), NOW);
    done.wait().unwrap();
}

fn deletion_spares_copies_of_others(bench: &Bench) {
    let store = bench.store();
    let other = Issuer::parse("https://other.example").unwrap();
    insert(&store, "c1");
    // A registration at another provider drew the same identifier, and is not stored yet.
    let place = Some((id("c1"), None));
    store
        .begin_create(&other, place, after(15), 0, NOW)
        .wait()
        .unwrap();
    register(&store, "c2");
    assert!(store.delete(&id("c1")).wait().unwrap());
    let kept = store.provisioning_row(&other, &id("c1")).unwrap().unwrap();
    assert_eq!(kept.state, ProvisioningState::Creating);
    assert_rests(&store, "c2", ProvisioningState::Synced, None, 1);
}

/// PostgreSQL refuses a NUL, so it is refused before a batch of writes has it.
fn nul_never_reaches_the_database(bench: &Bench) {
    let store = bench.store();
    let refused = |error: StoreError| assert!(matches!(error, StoreError::Refused(_)), "{error}");
    let begin_with = |name: &str, handle: &str| {
        let place = Some((id(name), Some(handle.to_owned())));
        store
            .begin_create(&provider(), place, after(15), 0, NOW)
            .wait()
    };
    refused(begin_with("c\0", "h").unwrap_err());
    refused(begin_with("c", "h\0").unwrap_err());
    let later = store.insert_pending(new_client("c"), None, Some("\0".to_owned()), 0, NOW);
    refused(later.wait().unwrap_err());
    assert!(!has_client(&store, "c"));
    let lease = begin(&store, "c1");
    let named = store::ConfirmedCopy {
        handle: Some("\0".to_owned()),
        ..copy(1)
    };
    let done = store.complete_create(&lease, new_client("c1"), None, named, NOW);
    refused(done.wait().unwrap_err());
    let members = store::ConfirmedCopy {
        dropped_members: vec!["a\0b".to_owned()],
        ..copy_with_token(1, "r\0t")
    };
    let done = store.complete_create(&lease, new_client("c1"), None, members, NOW);
    done.wait().unwrap();
    let stored = row(&store, "c1");
    assert_eq!(stored.dropped_members, ["a\0b"]);
    assert_eq!(stored.token.unwrap().reveal(), "r\0t");
    assert!(
        store
            .provisioning_row(&provider(), &id("c\0"))
            .unwrap()
            .is_none()
    );
    assert!(store.desired(&provider(), &id("c\0")).unwrap().is_none());
    let lease = begin(&store, "c2");
    let withdrawn = store.withdraw_create(&lease, None, "a\0b", NOW, NOW);
    assert!(withdrawn.wait().unwrap());
    assert_eq!(row(&store, "c2").error.as_deref(), Some("a\u{fffd}b"));
}

fn errors_are_stored_short(bench: &Bench) {
    let store = bench.store();
    let lease = begin(&store, "c1");
    let long = "\u{e9}".repeat(400);
    assert!(
        store
            .withdraw_create(&lease, None, &long, NOW, NOW)
            .wait()
            .unwrap()
    );
    assert_eq!(row(&store, "c1").error.unwrap().chars().count(), 300);
}
