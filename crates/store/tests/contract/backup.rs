//! Backup and restore.

use std::io::Cursor;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use protocol::{ClientId, ClientSecret, InitialAccessToken, Secret};
use store::{
    BackupError, ClientData, ClientFilter, NewSigningKey, NewToken, Role, Store, StoreError,
};

use crate::bench::{
    Bench, KEY, NOW, OTHER_KEY, Raw, client_data, insert, key, memory, new_client, provider, terms,
    token, with_token,
};

on_both!(
    everything_comes_back_in_either_database,
    a_backup_is_of_one_moment_while_others_write,
    filled_store_is_replaced_only_on_request,
    incomplete_backup_changes_nothing,
    every_table_is_in_the_backup,
    a_backup_of_before_a_column_is_restored,
);

fn fill(store: &Store) {
    let full = with_token(ClientData {
        expires_at: Some(NOW.plus(Duration::from_hours(1))),
        owner: Some("alice".to_owned()),
        composed_name: Some("alice_\"shop\\ 名前".to_owned()),
        terms: Some(terms()),
        ..client_data("c1")
    });
    store.insert(full, None, NOW).wait().unwrap();
    store
        .insert(
            with_token(ClientData {
                secret: None,
                ..client_data("c2")
            }),
            None,
            NOW,
        )
        .wait()
        .unwrap();
    store
        .add_account(
            "alice",
            Role::Registrar,
            Some(&provider()),
            &Secret::new("hush password"),
            NOW,
        )
        .unwrap();
    let token = NewToken {
        uses: Some(2),
        provider: Some(provider()),
        label: Some("a 'label'\n".to_owned()),
        ..NewToken::default()
    };
    store
        .issue_token(&InitialAccessToken::new("iat_hush"), token, NOW)
        .unwrap();
    let key = NewSigningKey {
        kid: "k1".to_owned(),
        algorithm: "ES256".to_owned(),
        private: Secret::new("hush key"),
        public_jwk: "{\"kty\":\"EC\"}".to_owned(),
    };
    store
        .add_first_signing_keys(&provider(), &[key], NOW)
        .unwrap();
}

fn backup(store: &Store) -> Vec<u8> {
    let mut file = Vec::new();
    let mut heard = 0;
    let rows = store.backup(NOW, &mut file, |rows| heard = rows).unwrap();
    assert_eq!(rows, heard);
    file
}

fn restore(store: &Store, file: &[u8], replace: bool) -> Result<u64, BackupError> {
    let mut file = Cursor::new(file);
    let checked = store.check_backup(&mut file, |_| {})?;
    let restored = store.restore(&mut file, replace, |_| {})?;
    assert_eq!(restored, checked);
    Ok(restored)
}

/// All content of a store that its interface shows.
fn seen(store: &Store) -> String {
    let clients: Vec<_> = store
        .clients(&ClientFilter::default(), None, 10_000)
        .unwrap()
        .into_iter()
        .map(|listed| listed.client.unwrap())
        .map(|client| {
            format!(
                "{client:?} {} {:?}",
                client.data.metadata.json(),
                client.data.secret.as_ref().map(ClientSecret::reveal)
            )
        })
        .collect();
    let keys: Vec<_> = store
        .signing_keys(&provider())
        .unwrap()
        .into_iter()
        .map(|key| format!("{key:?} {}", key.private.reveal()))
        .collect();
    format!(
        "{clients:#?} {keys:#?} {:#?} {:#?}",
        store.accounts().unwrap(),
        store.tokens().unwrap()
    )
}

