//! The audit trail: written in the transaction of the change, with its actor, in order, and purged.

use std::net::IpAddr;
use std::time::Duration;

use protocol::{ClientId, InitialAccessToken, Secret, Timestamp};
use store::audit::{AuditEvent, AuditRecord, RefusalRecord};
use store::{
    Actor, ClientData, NewSigningKey, NewToken, Role, SecretChange, Store, StoreError, TokenId,
};

use crate::bench::{
    Bench, NOW, client_data, insert, metadata, new_client, provider, token, with_token,
};

on_both!(
    every_change_has_its_row,
    what_did_not_happen_has_none,
    what_cannot_be_told_does_not_happen,
    neighbours_in_a_batch_have_rows_of_their_own,
    refusals_are_written_together,
    strangers_do_not_choose_how_much_is_kept,
    rows_are_read_in_pages_from_a_time_on,
    old_rows_are_purged,
);

fn all(store: &Store) -> Vec<AuditRecord> {
    store.audit(None, None, None, 10_000).unwrap()
}

fn events(store: &Store) -> Vec<String> {
    all(store).into_iter().map(|row| row.event).collect()
}

fn alice() -> Actor {
    Actor {
        account: Some("alice".to_owned()),
        address: Some(IpAddr::from([192, 0, 2, 7])),
        request_id: Some("request-1".to_owned()),
        ..Actor::default()
    }
}

fn refused(account: &str, times: i64) -> RefusalRecord {
    RefusalRecord {
        event: AuditEvent::LoginRefused,
        provider: None,
        client_id: None,
        account: Some(account.to_owned()),
        token: None,
        address: None,
        request_id: None,
        detail: Some("401 invalid_token".to_owned()),
        times,
    }
}

