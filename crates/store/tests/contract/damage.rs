//! The content of the tables, and damaged rows.

use protocol::{ClientId, InitialAccessToken, Secret};
use store::{ClientFilter, NewSigningKey, NewToken, Role, StoreError};

use crate::bench::{Bench, NOW, insert, memory, provider, token};

on_both!(
    nothing_secret_is_stored_in_clear,
    a_damaged_row_is_named,
    a_secret_moved_to_another_client_does_not_open
);

fn nothing_secret_is_stored_in_clear(bench: &Bench) {
    let store = bench.store();
    insert(&store, "c1");
    store
        .issue_token(
            &InitialAccessToken::new("iat_hush"),
            NewToken::default(),
            NOW,
        )
        .unwrap();
    store
        .add_account(
            "alice",
            Role::Registrar,
            None,
            &Secret::new("hush password"),
            NOW,
        )
        .unwrap();
    let key = NewSigningKey {
        kid: "k1".to_owned(),
        algorithm: "ES256".to_owned(),
        private: Secret::new("hush key"),
        public_jwk: "{}".to_owned(),
    };
    store
        .add_first_signing_keys(&provider(), &[key], NOW)
        .unwrap();
    let mut raw = bench.raw();
    for (column, table) in [
        ("token_digest || secret_sealed || metadata", "client"),
        ("token_digest", "initial_access_token"),
        ("password_hash", "account"),
        ("private_sealed || public_jwk", "signing_key"),
        ("sealed", "seal_check"),
    ] {
        let rows = raw.values(&format!("SELECT {column} AS value FROM {table}"));
        assert_eq!(rows.len(), 1, "{table}");
        for clear in [
            "hush_of_c1",
            "rat_of_c1",
            "iat_hush",
            "hush password",
            "hush key",
            "frontdesk",
        ] {
            assert!(!rows[0].contains(clear), "{table}: {}", rows[0]);
        }
    }
    assert_eq!(
        raw.values("SELECT token_digest AS value FROM initial_access_token")[0].len(),
        43,
        "SHA-256 in base64url"
    );
    assert!(raw.values("SELECT password_hash AS value FROM account")[0].starts_with("$argon2id$"));
}

fn a_damaged_row_is_named(bench: &Bench) {
    let store = bench.store();
    store
        .add_account("alice", Role::Registrar, None, &Secret::new("hush"), NOW)
        .unwrap();
    let corrupt = |table, column, key: &str| StoreError::Corrupt {
        table,
        column,
        key: key.to_owned(),
    };
    for (id, column, value) in [
        ("c1", "metadata", "{\"redirect_uris\":"),
        ("c2", "secret_sealed", "AQ"),
        ("c3", "provider", "not an issuer"),
        ("c4", "metadata", "{\"client_name\":7}"),
        ("c5", "terms", "{\"scopes\":[]}"),
        ("c6", "terms", "{\"unknown\":[\"openid\"]}"),
    ] {
        let client = insert(&store, id);
        bench.raw().execute(&format!(
            "UPDATE client SET {column} = '{value}' WHERE client_id = '{id}'"
        ));
        assert_eq!(
            store.client(&client.data.id).unwrap_err(),
            corrupt("client", column, id)
        );
        if column != "provider" {
            assert_eq!(
                store
                    .authenticate(&provider(), &client.data.id, &token(id), NOW)
                    .unwrap_err(),
                corrupt("client", column, id)
            );
        }
    }
    insert(&store, "c0");
    let listed = store.clients(&ClientFilter::default(), None, 10).unwrap();
    let seen: Vec<_> = listed
        .iter()
        .map(|listed| (listed.id.as_str(), listed.client.as_ref().err().cloned()))
        .collect();
    let damaged = |id: &'static str, column| (id, Some(corrupt("client", column, id)));
    assert_eq!(
        seen,
        [
            ("c0", None),
            damaged("c1", "metadata"),
            damaged("c2", "secret_sealed"),
            damaged("c3", "provider"),
            damaged("c4", "metadata"),
            damaged("c5", "terms"),
            damaged("c6", "terms"),
        ]
    );
    for listed in &listed {
        assert!(
            store.delete(&listed.id).wait().unwrap(),
            "{} goes whether or not it can be read",
            listed.id
        );
    }
    assert!(
        store
            .clients(&ClientFilter::default(), None, 10)
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        corrupt("client", "metadata", "c1").to_string(),
        "the store is damaged: client.metadata of \"c1\" cannot be read"
    );

    let presented = InitialAccessToken::new("iat_hush");
    let token = store
        .issue_token(&presented, NewToken::default(), NOW)
        .unwrap();
    bench
        .raw()
        .execute("UPDATE initial_access_token SET terms = 'x'");
    let unreadable = corrupt("initial_access_token", "terms", token.as_str());
    assert_eq!(
        store.find_token(&provider(), &presented, NOW).unwrap_err(),
        unreadable
    );
    assert_eq!(store.tokens().unwrap_err(), unreadable);
    bench
        .raw()
        .execute("UPDATE initial_access_token SET terms = NULL");
    bench
        .raw()
        .execute("UPDATE initial_access_token SET provider = 'x'");
    assert_eq!(
        store.tokens().unwrap_err(),
        corrupt("initial_access_token", "provider", token.as_str())
    );
    assert_eq!(
        store.find_token(&provider(), &presented, NOW),
        Ok(None),
        "nobody's provider"
    );
    assert!(store.revoke_token(&token).unwrap());

    bench
        .raw()
        .execute("UPDATE account SET password_hash = 'x'");
    assert_eq!(
        store
            .verify_account(&provider(), "alice", &Secret::new("hush"), &mut memory())
            .unwrap_err(),
        corrupt("account", "password_hash", "alice")
    );
    bench.raw().execute("UPDATE account SET role = 'x'");
    assert_eq!(
        store.accounts().unwrap_err(),
        corrupt("account", "role", "alice")
    );
    bench
        .raw()
        .execute("UPDATE account SET role = 'registrar', provider = 'x'");
    assert_eq!(
        store.accounts().unwrap_err(),
        corrupt("account", "provider", "alice")
    );
    let opened = store.verify_account(&provider(), "alice", &Secret::new("hush"), &mut memory());
    assert_eq!(opened, Ok(None), "an account of no provider");
    let key = NewSigningKey {
        kid: "k1".to_owned(),
        algorithm: "ES256".to_owned(),
        private: Secret::new("hush"),
        public_jwk: "{}".to_owned(),
    };
    store
        .add_first_signing_keys(&provider(), &[key], NOW)
        .unwrap();
    bench
        .raw()
        .execute("UPDATE signing_key SET private_sealed = 'x'");
    assert_eq!(
        store.signing_keys(&provider()).unwrap_err(),
        corrupt("signing_key", "private_sealed", "k1")
    );
}

fn a_secret_moved_to_another_client_does_not_open(bench: &Bench) {
    let store = bench.store();
    insert(&store, "c1");
    insert(&store, "c2");
    bench
        .raw()
        .execute("UPDATE client SET secret_sealed = (SELECT secret_sealed FROM client WHERE client_id = 'c1') WHERE client_id = 'c2'");
    let moved = store.client(&ClientId::new("c2")).unwrap_err();
    assert_eq!(
        moved,
        StoreError::Corrupt {
            table: "client",
            column: "secret_sealed",
            key: "c2".to_owned()
        }
    );
}