fn everything_comes_back_in_either_database(bench: &Bench) {
    let from = bench.store();
    fill(&from);
    let file = backup(&from);
    let text = String::from_utf8(file.clone()).unwrap();
    for clear in [
        "hush_of_",
        "rat_of_",
        "hush password",
        "hush key",
        "iat_hush",
        KEY,
    ] {
        assert!(!text.contains(clear), "{text}");
    }
    for other in [Bench::sqlite(), Bench::postgres()] {
        let to = other.store();
        assert_eq!(restore(&to, &file, false).unwrap(), 10);
        assert_eq!(seen(&to), seen(&from));
        assert_eq!(to.check(), Ok(()));
        for id in ["c1", "c2"] {
            assert!(
                to.authenticate(&provider(), &ClientId::new(id), &token(id), NOW)
                    .unwrap()
                    .is_some(),
                "{id}"
            );
        }
        assert!(
            to.verify_account(
                &provider(),
                "alice",
                &Secret::new("hush password"),
                &mut memory()
            )
            .unwrap()
            .is_some()
        );
        assert!(
            to.find_token(&provider(), &InitialAccessToken::new("iat_hush"), NOW)
                .unwrap()
                .is_some()
        );
        insert(&to, "c3");
    }
}

fn a_backup_is_of_one_moment_while_others_write(bench: &Bench) {
    let store = bench.store();
    let before: Vec<String> = (0..1_100).map(|number| format!("b{number:05}")).collect();
    let written: Vec<_> = before
        .iter()
        .map(|id| store.insert(new_client(id), None, NOW))
        .collect();
    assert!(written.into_iter().all(|written| written.wait().is_ok()));
    let stop = AtomicBool::new(false);
    let file = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) || number < 5 {
                insert(&store, &format!("d{number:05}"));
                let first = store.client(&ClientId::new("b00000")).unwrap();
                if let Some(first) = first {
                    assert!(store.delete(&first.data.id).wait().unwrap());
                }
                number += 1;
            }
        });
        // Writes begin before the backup and continue until it is complete.
        while store.client(&ClientId::new("d00000")).unwrap().is_none() {
            std::thread::yield_now();
        }
        let file = backup(&store);
        stop.store(true, Ordering::Relaxed);
        writer.join().unwrap();
        file
    });
    let other = Bench::sqlite();
    let to = other.store();
    restore(&to, &file, false).unwrap();
    for id in &before[1..] {
        assert!(
            to.authenticate(&provider(), &ClientId::new(id), &token(id), NOW)
                .unwrap()
                .is_some(),
            "{id}"
        );
    }
    let ids = |store: &Store| -> Vec<String> {
        let page = store
            .clients(&ClientFilter::default(), Some(&ClientId::new("d")), 100_000)
            .unwrap();
        page.into_iter()
            .map(|listed| listed.id.as_str().to_owned())
            .collect()
    };
    let during = ids(&to);
    assert_eq!(
        during,
        ids(&store)[..during.len()],
        "no gap: what was written before something else is there with it"
    );
}

/// A store that has rows is replaced only if the caller asks for it.
fn filled_store_is_replaced_only_on_request(bench: &Bench) {
    let from = Bench::sqlite();
    let from = from.store();
    fill(&from);
    let file = backup(&from);
    let to = bench.store();
    insert(&to, "other");
    to.add_account("bob", Role::Administrator, None, &Secret::new("x"), NOW)
        .unwrap();
    let before = seen(&to);
    assert_eq!(
        restore(&to, &file, false).unwrap_err().to_string(),
        "the store is not empty: it has 1 rows in client"
    );
    assert_eq!(seen(&to), before);
    assert_eq!(restore(&to, &file, true).unwrap(), 10);
    assert_eq!(seen(&to), seen(&from));
}

