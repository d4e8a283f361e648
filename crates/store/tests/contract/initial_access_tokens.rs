//! Initial access tokens: issue, find, spend, revoke.

use std::time::Duration;

use protocol::{ClientId, InitialAccessToken, Issuer};
use store::{ClientData, ClientFilter, NewToken, StoreError, TokenId};

use crate::bench::{
    Bench, NOW, client_data, insert, new_client, provider, race, terms, with_token,
};

on_both!(
    a_token_is_found_until_it_is_worthless,
    a_spent_token_registers_nothing,
    a_refused_client_costs_nothing,
    a_token_of_one_provider_is_unknown_at_another,
    of_racing_spends_as_many_win_as_there_are_uses,
    a_token_without_a_limit_is_never_used_up,
    a_token_is_good_for_one_use_at_least,
);

fn presented() -> InitialAccessToken {
    InitialAccessToken::new("iat_hush")
}

fn a_token_is_found_until_it_is_worthless(bench: &Bench) {
    let store = bench.store();
    let then = NOW.plus(Duration::from_mins(1));
    let new = NewToken {
        label: Some("ci".to_owned()),
        uses: Some(2),
        expires_at: Some(then),
        owner: Some("alice".to_owned()),
        provider: Some(provider()),
        terms: Some(terms()),
    };
    let id = store.issue_token(&presented(), new, NOW).unwrap();
    let found = store
        .find_token(&provider(), &presented(), NOW)
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.id.as_str(), found.uses_left, found.expires_at),
        (id.as_str(), Some(2), Some(then))
    );
    assert_eq!(
        (
            found.label.as_deref(),
            found.owner.as_deref(),
            found.created_at
        ),
        (Some("ci"), Some("alice"), NOW)
    );
    assert_eq!(
        (found.provider.clone(), found.terms.clone()),
        (Some(provider()), Some(terms()))
    );
    assert_eq!(
        store
            .find_token(&provider(), &InitialAccessToken::new("iat_other"), NOW)
            .unwrap(),
        None
    );
    assert_eq!(
        store.find_token(&provider(), &presented(), then).unwrap(),
        None,
        "expired"
    );
    assert_eq!(store.tokens().unwrap(), [found]);
    assert_eq!(
        store
            .issue_token(&presented(), NewToken::default(), NOW)
            .unwrap_err(),
        StoreError::Conflict
    );
    assert!(store.revoke_token(&id).unwrap());
    assert!(!store.revoke_token(&id).unwrap());
    assert_eq!(
        store.find_token(&provider(), &presented(), NOW).unwrap(),
        None,
        "revoked"
    );
    let late = store.insert(new_client("c1"), Some(id), NOW).wait();
    assert_eq!(late.unwrap_err(), StoreError::TokenExhausted);
}

fn a_spent_token_registers_nothing(bench: &Bench) {
    let store = bench.store();
    let then = NOW.plus(Duration::from_mins(1));
    let id = store
        .issue_token(
            &presented(),
            NewToken {
                uses: Some(1),
                expires_at: Some(then),
                ..NewToken::default()
            },
            NOW,
        )
        .unwrap();
    let expired = store
        .insert(new_client("c0"), Some(id.clone()), then)
        .wait();
    assert_eq!(expired.unwrap_err(), StoreError::TokenExhausted);
    store
        .insert(new_client("c1"), Some(id.clone()), NOW)
        .wait()
        .unwrap();
    assert_eq!(
        store.find_token(&provider(), &presented(), NOW).unwrap(),
        None,
        "used up"
    );
    for spent in [id, TokenId::new("unknown")] {
        assert_eq!(
            store
                .insert(new_client("c2"), Some(spent), NOW)
                .wait()
                .unwrap_err(),
            StoreError::TokenExhausted
        );
    }
    assert!(store.client(&ClientId::new("c0")).unwrap().is_none());
    assert!(store.client(&ClientId::new("c2")).unwrap().is_none());
}

fn a_token_of_one_provider_is_unknown_at_another(bench: &Bench) {
    let store = bench.store();
    let elsewhere = Issuer::parse("https://other.example").unwrap();
    let new = NewToken {
        uses: Some(1),
        provider: Some(provider()),
        ..NewToken::default()
    };
    let id = store.issue_token(&presented(), new, NOW).unwrap();
    let anywhere = InitialAccessToken::new("iat_anywhere");
    store
        .issue_token(&anywhere, NewToken::default(), NOW)
        .unwrap();
    assert_eq!(
        store.find_token(&elsewhere, &presented(), NOW).unwrap(),
        None
    );
    assert!(
        store
            .find_token(&elsewhere, &anywhere, NOW)
            .unwrap()
            .is_some_and(|found| found.provider.is_none() && found.terms.is_none())
    );

    let there = with_token(ClientData {
        provider: elsewhere,
        ..client_data("c1")
    });
    assert_eq!(
        store
            .insert(there, Some(id.clone()), NOW)
            .wait()
            .unwrap_err(),
        StoreError::TokenExhausted
    );
    assert!(store.client(&ClientId::new("c1")).unwrap().is_none());
    store
        .insert(new_client("c1"), Some(id), NOW)
        .wait()
        .unwrap();
}

fn a_refused_client_costs_nothing(bench: &Bench) {
    let store = bench.store();
    let id = store
        .issue_token(
            &presented(),
            NewToken {
                uses: Some(1),
                ..NewToken::default()
            },
            NOW,
        )
        .unwrap();
    insert(&store, "c1");
    assert_eq!(
        store
            .insert(new_client("c1"), Some(id.clone()), NOW)
            .wait()
            .unwrap_err(),
        StoreError::Conflict
    );
    assert_eq!(
        store
            .find_token(&provider(), &presented(), NOW)
            .unwrap()
            .unwrap()
            .uses_left,
        Some(1)
    );
    store
        .insert(new_client("c2"), Some(id), NOW)
        .wait()
        .unwrap();
}

fn of_racing_spends_as_many_win_as_there_are_uses(bench: &Bench) {
    let store = bench.store();
    let other = bench.open();
    let id = store
        .issue_token(
            &presented(),
            NewToken {
                uses: Some(5),
                ..NewToken::default()
            },
            NOW,
        )
        .unwrap();
    let outcomes = race(|number| {
        let store = if number % 2 == 0 { &store } else { &other };
        store
            .insert(new_client(&format!("c{number}")), Some(id.clone()), NOW)
            .wait()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 5);
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Ok(_) | Err(StoreError::TokenExhausted))),
        "{outcomes:?}"
    );
    assert_eq!(
        store
            .clients(&ClientFilter::default(), None, 100)
            .unwrap()
            .len(),
        5
    );
    assert_eq!(store.tokens().unwrap()[0].uses_left, Some(0));
}

fn a_token_without_a_limit_is_never_used_up(bench: &Bench) {
    let store = bench.store();
    let id = store
        .issue_token(&presented(), NewToken::default(), NOW)
        .unwrap();
    for number in 0..10 {
        store
            .insert(new_client(&format!("c{number}")), Some(id.clone()), NOW)
            .wait()
            .unwrap();
    }
    assert_eq!(
        store
            .find_token(&provider(), &presented(), NOW)
            .unwrap()
            .unwrap()
            .uses_left,
        None
    );
}

fn a_token_is_good_for_one_use_at_least(bench: &Bench) {
    let refused = bench.store().issue_token(
        &presented(),
        NewToken {
            uses: Some(0),
            ..NewToken::default()
        },
        NOW,
    );
    assert_eq!(
        refused.unwrap_err(),
        StoreError::Refused("an initial access token must allow at least one use")
    );
}