fn every_change_has_its_row(bench: &Bench) {
    let store = bench.store();
    let by_alice = store.acting_as(alice());
    let client = insert(&by_alice, "c1");
    let by_client = store.acting_as(Actor {
        token: Some(Actor::CLIENT.to_owned()),
        ..Actor::default()
    });
    let client = by_client
        .replace(&client, metadata("other"), SecretChange::Remove, NOW)
        .wait()
        .unwrap();
    by_client
        .replace(&client, metadata("other"), SecretChange::Keep, NOW)
        .wait()
        .unwrap();
    by_client
        .replace(&client, metadata("third"), SecretChange::Keep, NOW)
        .wait()
        .unwrap();
    let hand = store.acting_as(Actor::process("command line"));
    assert!(
        hand.reissue(&client.data.id, &token("new"), NOW)
            .wait()
            .unwrap()
    );
    assert!(hand.delete(&client.data.id).wait().unwrap());
    insert(&store, "c2");
    assert!(by_alice.unregister(&ClientId::new("c2")).wait().unwrap());
    store
        .insert(
            with_token(ClientData {
                expires_at: Some(NOW),
                ..client_data("c3")
            }),
            None,
            NOW,
        )
        .wait()
        .unwrap();
    assert_eq!(hand.purge_expired(NOW).unwrap(), 1);
    hand.add_account("bob", Role::Registrar, None, &Secret::new("hush"), NOW)
        .unwrap();
    assert!(hand.set_password("bob", &Secret::new("hush hush")).unwrap());
    assert!(hand.remove_account("bob").unwrap());
    let new = NewToken {
        label: Some("partners".to_owned()),
        owner: Some("alice".to_owned()),
        ..NewToken::default()
    };
    let id = hand
        .issue_token(&InitialAccessToken::new("iat_1"), new, NOW)
        .unwrap();
    assert!(hand.revoke_token(&id).unwrap());
    let key = |kid: &str| NewSigningKey {
        kid: kid.to_owned(),
        algorithm: "ES256".to_owned(),
        private: Secret::new("private"),
        public_jwk: "{}".to_owned(),
    };
    assert!(
        hand.add_first_signing_keys(&provider(), &[key("k1")], NOW)
            .unwrap()
    );
    let present = store.signing_keys(&provider()).unwrap();
    assert!(
        hand.rotate_signing_keys(&provider(), &present, &[key("k2")], NOW, NOW)
            .unwrap()
    );
    assert_eq!(
        hand.purge_signing_keys(NOW.plus(Duration::from_secs(1)))
            .unwrap(),
        1
    );

    let token = format!("{id} partners");
    let told: Vec<_> = all(&store)
        .into_iter()
        .map(|row| {
            assert_eq!(row.times, 1, "{row:?}");
            let or = |text: Option<String>| text.unwrap_or_default();
            (
                row.event,
                or(row.client_id),
                or(row.account),
                or(row.token),
                or(row.detail),
                row.provider.is_some(),
            )
        })
        .collect();
    let line = |event: AuditEvent,
                client: &str,
                account: &str,
                token: &str,
                detail: &str,
                provider: bool| {
        (
            event.to_string(),
            client.to_owned(),
            account.to_owned(),
            token.to_owned(),
            detail.to_owned(),
            provider,
        )
    };
    assert_eq!(
        told,
        [
            line(AuditEvent::ClientRegistered, "c1", "alice", "", "", true),
            line(
                AuditEvent::ClientUpdated,
                "c1",
                "",
                Actor::CLIENT,
                "client_name, client_secret",
                true
            ),
            line(
                AuditEvent::ClientUpdated,
                "c1",
                "",
                Actor::CLIENT,
                "client_name",
                true
            ),
            line(
                AuditEvent::ClientReissued,
                "c1",
                "",
                "",
                "command line",
                true
            ),
            line(
                AuditEvent::ClientDeleted,
                "c1",
                "",
                "",
                "command line",
                true
            ),
            line(AuditEvent::ClientRegistered, "c2", "", "", "", true),
            line(AuditEvent::ClientUnregistered, "c2", "alice", "", "", true),
            line(AuditEvent::ClientRegistered, "c3", "", "", "", true),
            line(
                AuditEvent::ClientExpired,
                "c3",
                "",
                "",
                "command line",
                true
            ),
            line(
                AuditEvent::AccountAdded,
                "",
                "bob",
                "",
                "command line; registrar",
                false
            ),
            line(
                AuditEvent::PasswordChanged,
                "",
                "bob",
                "",
                "command line",
                false
            ),
            line(
                AuditEvent::AccountRemoved,
                "",
                "bob",
                "",
                "command line",
                false
            ),
            line(
                AuditEvent::TokenIssued,
                "",
                "alice",
                &token,
                "command line",
                false
            ),
            line(
                AuditEvent::TokenRevoked,
                "",
                "",
                &token,
                "command line",
                false
            ),
            line(
                AuditEvent::KeysMade,
                "",
                "",
                "",
                "command line; ES256",
                true
            ),
            line(
                AuditEvent::KeysRotated,
                "",
                "",
                "",
                "command line; ES256",
                true
            ),
            line(AuditEvent::KeysPurged, "", "", "", "command line; 1", false),
        ]
    );
    let first = all(&store).remove(0);
    assert_eq!(
        (first.address.as_deref(), first.request_id.as_deref()),
        (Some("192.0.2.7"), Some("request-1"))
    );
    assert_eq!(first.provider.as_deref(), Some(provider().as_str()));
    let text = format!("{:?}", all(&store));
    assert!(
        ["hush", "iat_1", "private", "https://rp"]
            .iter()
            .all(|secret| !text.contains(secret)),
        "{text}"
    );
}