/// A file that is not whole is refused, and nothing changes.
fn incomplete_backup_changes_nothing(bench: &Bench) {
    let store = bench.store();
    fill(&store);
    let file = backup(&store);
    let text = String::from_utf8(file.clone()).unwrap();
    let before = seen(&store);
    let said = |file: &[u8]| {
        let refused = store
            .restore(&mut Cursor::new(file), true, |_| {})
            .unwrap_err()
            .to_string();
        assert_eq!(seen(&store), before);
        refused
    };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    assert_eq!(lines.len(), 12);
    assert_eq!(said(b""), "line 1 is missing: the file is empty");
    assert_eq!(said(b"{}\n"), "line 1 is not the beginning of a backup");
    assert_eq!(
        said(&file[..file.len() - 1]),
        "line 12 does not end: the file was cut off, or is no backup"
    );
    assert_eq!(
        said(lines[..11].concat().as_bytes()),
        "line 12 is missing: the file was cut off"
    );
    let other = "has a checksum that does not match the lines before it";
    assert_eq!(
        said([&lines[..1], &lines[2..]].concat().concat().as_bytes()),
        format!("line 11 {other}")
    );
    assert_eq!(
        said(text.replace("rp.example/cb", "xx.example/cb").as_bytes()),
        format!("line 12 {other}")
    );
    assert_eq!(
        said(text.replace("\"revision\"", "\"revisiom\"").as_bytes()),
        "line 1 names the unknown column revisiom of client"
    );
    assert_eq!(
        said(format!("{text}\n").as_bytes()),
        "line 13 comes after the end of the backup"
    );
    assert_eq!(
        said(text.replacen("{\"client\":", "{\"klient\":", 1).as_bytes()),
        "line 2 is not a row of the tables its first line names"
    );
    assert_eq!(
        said(
            text.replace("\"frontdesk_backup\":1", "\"frontdesk_backup\":2")
                .as_bytes()
        ),
        "line 1 has a format version that this program does not read"
    );
    assert_eq!(
        said(text.replace("\"0001\"", "\"9999\"").as_bytes()),
        StoreError::SchemaNewer {
            migration: "9999".to_owned()
        }
        .to_string()
    );
    assert_eq!(
        said(
            text.replacen("\"table\":\"client\"", "\"table\":\"seal_check\"", 1)
                .as_bytes()
        ),
        "line 1 names an unknown table or column"
    );
    assert_eq!(
        said(
            text.replacen("\"revision\"", "\"revision\\\") --\"", 1)
                .as_bytes()
        ),
        "line 1 names an unknown table or column"
    );

    let elsewhere = Bench::sqlite();
    let wrong = Store::open(&elsewhere.url, key(OTHER_KEY)).unwrap();
    wrong.migrate().unwrap();
    let refused = restore(&wrong, &file, false).unwrap_err().to_string();
    assert_eq!(
        refused,
        format!(
            "it was sealed with another sealing key, whose identifier is {}",
            key(KEY).id()
        )
    );
}

fn every_table_is_in_the_backup(bench: &Bench) {
    let store = bench.store();
    let head = String::from_utf8(backup(&store)).unwrap();
    let sql = match bench.raw() {
        Raw::Sqlite(_) => {
            "SELECT name AS value FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        }
        Raw::Postgres(_) => {
            "SELECT tablename::text AS value FROM pg_tables WHERE schemaname = 'public'"
        }
    };
    let tables: Vec<String> = bench
        .raw()
        .values(sql)
        .into_iter()
        .filter(|name| !name.starts_with("__diesel") && name != "seal_check")
        .collect();
    assert!(tables.contains(&"client".to_owned()));
    for table in tables {
        assert!(
            head.contains(&format!("{{\"table\":\"{table}\",\"columns\":[")),
            "{table}: {head}"
        );
    }
}

fn a_backup_of_before_a_column_is_restored(bench: &Bench) {
    let store = bench.store();
    insert(&store, "c1");
    bench.raw().execute("ALTER TABLE client DROP COLUMN terms");
    let file = backup(&store);
    let other = Bench::postgres();
    let to = other.store();
    assert_eq!(restore(&to, &file, false).unwrap(), 2);
    assert!(
        to.client(&ClientId::new("c1"))
            .unwrap()
            .unwrap()
            .data
            .terms
            .is_none()
    );
    let newer = backup(&to);
    let refused = store
        .restore(&mut Cursor::new(&newer), true, |_| {})
        .unwrap_err()
        .to_string();
    assert_eq!(refused, "line 1 names the unknown column terms of client");
}
