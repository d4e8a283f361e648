//! Export and import of clients.

use std::time::Duration;

use protocol::{ClientId, ClientSecret};
use store::{
    ClientData, ClientFilter, ExportedClient, ImportError, ImportFailure, Store, StoreError,
};

use crate::bench::{
    Bench, KEY, NOW, OTHER_KEY, client_data, insert, key, provider, terms, token, with_token,
};

on_both!(
    export_is_imported_unchanged_by_either_database,
    a_line_that_cannot_be_is_named,
    repeated_import_changes_nothing,
    clients_of_equal_names_are_imported,
    of_a_batch_with_a_conflict_nothing_is_imported,
    a_damaged_client_is_named_in_its_place,
);

/// Clients with a value in every column, and one with the required columns only.
fn fill(store: &Store) {
    let full = with_token(ClientData {
        secret_expires_at: Some(NOW.plus(Duration::from_mins(1))),
        expires_at: Some(NOW.plus(Duration::from_hours(1))),
        owner: Some("alice".to_owned()),
        composed_name: Some("alice_shop".to_owned()),
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
    let client = insert(store, "c3");
    assert!(
        store
            .reissue(&client.data.id, &token("c3"), NOW)
            .wait()
            .unwrap()
    );
}

fn lines(store: &Store) -> Vec<String> {
    let page = store.exported(&ClientFilter::default(), None, 100).unwrap();
    page.into_iter()
        .map(|listed| listed.client.unwrap().to_line().unwrap())
        .collect()
}

fn read(store: &Store, lines: &[String]) -> Vec<ExportedClient> {
    lines
        .iter()
        .map(|line| store.read_exported(line, None).unwrap())
        .collect()
}

fn seen(store: &Store) -> Vec<String> {
    let page = store.clients(&ClientFilter::default(), None, 100).unwrap();
    page.into_iter()
        .map(|listed| listed.client.unwrap())
        .map(|client| format!("{client:?} {}", client.data.metadata.json()))
        .collect()
}

/// Either database imports what was exported unchanged.
fn export_is_imported_unchanged_by_either_database(bench: &Bench) {
    let from = bench.store();
    fill(&from);
    let exported = lines(&from);
    assert_eq!(exported.len(), 3);
    for line in &exported {
        assert!(
            !line.contains('\n') && !line.contains("hush_of_") && !line.contains("rat_of_"),
            "{line}"
        );
    }
    for other in [Bench::sqlite(), Bench::postgres()] {
        let to = other.store();
        let batch = read(&to, &exported);
        assert_eq!(to.compare(&batch), Ok(3));
        assert_eq!(to.import(&batch), Ok(3));
        assert_eq!(lines(&to), exported, "byte for byte");
        assert_eq!(seen(&to), seen(&from));
        for id in ["c1", "c2", "c3"] {
            assert!(
                to.authenticate(&provider(), &ClientId::new(id), &token(id), NOW)
                    .unwrap()
                    .is_some(),
                "{id}"
            );
        }
        assert_eq!(
            to.client(&ClientId::new("c1"))
                .unwrap()
                .unwrap()
                .data
                .secret,
            Some(ClientSecret::new("hush_of_c1"))
        );
    }
    let other = Bench::sqlite();
    let to = Store::open(&other.url, key(OTHER_KEY)).unwrap();
    to.migrate().unwrap();
    assert_eq!(
        to.read_exported(&exported[0], None).unwrap_err(),
        ImportError::Sealed("c1".to_owned())
    );
    assert_eq!(
        to.read_exported(&exported[0], Some(&key(OTHER_KEY)))
            .unwrap_err(),
        ImportError::Sealed("c1".to_owned())
    );
    let batch: Vec<_> = exported
        .iter()
        .map(|line| to.read_exported(line, Some(&key(KEY))).unwrap())
        .collect();
    assert_eq!(to.import(&batch), Ok(3));
    assert_eq!(seen(&to), seen(&from));
    assert_eq!(
        to.client(&ClientId::new("c1"))
            .unwrap()
            .unwrap()
            .data
            .secret,
        Some(ClientSecret::new("hush_of_c1")),
        "sealed with its own key"
    );
}

/// A line that is not an exported client is refused with its reason. An identifier that begins with https:// is not that of a registered
/// client (CIMD §7.1).
fn a_line_that_cannot_be_is_named(bench: &Bench) {
    let store = bench.store();
    insert(&store, "c1");
    let line = lines(&store).remove(0);
    let refused = |from: &str, to: &str| {
        assert!(line.contains(from), "{line}");
        store
            .read_exported(&line.replacen(from, to, 1), None)
            .unwrap_err()
            .to_string()
    };
    for (from, to, said) in [
        (
            "\"revision\":1",
            "\"revision\":1,\"colour\":1",
            "it is not an exported client: unknown field `colour`, expected one of ",
        ),
        (
            "\"revision\":1",
            "\"revision\":1,\"revision\":1",
            "it is not an exported client: duplicate field `revision` (column ",
        ),
        (
            "\"revision\":1,",
            "",
            "it is not an exported client: missing field `revision` (column ",
        ),
        (
            "\"revision\":1",
            "\"revision\":0",
            "revision of \"c1\" cannot be read",
        ),
        (
            "\"revision\":1",
            "\"revision\":\"1\"",
            "it is not an exported client: invalid type: string \"1\", expected i64 (column ",
        ),
        ("{", "", "it is not an exported client: "),
        (
            "\"client_id\":\"c1\"",
            "\"client_id\":\"\"",
            "client_id of \"\" cannot be read",
        ),
        (
            "\"client_id\":\"c1\"",
            "\"client_id\":\"https://app.example/c\"",
            "\"https://app.example/c\" is a URL, which only a client with a metadata document has as its client_id",
        ),
        (
            "\"client_id\":\"c1\"",
            "\"client_id\":\"HttpS://\"",
            "\"HttpS://\" is a URL, which only a client with a metadata document has as its client_id",
        ),
        (
            "\"client_id\":\"c1\"",
            "\"client_id\":\"c2\"",
            "the secret of \"c2\" does not open with this store's sealing key; name the key of the store it comes from",
        ),
        (
            "https://op.example",
            "not an issuer",
            "provider of \"c1\" cannot be read",
        ),
        (
            "https://op.example",
            "https://other.example",
            "the secret of \"c1\" does not open",
        ),
        (
            "\"metadata\":\"{",
            "\"metadata\":\"",
            "metadata of \"c1\" cannot be read",
        ),
        (
            "\"token_digest\":\"",
            "\"token_digest\":\"A",
            "token_digest of \"c1\" cannot be read",
        ),
        (
            "\"owner\":null",
            "\"owner\":\"a\\u0000\"",
            "owner of \"c1\" cannot be read",
        ),
        (
            "\"terms\":null",
            "\"terms\":\"{}x\"",
            "terms of \"c1\" cannot be read",
        ),
        (
            "\"terms\":null",
            r#""terms":"{\"a\\u0000\":1}""#,
            "terms of \"c1\" has the character U+0000",
        ),
        (
            r#""metadata":"{"#,
            r#""metadata":"{\"x\":{\"\\u0000\":[]},"#,
            "metadata of \"c1\" has the character U+0000",
        ),
    ] {
        let reason = refused(from, to);
        assert!(reason.starts_with(said), "{to}: {reason}");
    }
}

/// An import may be repeated, and changes no client that exists.
fn repeated_import_changes_nothing(bench: &Bench) {
    let store = bench.store();
    fill(&store);
    let other = Bench::sqlite();
    let to = other.store();
    let batch = read(&to, &lines(&store));
    assert_eq!(to.import(&batch[..2]), Ok(2));
    assert_eq!(to.compare(&batch), Ok(1));
    assert_eq!(to.import(&batch), Ok(1), "the rest");
    assert_eq!(to.import(&batch), Ok(0));
    assert_eq!(
        store.import(&[batch.clone(), batch.clone()].concat()),
        Ok(0),
        "sealed elsewhere, and the same"
    );

    let before = seen(&store);
    let line = lines(&store)
        .remove(1)
        .replace("\"revision\":1", "\"revision\":2");
    let changed = store.read_exported(&line, None).unwrap();
    let refused = ImportFailure {
        at: 1,
        error: ImportError::Different("c2".to_owned()),
    };
    assert_eq!(
        store.compare(&[batch[0].clone(), changed.clone()]),
        Err(refused.clone())
    );
    assert_eq!(store.import(&[batch[0].clone(), changed]), Err(refused));
    assert_eq!(seen(&store), before);
}

fn clients_of_equal_names_are_imported(bench: &Bench) {
    let store = bench.store();
    let named = |id: &str| {
        with_token(ClientData {
            owner: Some("alice".to_owned()),
            composed_name: Some("alice_shop".to_owned()),
            ..client_data(id)
        })
    };
    store.insert(named("c3"), None, NOW).wait().unwrap();
    let other = Bench::sqlite();
    let from = other.store();
    for id in ["c1", "c2"] {
        from.insert(named(id), None, NOW).wait().unwrap();
    }
    let batch = read(&store, &lines(&from));
    assert_eq!(store.compare(&batch), Ok(2));
    assert_eq!(store.import(&batch), Ok(2));
    assert_eq!(store.import(&batch), Ok(0));
    let clients = store.clients(&ClientFilter::default(), None, 100).unwrap();
    let composed: Vec<_> = clients
        .into_iter()
        .map(|listed| listed.client.unwrap().data.composed_name)
        .collect();
    assert_eq!(composed, vec![Some("alice_shop".to_owned()); 3]);
}

fn of_a_batch_with_a_conflict_nothing_is_imported(bench: &Bench) {
    let other = Bench::sqlite();
    let from = other.store();
    for id in ["c1", "c2"] {
        insert(&from, id);
    }
    let store = bench.store();
    let twice = [
        &read(&store, &lines(&from))[..1],
        &[store
            .read_exported(
                &lines(&from)[0].replace("\"revision\":1", "\"revision\":7"),
                None,
            )
            .unwrap()],
    ]
    .concat();
    assert_eq!(
        store.import(&twice),
        Err(ImportFailure {
            at: 1,
            error: ImportError::Different("c1".to_owned())
        })
    );
    assert_eq!(store.count_clients(&ClientFilter::default()), Ok(0));
}

fn a_damaged_client_is_named_in_its_place(bench: &Bench) {
    let store = bench.store();
    for id in ["c1", "c2", "c3"] {
        insert(&store, id);
    }
    bench
        .raw()
        .execute("UPDATE client SET metadata = 'x' WHERE client_id = 'c2'");
    let page = store.exported(&ClientFilter::default(), None, 10).unwrap();
    let damaged: Vec<_> = page
        .iter()
        .map(|listed| (listed.id.as_str(), listed.client.as_ref().err().cloned()))
        .collect();
    let corrupt = StoreError::Corrupt {
        table: "client",
        column: "metadata",
        key: "c2".to_owned(),
    };
    assert_eq!(damaged, [("c1", None), ("c2", Some(corrupt)), ("c3", None)]);
}
