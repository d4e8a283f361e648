//! Migrations: up, down, up; racing; newer and older schemas.

use diesel::backend::Backend;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use protocol::{InitialAccessToken, Secret};
use store::{ClientData, NewToken, Role, Store, StoreError};

use crate::bench::{Bench, KEY, NOW, OTHER_KEY, Raw, client_data, insert, key, race, with_token};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

on_both!(
    each_migration_is_undone_by_its_down,
    equal_names_survive_the_downgrade,
    a_new_store_is_behind_until_it_is_migrated,
    of_racing_migrations_one_does_the_work,
    a_newer_schema_is_refused,
    rows_of_before_have_no_terms,
    the_wrong_key_is_refused,
);

fn tables(raw: &mut Raw) -> Vec<String> {
    let sql = match raw {
        Raw::Sqlite(_) => {
            "SELECT name AS value FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        }
        Raw::Postgres(_) => {
            "SELECT CAST(relname AS TEXT) AS value FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') ORDER BY relname"
        }
    };
    raw.values(sql)
        .into_iter()
        .filter(|name| !name.starts_with("__diesel"))
        .collect()
}

fn up<DB: Backend>(connection: &mut impl MigrationHarness<DB>) {
    connection.run_pending_migrations(MIGRATIONS).expect("up");
}

fn down<DB: Backend>(connection: &mut impl MigrationHarness<DB>) {
    connection.revert_all_migrations(MIGRATIONS).expect("down");
}

fn each_migration_is_undone_by_its_down(bench: &Bench) {
    let mut raw = bench.raw();
    let apply = |raw: &mut Raw| match raw {
        Raw::Sqlite(connection) => up(connection),
        Raw::Postgres(connection) => up(connection),
    };
    apply(&mut raw);
    let first = tables(&mut raw);
    assert!(first.contains(&"client".to_owned()), "{first:?}");
    match &mut raw {
        Raw::Sqlite(connection) => down(connection),
        Raw::Postgres(connection) => down(connection),
    }
    assert!(tables(&mut raw).is_empty());
    apply(&mut raw);
    assert_eq!(tables(&mut raw), first);
    insert(&bench.store(), "c1");
}

fn equal_names_survive_the_downgrade(bench: &Bench) {
    let store = bench.store();
    let named = |id: &str, owner: &str| {
        with_token(ClientData {
            owner: Some(owner.to_owned()),
            composed_name: Some("alice_shop".to_owned()),
            ..client_data(id)
        })
    };
    for (id, owner) in [
        ("c1", "alice"),
        ("c2", "alice"),
        ("c3", "bob"),
        ("c4", "alice"),
    ] {
        store.insert(named(id, owner), None, NOW).wait().unwrap();
    }
    let mut raw = bench.raw();
    raw.execute(include_str!(
        "../../../../migrations/0012_equal_composed_names/down.sql"
    ));
    assert_eq!(
        raw.values(
            "SELECT client_id || ':' || COALESCE(composed_name, '-') AS value FROM client ORDER BY client_id"
        ),
        ["c1:alice_shop", "c2:-", "c3:alice_shop", "c4:-"]
    );
    let equal = store.insert(named("c5", "alice"), None, NOW);
    assert_eq!(equal.wait().unwrap_err(), StoreError::Conflict);
}

fn a_new_store_is_behind_until_it_is_migrated(bench: &Bench) {
    let store = bench.open();
    assert_eq!(store.check(), Err(StoreError::SchemaOutdated));
    assert!(
        tables(&mut bench.raw()).is_empty(),
        "looking changes nothing"
    );
    let applied = store.migrate().unwrap();
    assert_eq!(applied.first().map(String::as_str), Some("0001_client"));
    assert_eq!(store.check(), Ok(()));
    assert_eq!(store.migrate(), Ok(Vec::new()));
    bench
        .raw()
        .execute("DELETE FROM __diesel_schema_migrations WHERE version = '0005'");
    assert_eq!(store.check(), Err(StoreError::SchemaOutdated));
}

fn of_racing_migrations_one_does_the_work(bench: &Bench) {
    let applied = race(|_| {
        Store::open(&bench.url, key(KEY))
            .and_then(|store| store.migrate())
            .unwrap()
    });
    assert_eq!(
        applied.iter().filter(|names| !names.is_empty()).count(),
        1,
        "{applied:?}"
    );
    assert_eq!(
        bench
            .raw()
            .values("SELECT key_id AS value FROM seal_check")
            .len(),
        1
    );
    insert(&bench.open(), "c1");
}

/// Returns the names of the migrations from `first` on, in their order.
fn migrations_from(first: &str) -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| name.as_str() >= first)
        .collect();
    names.sort();
    names
}

fn rows_of_before_have_no_terms(bench: &Bench) {
    let store = bench.store();
    let client = insert(&store, "c1");
    store
        .add_account("alice", Role::Registrar, None, &Secret::new("hush"), NOW)
        .unwrap();
    store
        .issue_token(&InitialAccessToken::new("iat_1"), NewToken::default(), NOW)
        .unwrap();
    let later = migrations_from("0006_token_terms");
    for _ in &later {
        match &mut bench.raw() {
            Raw::Sqlite(connection) => connection.revert_last_migration(MIGRATIONS).map(drop),
            Raw::Postgres(connection) => connection.revert_last_migration(MIGRATIONS).map(drop),
        }
        .expect("down");
    }
    let store = bench.open();
    assert_eq!(store.migrate().unwrap(), later);
    let read = store.client(&client.data.id).unwrap().unwrap();
    assert_eq!(format!("{read:?}"), format!("{client:?}"));
    assert!(read.data.terms.is_none());
    assert!(
        store
            .tokens()
            .unwrap()
            .iter()
            .all(|token| token.terms.is_none() && token.provider.is_none())
    );
    assert_eq!(store.account("alice").unwrap().unwrap().provider, None);
}

fn a_newer_schema_is_refused(bench: &Bench) {
    let store = bench.store();
    bench
        .raw()
        .execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')");
    let newer = StoreError::SchemaNewer {
        migration: "9999".to_owned(),
    };
    assert_eq!(store.check(), Err(newer.clone()));
    assert_eq!(store.migrate(), Err(newer.clone()));
    assert_eq!(Store::open(&bench.url, key(KEY)).err(), Some(newer));
}

fn the_wrong_key_is_refused(bench: &Bench) {
    insert(&bench.store(), "c1");
    let wrong = Store::open(&bench.url, key(OTHER_KEY)).unwrap();
    assert_eq!(wrong.check(), Err(StoreError::WrongKey));
    assert_eq!(wrong.migrate(), Err(StoreError::WrongKey));
    assert_eq!(bench.open().check(), Ok(()));
    bench.raw().execute("UPDATE seal_check SET sealed = 'AQ'");
    assert!(matches!(
        bench.open().check(),
        Err(StoreError::Corrupt {
            table: "seal_check",
            column: "sealed",
            ..
        })
    ));
    assert!(bench.open().healthy().is_ok());
}