fn what_did_not_happen_has_none(bench: &Bench) {
    let store = bench.store();
    let client = insert(&store, "c1");
    let token = store
        .issue_token(
            &InitialAccessToken::new("iat_1"),
            NewToken {
                uses: Some(1),
                ..NewToken::default()
            },
            NOW,
        )
        .unwrap();
    store
        .insert(new_client("c2"), Some(token.clone()), NOW)
        .wait()
        .unwrap();
    store
        .replace(&client, metadata("other"), SecretChange::Keep, NOW)
        .wait()
        .unwrap();
    let before = all(&store);
    assert_eq!(
        store
            .insert(new_client("c1"), None, NOW)
            .wait()
            .unwrap_err(),
        StoreError::Conflict
    );
    assert_eq!(
        store
            .insert(new_client("c3"), Some(token), NOW)
            .wait()
            .unwrap_err(),
        StoreError::TokenExhausted
    );
    assert_eq!(
        store
            .replace(&client, metadata("late"), SecretChange::Keep, NOW)
            .wait()
            .unwrap_err(),
        StoreError::Stale
    );
    let nobody = ClientId::new("c9");
    assert!(!store.delete(&nobody).wait().unwrap());
    assert!(!store.unregister(&nobody).wait().unwrap());
    assert!(
        !store
            .reissue(&nobody, &crate::bench::token("c9"), NOW)
            .wait()
            .unwrap()
    );
    assert_eq!(store.purge_expired(NOW).unwrap(), 0);
    assert!(!store.remove_account("nobody").unwrap());
    assert!(!store.set_password("nobody", &Secret::new("hush")).unwrap());
    assert!(!store.revoke_token(&TokenId::new("nothing")).unwrap());
    assert_eq!(store.purge_signing_keys(NOW).unwrap(), 0);
    store.record_refusals(Vec::new()).wait().unwrap();
    assert_eq!(all(&store), before);
}

fn what_cannot_be_told_does_not_happen(bench: &Bench) {
    let store = bench.store();
    let client = insert(&store, "c1");
    bench.raw().execute("ALTER TABLE audit RENAME TO elsewhere");
    assert!(store.insert(new_client("c2"), None, NOW).wait().is_err());
    assert!(store.delete(&client.data.id).wait().is_err());
    assert!(
        store
            .add_account("bob", Role::Registrar, None, &Secret::new("hush"), NOW)
            .is_err()
    );
    bench.raw().execute("ALTER TABLE elsewhere RENAME TO audit");
    assert!(store.client(&ClientId::new("c2")).unwrap().is_none());
    assert!(store.client(&client.data.id).unwrap().is_some());
    assert!(!store.has_accounts().unwrap());
    insert(&store, "c2");
    assert_eq!(events(&store), ["client registered", "client registered"]);
}

fn neighbours_in_a_batch_have_rows_of_their_own(bench: &Bench) {
    let store = bench.store();
    let gone = insert(&store, "gone");
    // More writes than one batch holds, without secrets to seal: the writers wait for the lock for
    // a few seconds only.
    let plain: Vec<_> = (0..300)
        .map(|number| {
            with_token(ClientData {
                secret: None,
                ..client_data(&format!("g{number:03}"))
            })
        })
        .collect();
    let mut raw = bench.raw();
    raw.hold();
    let plain: Vec<_> = plain
        .into_iter()
        .map(|client| store.acting_as(alice()).insert(client, None, NOW))
        .collect();
    let conflict = store.insert(new_client("gone"), None, NOW);
    let deleted = store.delete(&gone.data.id);
    let again = store.delete(&gone.data.id);
    raw.execute("COMMIT");
    assert!(plain.into_iter().all(|written| written.wait().is_ok()));
    let conflicted = conflict.wait().is_err();
    assert_eq!(
        [deleted.wait().unwrap(), again.wait().unwrap()]
            .iter()
            .filter(|deleted| **deleted)
            .count(),
        1
    );
    let rows = all(&store);
    let of = |id: &str, event: AuditEvent| {
        rows.iter()
            .filter(|row| row.client_id.as_deref() == Some(id) && row.event == event.as_str())
            .count()
    };
    for number in 0..300 {
        assert_eq!(
            of(&format!("g{number:03}"), AuditEvent::ClientRegistered),
            1,
            "{number}"
        );
    }
    assert_eq!(of("gone", AuditEvent::ClientDeleted), 1);
    assert_eq!(
        of("gone", AuditEvent::ClientRegistered),
        if conflicted { 1 } else { 2 }
    );
    assert!(
        rows.iter()
            .filter(|row| row.client_id.as_deref() != Some("gone"))
            .all(|row| row.account.as_deref() == Some("alice"))
    );
}

