//! Clients without a registration access token, which no request manages.

use std::io::Cursor;

use protocol::{ClientId, RegistrationAccessToken};
use store::{ClientFilter, NewClient, Store};

use crate::bench::{Bench, NOW, client_data, insert, provider, token};
use crate::reading::wait;

on_both!(
    client_without_token_is_managed_by_none,
    client_without_token_is_carried,
    client_without_token_is_restored,
    reissue_gives_a_client_its_first_token,
);

fn insert_without_token(store: &Store, id: &str) {
    let new = NewClient {
        data: client_data(id),
        token: None,
    };
    store.insert(new, None, NOW).wait().unwrap();
}

fn is_managed(store: &Store, id: &str, token: &RegistrationAccessToken) -> bool {
    let id = ClientId::new(id);
    let opened = store.authenticate(&provider(), &id, token, NOW).unwrap();
    let summary = store.find_summary(&provider(), &id, token, NOW);
    let shown = wait(summary).unwrap();
    assert_eq!(opened.is_some(), shown.is_some(), "both reads agree");
    opened.is_some()
}

fn assert_unmanaged(store: &Store, id: &str) {
    for presented in ["", "\0", "rat_", "rat_of_another"] {
        let presented = RegistrationAccessToken::new(presented);
        assert!(!is_managed(store, id, &presented), "{presented:?}");
    }
    assert!(!is_managed(store, id, &token(id)));
    assert!(store.client(&ClientId::new(id)).unwrap().is_some());
}

/// RFC 7592 §1.2: the client configuration endpoint is protected by the token. A client that has
/// none is managed by no token, not even the empty one, and its neighbours by theirs only.
fn client_without_token_is_managed_by_none(bench: &Bench) {
    let store = bench.store();
    insert_without_token(&store, "c1");
    insert(&store, "c2");
    assert_eq!(
        bench
            .raw()
            .values("SELECT token_digest AS value FROM client WHERE client_id = 'c1'"),
        [""]
    );
    assert_unmanaged(&store, "c1");
    assert!(!is_managed(&store, "c1", &token("c2")));
    assert!(is_managed(&store, "c2", &token("c2")));
    assert!(!is_managed(&store, "c2", &RegistrationAccessToken::new("")));
}

/// An export and its import keep the absence of a token.
fn client_without_token_is_carried(bench: &Bench) {
    let from = bench.store();
    insert_without_token(&from, "c1");
    let exported = |store: &Store| -> Vec<String> {
        let page = store.exported(&ClientFilter::default(), None, 10).unwrap();
        page.into_iter()
            .map(|listed| listed.client.unwrap().to_line().unwrap())
            .collect()
    };
    let lines = exported(&from);
    assert!(lines[0].contains("\"token_digest\":\"\""), "{lines:?}");
    for other in [Bench::sqlite(), Bench::postgres()] {
        let to = other.store();
        let batch = [to.read_exported(&lines[0], None).unwrap()];
        assert_eq!(to.import(&batch), Ok(1));
        assert_eq!(exported(&to), lines, "byte for byte");
        assert_unmanaged(&to, "c1");
    }
}

/// A backup and its restore keep the absence of a token.
fn client_without_token_is_restored(bench: &Bench) {
    let from = bench.store();
    insert_without_token(&from, "c1");
    let mut file = Vec::new();
    from.backup(NOW, &mut file, |_| {}).unwrap();
    for other in [Bench::sqlite(), Bench::postgres()] {
        let to = other.store();
        to.restore(&mut Cursor::new(&file), false, |_| {}).unwrap();
        assert_unmanaged(&to, "c1");
    }
}

/// A new token, which the operator issues, manages the client from then on.
fn reissue_gives_a_client_its_first_token(bench: &Bench) {
    let store = bench.store();
    insert_without_token(&store, "c1");
    let id = ClientId::new("c1");
    assert!(store.reissue(&id, &token("new"), NOW).wait().unwrap());
    assert!(is_managed(&store, "c1", &token("new")));
    assert!(!is_managed(&store, "c1", &RegistrationAccessToken::new("")));
}
