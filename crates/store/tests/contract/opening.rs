//! Opening a missing or invalid store.

use std::path::Path;

use store::{DatabaseUrl, Store, StoreError};

use crate::bench::{Bench, KEY, insert, key};

fn reason(url: &str) -> String {
    let url: DatabaseUrl = url.parse().unwrap();
    match Store::open(&url, key(KEY)) {
        Err(error @ StoreError::Open { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let said = reason(&format!("sqlite://{}", missing.join("store.db").display()));
    assert!(
        said.ends_with(&format!("the folder {} does not exist", missing.display())),
        "{said}"
    );
    assert!(!missing.exists());
}

/// A file that is not a database is left unchanged.
#[test]
fn non_database_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let text = "not a database. ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    let said = reason(&format!("sqlite://{}", path.display()));
    assert!(said.ends_with("file is not a database"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    let said = reason(&format!("sqlite:{}", folder.path().display()));
    assert!(said.contains("cannot be opened: "), "{said}");
}

/// A new database file is readable by its owner only.
#[cfg(unix)]
#[test]
fn new_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::sqlite();
    insert(&bench.store(), "c1");
    let mode = std::fs::metadata(bench.url.sqlite_path().unwrap())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_new_file_is_set_up_for_many_small_durable_writes() {
    let bench = Bench::sqlite();
    insert(&bench.store(), "c1");
    let mut raw = bench.raw();
    assert_eq!(
        raw.values("SELECT CAST(page_size AS TEXT) AS value FROM pragma_page_size"),
        ["8192"]
    );
    assert_eq!(
        raw.values("SELECT journal_mode AS value FROM pragma_journal_mode"),
        ["wal"]
    );
}

/// A database server that cannot be reached fails fast and creates no file.
#[test]
fn missing_server_fails_fast() {
    let begun = std::time::Instant::now();
    let said = reason("postgres://someone:hush@127.0.0.1:1/nowhere");
    assert!(
        said.starts_with("the store postgres://someone:***@127.0.0.1:1/nowhere cannot be opened: "),
        "{said}"
    );
    assert!(said.contains("Connection refused"), "{said}");
    assert!(!said.contains("hush"), "{said}");
    assert!(begun.elapsed().as_secs() < 5, "it does not go on trying");
    for name in ["nowhere", "postgres:", "host=127.0.0.1"] {
        assert!(!Path::new(name).exists(), "{name}");
    }
}

/// A refusal of the database server is reported with its reason.
#[test]
fn server_refusal_is_reported() {
    let bench = Bench::postgres();
    let url = bench.url.to_string();
    let (server, _) = url.rsplit_once('/').unwrap();
    let said = reason(&format!("{server}/frontdesk_no_such_database"));
    assert!(
        said.contains("database \"frontdesk_no_such_database\" does not exist"),
        "{said}"
    );
    let said = reason("postgres://someone:hush@127.0.0.1:notaport/nowhere");
    assert!(
        said.contains("cannot be opened: ") && !said.contains("hush"),
        "{said}"
    );
}

/// The second of two hosts is used if the first does not answer.
#[test]
fn second_host_is_used() {
    let bench = Bench::postgres();
    let url = bench.url.to_string();
    let (before, after) = url
        .split_once('@')
        .unwrap_or(("postgres:", url.split_once("//").unwrap().1));
    let both: DatabaseUrl = if before == "postgres:" {
        format!("postgres://127.0.0.1:1,{after}")
    } else {
        format!("{before}@127.0.0.1:1,{after}")
    }
    .parse()
    .unwrap();
    let store = Store::open(&both, key(KEY)).unwrap();
    store.migrate().unwrap();
    insert(&store, "c1");
}