fn refusals_are_written_together(bench: &Bench) {
    let store = bench.store();
    store
        .record_refusals(
            (0..40)
                .map(|number| refused(&format!("a{number}"), number + 1))
                .collect(),
        )
        .wait()
        .unwrap();
    let rows = all(&store);
    assert_eq!(rows.len(), 40);
    for (number, row) in rows.iter().enumerate() {
        assert_eq!(row.account, Some(format!("a{number}")));
        assert_eq!(row.times, i64::try_from(number).unwrap() + 1);
        assert_eq!(
            (row.event.as_str(), row.detail.as_deref()),
            ("log-in refused", Some("401 invalid_token"))
        );
    }
    store.close();
    assert!(
        store
            .record_refusals(vec![refused("late", 1)])
            .wait()
            .is_err()
    );
    assert_eq!(all(&store).len(), 40);
}

fn strangers_do_not_choose_how_much_is_kept(bench: &Bench) {
    let store = bench.store();
    store
        .record_refusals(vec![
            refused(&"ä".repeat(100_000), 1),
            refused("a\0b\n\u{1b}", 1),
        ])
        .wait()
        .unwrap();
    let rows = all(&store);
    assert_eq!(rows[0].account, Some("ä".repeat(128)));
    assert_eq!(
        rows[1].account.as_deref(),
        Some("a\u{fffd}b\n\u{1b}"),
        "escaped where it is shown, not where it is kept"
    );
}

fn rows_are_read_in_pages_from_a_time_on(bench: &Bench) {
    let store = bench.store();
    let at = |milliseconds: i64, client: &str| {
        let id = format!("{milliseconds:012x}0000000000000000");
        let sql = format!(
            "INSERT INTO audit (id, event, client_id, times) VALUES ('{id}', 'client registered', '{client}', 1)"
        );
        bench.raw().execute(&sql);
    };
    for (second, client) in [(10, "c1"), (11, "c2"), (12, "c1"), (13, "c3")] {
        at(second * 1000, client);
    }
    let seconds = |after: Option<&str>, since: Option<i64>, client: Option<&str>| -> Vec<i64> {
        let since = since.map(Timestamp::from_seconds);
        let page = store
            .audit(after, since, client.map(ClientId::new).as_ref(), 2)
            .unwrap();
        page.iter().map(|row| row.at.seconds()).collect()
    };
    assert_eq!(seconds(None, None, None), [10, 11]);
    let second = all(&store)[1].id.clone();
    assert_eq!(seconds(Some(&second), None, None), [12, 13]);
    assert_eq!(seconds(None, Some(12), None), [12, 13]);
    assert!(seconds(None, Some(14), None).is_empty());
    assert_eq!(seconds(None, None, Some("c1")), [10, 12]);
    assert_eq!(seconds(None, Some(11), Some("c1")), [12]);
    assert!(seconds(None, None, Some("c\0")).is_empty());
    insert(&store, "new");
    let last = all(&store).pop().unwrap();
    assert_eq!(last.client_id.as_deref(), Some("new"), "time goes on");
}

fn old_rows_are_purged(bench: &Bench) {
    let store = bench.store();
    let old: Vec<String> = (0..2_500)
        .map(|number| format!("('{number:012x}0000000000000000', 'throttled', 1)"))
        .collect();
    bench.raw().execute(&format!(
        "INSERT INTO audit (id, event, times) VALUES {}",
        old.join(", ")
    ));
    insert(&store, "new");
    assert_eq!(
        store.purge_audit(Timestamp::from_seconds(1)).unwrap(),
        1_000
    );
    assert_eq!(
        store.purge_audit(Timestamp::from_seconds(2)).unwrap(),
        1_000
    );
    assert_eq!(store.purge_audit(Timestamp::from_seconds(3)).unwrap(), 500);
    assert_eq!(store.purge_audit(Timestamp::from_seconds(3)).unwrap(), 0);
    assert_eq!(events(&store), ["client registered"]);
}
