//! Accounts and their passwords.

use protocol::{Issuer, Secret};
use store::{Role, StoreError};

use crate::bench::{Bench, NOW, memory, provider};

on_both!(
    a_password_opens_its_account_only,
    account_opens_at_its_provider_only,
    accounts_are_added_listed_and_removed,
    what_cannot_be_an_account_is_refused,
);

fn hush() -> Secret {
    Secret::new("hush".repeat(40))
}

fn a_password_opens_its_account_only(bench: &Bench) {
    let store = bench.store();
    store
        .add_account("alice", Role::Administrator, None, &hush(), NOW)
        .unwrap();
    store
        .add_account("bob", Role::Registrar, None, &Secret::new("other"), NOW)
        .unwrap();
    let alice = store
        .verify_account(&provider(), "alice", &hush(), &mut memory())
        .unwrap()
        .unwrap();
    assert_eq!(
        (alice.name.as_str(), alice.role, alice.created_at),
        ("alice", Role::Administrator, NOW)
    );
    let shortened = Secret::new(hush().reveal().get(..72).unwrap_or_default());
    for (name, password) in [
        ("alice", Secret::new("other")),
        ("alice", shortened),
        ("bob", hush()),
        ("carol", hush()),
        ("alice\0", hush()),
        ("", hush()),
    ] {
        assert_eq!(
            store
                .verify_account(&provider(), name, &password, &mut memory())
                .unwrap(),
            None,
            "{name}"
        );
    }

    assert!(store.set_password("alice", &Secret::new("new")).unwrap());
    assert_eq!(
        store
            .verify_account(&provider(), "alice", &hush(), &mut memory())
            .unwrap(),
        None
    );
    let after = store
        .verify_account(&provider(), "alice", &Secret::new("new"), &mut memory())
        .unwrap()
        .unwrap();
    assert_ne!(
        after.revision, alice.revision,
        "what was proved before counts no more"
    );
    assert!(!store.set_password("carol", &hush()).unwrap());
    assert!(!store.set_password("alice\0", &hush()).unwrap());
}

/// An account limited to one provider is unknown at others, also with the right password. An
/// account without a provider is known at every provider.
fn account_opens_at_its_provider_only(bench: &Bench) {
    let store = bench.store();
    let other = Issuer::parse("https://other.example").unwrap();
    store
        .add_account("alice", Role::Registrar, Some(&provider()), &hush(), NOW)
        .unwrap();
    store
        .add_account("bob", Role::Registrar, None, &hush(), NOW)
        .unwrap();
    let opened = |at: &Issuer, name: &str| {
        store
            .verify_account(at, name, &hush(), &mut memory())
            .unwrap()
            .map(|account| account.name)
    };
    assert_eq!(opened(&provider(), "alice").as_deref(), Some("alice"));
    assert_eq!(opened(&other, "alice"), None);
    for at in [&provider(), &other] {
        assert_eq!(opened(at, "bob").as_deref(), Some("bob"), "{at}");
    }
    let held: Vec<_> = store
        .accounts()
        .unwrap()
        .into_iter()
        .map(|account| (account.name, account.provider))
        .collect();
    assert_eq!(
        held,
        [
            ("alice".to_owned(), Some(provider())),
            ("bob".to_owned(), None)
        ]
    );
    assert!(store.set_password("alice", &Secret::new("new")).unwrap());
    assert_eq!(
        store.account("alice").unwrap().unwrap().provider,
        Some(provider()),
        "a new password leaves it where it is"
    );
}

fn accounts_are_added_listed_and_removed(bench: &Bench) {
    let store = bench.store();
    assert!(!store.has_accounts().unwrap());
    store
        .add_account("bob", Role::Registrar, None, &hush(), NOW)
        .unwrap();
    store
        .add_account("alice", Role::Administrator, None, &hush(), NOW)
        .unwrap();
    assert!(store.has_accounts().unwrap());
    assert_eq!(
        store
            .add_account("bob", Role::Administrator, None, &hush(), NOW)
            .unwrap_err(),
        StoreError::Conflict
    );
    let names: Vec<_> = store
        .accounts()
        .unwrap()
        .into_iter()
        .map(|account| (account.name, account.role))
        .collect();
    assert_eq!(
        names,
        [
            ("alice".to_owned(), Role::Administrator),
            ("bob".to_owned(), Role::Registrar)
        ]
    );
    let bob = store.account("bob").unwrap().unwrap();
    assert!(store.remove_account("bob").unwrap());
    assert!(!store.remove_account("bob").unwrap());
    assert!(!store.remove_account("\0").unwrap());
    assert_eq!(store.account("bob").unwrap(), None);
    store
        .add_account("bob", Role::Registrar, None, &hush(), NOW)
        .unwrap();
    assert_ne!(
        store.account("bob").unwrap().unwrap().revision,
        bob.revision,
        "this is another bob"
    );
}

fn what_cannot_be_an_account_is_refused(bench: &Bench) {
    let store = bench.store();
    for name in ["", "alice@acme", "a b", "ä", &"x".repeat(65)] {
        let refused = store
            .add_account(name, Role::Registrar, None, &hush(), NOW)
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "an account's name is 1 to 64 letters, digits, dots, underscores and hyphens",
            "{name}"
        );
    }
    let empty = store
        .add_account("alice", Role::Registrar, None, &Secret::new(""), NOW)
        .unwrap_err();
    assert_eq!(empty.to_string(), "a password must not be empty");
}
