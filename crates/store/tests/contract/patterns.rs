//! The column with the judged form of `regexp=` redirect URIs.

use std::io::Cursor;

use protocol::{ClientId, RegisteredMetadata};
use store::{ClientData, ClientFilter, NewClient, SecretChange, Store};

use crate::bench::{Bench, NOW, client_data, insert, insert_as, with_token};

const JUDGED: &str =
    r#"[{"pattern":"^(?:https://a\\.example/(x|y))$","origins":["https://a.example"]}]"#;

on_both!(
    judged_form_follows_from_the_metadata,
    older_rows_are_judged_by_the_migration,
    judged_form_is_made_again_by_an_import,
    judged_form_is_in_a_backup,
    judged_form_is_made_again_for_an_older_backup,
);

fn with_uri(id: &str, uri: &str) -> NewClient {
    let json = serde_json::json!({ "redirect_uris": [uri], "client_name": id }).to_string();
    with_token(ClientData {
        metadata: RegisteredMetadata::from_stored(json).unwrap(),
        ..client_data(id)
    })
}

/// Three clients: with a pattern, with a pattern outside the grammar, without a pattern. Written in
/// one batch.
fn fill(store: &Store) {
    let clients = [
        with_uri("c1", "regexp=^https://a.example/(x|y)$"),
        with_uri("c2", r"regexp=https://a.example/\d"),
        with_uri("c3", "https://a.example/cb"),
    ];
    let written: Vec<_> = clients.map(|new| store.insert(new, None, NOW)).into();
    assert!(written.into_iter().all(|written| written.wait().is_ok()));
}

fn columns(bench: &Bench) -> Vec<String> {
    bench.raw().values("SELECT client_id || ':' || COALESCE(redirect_patterns, 'NULL') AS value FROM client ORDER BY client_id")
}

fn filled() -> Vec<String> {
    vec![
        format!("c1:{JUDGED}"),
        "c2:NULL".to_owned(),
        "c3:NULL".to_owned(),
    ]
}

fn judged_form_follows_from_the_metadata(bench: &Bench) {
    let store = bench.store();
    fill(&store);
    assert_eq!(columns(bench), filled());
    let client = |id: &str| store.client(&ClientId::new(id)).unwrap().unwrap();
    let replace = |id: &str, uri: &str| {
        store
            .replace(
                &client(id),
                with_uri(id, uri).data.metadata,
                SecretChange::Keep,
                NOW,
            )
            .wait()
            .unwrap()
    };
    replace("c1", "https://a.example/cb");
    replace("c3", "regexp=https://a.example/(x|y)");
    assert_eq!(
        columns(bench),
        [
            "c1:NULL".to_owned(),
            "c2:NULL".to_owned(),
            format!("c3:{JUDGED}")
        ]
    );
    replace("c3", r"regexp=https://a.example/\d");
    assert_eq!(
        columns(bench),
        ["c1:NULL", "c2:NULL", "c3:NULL"],
        "what is outside the grammar leaves nothing behind"
    );
}

/// Removes the column as `down.sql` does, also if later migrations were applied.
fn revert(bench: &Bench) {
    bench.raw().execute(include_str!(
        "../../../../migrations/0010_redirect_patterns/down.sql"
    ));
    bench
        .raw()
        .execute("DELETE FROM __diesel_schema_migrations WHERE version = '0010'");
}

fn older_rows_are_judged_by_the_migration(bench: &Bench) {
    let store = bench.store();
    fill(&store);
    for number in 0..1_100 {
        bench.raw().execute(&format!("INSERT INTO client SELECT 'd{number:04}', provider, metadata, token_digest, secret_sealed, issued_at, secret_expires_at, expires_at, revision, owner, composed_name, terms, last_used_at, metadata_consistent, NULL, changed_at FROM client WHERE client_id = 'c1'"));
    }
    bench
        .raw()
        .execute("UPDATE client SET metadata = 'x' WHERE client_id = 'd0007'");
    revert(bench);
    drop(store);
    let store = bench.open();
    assert_eq!(store.migrate().unwrap(), ["0010_redirect_patterns"]);
    let mut expected = filled();
    expected.extend(
        (0..1_100)
            .map(|number| format!("d{number:04}:{}", if number == 7 { "NULL" } else { JUDGED })),
    );
    assert_eq!(columns(bench), expected);
    insert_as(&store, with_uri("e1", "regexp=https://a.example/(x|y)"));
    assert_eq!(columns(bench).last(), Some(&format!("e1:{JUDGED}")));
}

fn judged_form_is_made_again_by_an_import(bench: &Bench) {
    let store = bench.store();
    fill(&store);
    let lines: Vec<String> = store
        .exported(&ClientFilter::default(), None, 10)
        .unwrap()
        .into_iter()
        .map(|listed| listed.client.unwrap().to_line().unwrap())
        .collect();
    assert!(
        lines.iter().all(|line| !line.contains("redirect_patterns")),
        "{lines:?}"
    );
    for other in [Bench::sqlite(), Bench::postgres()] {
        let to = other.store();
        let batch: Vec<_> = lines
            .iter()
            .map(|line| to.read_exported(line, None).unwrap())
            .collect();
        assert_eq!(to.import(&batch), Ok(3));
        assert_eq!(columns(&other), filled());
        other
            .raw()
            .execute("UPDATE client SET redirect_patterns = NULL");
        assert_eq!(
            to.import(&batch),
            Ok(0),
            "the same clients, whatever is written beside them"
        );
    }
}

fn backup(store: &Store) -> Cursor<Vec<u8>> {
    let mut file = Vec::new();
    store.backup(NOW, &mut file, |_| {}).unwrap();
    Cursor::new(file)
}

fn judged_form_is_in_a_backup(bench: &Bench) {
    let store = bench.store();
    fill(&store);
    let mut file = backup(&store);
    for other in [Bench::sqlite(), Bench::postgres()] {
        other.store().restore(&mut file, false, |_| {}).unwrap();
        assert_eq!(columns(&other), filled());
    }
}

fn judged_form_is_made_again_for_an_older_backup(bench: &Bench) {
    let store = bench.store();
    fill(&store);
    bench
        .raw()
        .execute("ALTER TABLE client DROP COLUMN redirect_patterns");
    let mut file = backup(&store);
    for other in [Bench::sqlite(), Bench::postgres()] {
        let to = other.store();
        insert(&to, "other");
        to.restore(&mut file, true, |_| {}).unwrap();
        assert_eq!(columns(&other), filled());
    }
}
