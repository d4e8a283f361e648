//! Properties of every row of the tables.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what it expects"
)]

#[path = "support/sample.rs"]
mod sample;
mod support;

use std::collections::BTreeSet;

use protocol::error_code::ErrorRow;
use protocol::rules::{self, Rule};
use protocol::table::Fetched;
use protocol::{ClientInformation, ClientMetadata, ErrorCode, MemberRow, Object, ProviderMetadata};
use serde_json::{Value, json};
use support::{STANDARD, agree, object, provider};

const TABLES: [&[MemberRow]; 3] = [
    ClientMetadata::ROWS,
    ClientInformation::ROWS,
    ProviderMetadata::ROWS,
];

fn row(rows: &'static [MemberRow], name: &str) -> Option<&'static MemberRow> {
    rows.iter().find(|row| row.name == name)
}

/// Client rows whose values one of the provider's lists governs.
fn governed() -> impl Iterator<Item = (&'static MemberRow, &'static str)> {
    ClientMetadata::ROWS
        .iter()
        .filter_map(|row| row.offered.map(|list| (row, list)))
}

/// Lists that offer the sample of every governed member, so that nothing but the one in question can matter.
fn generous() -> Object {
    governed()
        .filter(|(row, _)| !["grant_types", "response_types"].contains(&row.name))
        .map(|(row, list)| {
            let sample = sample::of(row);
            let words = if row.shape == "space-separated string" {
                json!(["one", "two"])
            } else {
                json!([sample])
            };
            (list.to_owned(), if row.list { sample } else { words })
        })
        .collect()
}

/// A client that requests the sample of the row, and the member that the row needs.
fn asking(row: &MemberRow) -> Value {
    let beside = row
        .needs
        .and_then(|name| self::row(ClientMetadata::ROWS, name));
    let members = [row]
        .into_iter()
        .chain(beside)
        .map(|row| (row.name.to_owned(), sample::of(row)));
    members
        .chain([("redirect_uris".to_owned(), json!(["https://rp.example/cb"]))])
        .collect()
}

/// Names are unique, and every description is a sentence.
#[test]
fn names_are_unique_and_docs_sentences() {
    for rows in TABLES {
        let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len());
        let sentences: BTreeSet<&str> = rows.iter().map(|row| row.doc).collect();
        assert_eq!(sentences.len(), rows.len(), "two members with one meaning");
        for MemberRow {
            name, doc, spec, ..
        } in rows
        {
            assert!(
                doc.ends_with('.') && doc.trim().starts_with(char::is_uppercase),
                "{name}: {doc}"
            );
            assert!(
                !spec.is_empty() && !doc.contains('|') && !spec.contains('|'),
                "{name}"
            );
        }
    }
    for Rule { doc, spec, .. } in rules::ALL {
        assert!(
            doc.ends_with('.') && spec.contains('§') && !doc.contains('|'),
            "{doc}"
        );
    }
    for ErrorRow {
        code,
        name,
        status,
        doc,
        spec,
    } in ErrorCode::ROWS
    {
        assert!(
            doc.ends_with('.') && spec.starts_with("RFC ") && (400..600).contains(status),
            "{name}"
        );
        assert_eq!((code.as_str(), code.status()), (*name, *status));
    }
    let client: BTreeSet<&str> = ClientMetadata::ROWS.iter().map(|row| row.name).collect();
    assert!(
        ClientInformation::ROWS
            .iter()
            .all(|row| !client.contains(row.name)),
        "what the provider issues is not the client's to ask for"
    );
}

/// Every member that a row refers to exists.
#[test]
fn references_of_rows_exist() {
    for (row, list) in governed() {
        let list = self::row(ProviderMetadata::ROWS, list)
            .unwrap_or_else(|| panic!("{}: no {list}", row.name));
        assert!(
            list.list,
            "{} is governed by {}, which is no list",
            row.name, list.name
        );
    }
    for (row, member) in ClientMetadata::ROWS
        .iter()
        .flat_map(|row| row.served.iter().map(move |member| (row, member)))
    {
        assert_eq!(row.shape, "boolean", "{} is no demand", row.name);
        assert!(
            row.offered.is_none() && self::row(ProviderMetadata::ROWS, member).is_some(),
            "{}: no {member}",
            row.name
        );
    }
    for (at, row) in ClientMetadata::ROWS.iter().enumerate() {
        if let Some(needs) = row.needs {
            let above = ClientMetadata::ROWS
                .iter()
                .take(at)
                .any(|other| other.name == needs);
            assert!(
                above,
                "{} needs {needs}, which does not stand above it",
                row.name
            );
        }
    }
    for rows in [ClientInformation::ROWS, ProviderMetadata::ROWS] {
        assert!(rows.iter().all(|row| row.offered.is_none()
            && row.needs.is_none()
            && row.served.is_empty()
            && row.default.is_none()));
    }
}

/// OWASP server-side request forgery: exactly the members with URIs declare the party that follows them.
#[test]
fn members_with_addresses_name_fetcher() {
    for row in TABLES.into_iter().flatten() {
        assert_eq!(row.addresses, row.fetched.is_some(), "{}", row.name);
        // A member that is named after a URI has a type with URIs.
        let named = row.name.ends_with("_uri")
            || row.name.ends_with("_uris")
            || row.name.ends_with("_endpoint");
        assert!(
            !named || row.addresses || row.name == "tls_client_auth_san_uri",
            "{}",
            row.name
        );
    }
    let followed = |by: Fetched| {
        ClientMetadata::ROWS
            .iter()
            .filter(move |row| row.fetched == Some(by))
            .map(|row| row.name)
    };
    assert_eq!(
        followed(Fetched::Now).collect::<Vec<_>>(),
        ["sector_identifier_uri"]
    );
    assert_eq!(followed(Fetched::Picture).collect::<Vec<_>>(), ["logo_uri"]);
    assert_eq!(
        followed(Fetched::Later).collect::<Vec<_>>(),
        [
            "jwks_uri",
            "jwks",
            "request_uris",
            "backchannel_logout_uri",
            "backchannel_client_notification_endpoint",
            "signed_jwks_uri"
        ]
    );
    assert!(
        ProviderMetadata::ROWS
            .iter()
            .filter_map(|row| row.fetched)
            .all(|fetched| fetched == Fetched::No),
        "an operator's own words"
    );
}

/// RFC 7517 §4.6, OIDC Registration §2.1: no address hides in an element, in a language or in a key.
#[test]
fn addresses_of_a_member_are_all_found() {
    let members = object(&json!({
        "request_uris": ["https://a.example/1", "https://a.example/2#hash"],
        "logo_uri": "https://a.example/logo", "logo_uri#de": "http://b.example/logo",
        "jwks": { "keys": [{ "kty": "EC", "x5u": "https://a.example/x" }, { "kty": "EC" }, { "kty": "EC", "x5u": "http://b.example/x" }] },
        "client_name": "https://a.example/name",
    }));
    let members = ClientMetadata::parse(members).unwrap();
    let found: Vec<_> = members
        .present()
        .map(|(row, held)| (row.name, held.addresses()))
        .collect();
    assert_eq!(
        found,
        [
            ("client_name", vec![]),
            (
                "logo_uri",
                vec!["https://a.example/logo", "http://b.example/logo"]
            ),
            ("jwks", vec!["https://a.example/x", "http://b.example/x"]),
            (
                "request_uris",
                vec!["https://a.example/1", "https://a.example/2#hash"]
            ),
        ]
    );
}

#[test]
fn a_default_has_the_form_of_its_member() {
    for (row, default) in ClientMetadata::ROWS
        .iter()
        .filter_map(|row| row.default.map(|default| (row, default())))
    {
        let mut members = ClientMetadata::default();
        members.set(row.name, default.clone()).unwrap();
        assert_eq!(
            members.object().get(row.name),
            Some(&default),
            "{}",
            row.name
        );
    }
}

/// A value for each row is written as it was read.
#[test]
fn values_of_each_row_round_trip() {
    fn trip(rows: &[MemberRow], read: impl Fn(Object) -> Result<Object, protocol::InvalidMember>) {
        for row in rows {
            let mut sent = json!({ row.name: sample::of(row) });
            if row.localized {
                sent[format!("{}#ja-Jpan-JP", row.name)] = sample::of(row);
            }
            assert_eq!(
                read(object(&sent)).as_ref(),
                Ok(&object(&sent)),
                "{}",
                row.name
            );
            let wrong = if row.shape == "object" {
                json!(7)
            } else {
                json!({ "keys": 7 })
            };
            let refused = read(object(&json!({ row.name: wrong }))).expect_err(row.name);
            assert_eq!(refused.member, row.name);
            assert_eq!(
                read(object(&json!({ row.name: null }))),
                Ok(Object::new()),
                "{}",
                row.name
            );
        }
    }
    trip(ClientMetadata::ROWS, |object| {
        ClientMetadata::parse(object).map(|members| members.object())
    });
    trip(ClientInformation::ROWS, |object| {
        ClientInformation::parse(object).map(|members| members.object())
    });
    trip(ProviderMetadata::ROWS, |object| {
        ProviderMetadata::parse(object).map(|members| members.object())
    });
}

#[test]
fn single_value_outside_offer_is_refused() {
    for (row, list) in governed().filter(|(row, _)| !row.list) {
        let mut lists = generous();
        assert!(
            agree(
                &provider(&Value::Object(lists.clone())),
                &STANDARD,
                &asking(row)
            )
            .unwrap()
            .contains(row.name),
            "{}",
            row.name
        );

        lists.insert(list.to_owned(), json!(["another"]));
        let refused = agree(
            &provider(&Value::Object(lists.clone())),
            &STANDARD,
            &asking(row),
        )
        .expect_err(row.name);
        assert_eq!(
            refused.to_string(),
            format!("{} has no value listed in the provider's {list}", row.name)
        );
    }
}

#[test]
fn single_value_without_offer_is_dropped() {
    for (row, list) in governed().filter(|(row, _)| !row.list) {
        assert_dropped(row, list, &asking(row));
    }
}

/// Asserts that a provider without the governing list drops the member.
fn assert_dropped(row: &MemberRow, list: &str, asked: &Value) {
    let mut without = provider(&Value::Object(generous()));
    without.clear(list);
    let agreed: Value = serde_json::from_str(&agree(&without, &STANDARD, asked).unwrap()).unwrap();
    assert_eq!(agreed.get(row.name), None, "{}", row.name);
}

#[test]
fn list_is_narrowed_to_the_offer() {
    for (row, list) in governed()
        .filter(|(row, _)| row.list && !["grant_types", "response_types"].contains(&row.name))
    {
        let mut asked = asking(row);
        asked[row.name] = json!(["value", "something-else"]);
        let lists = generous();
        let agreed: Value = serde_json::from_str(
            &agree(&provider(&Value::Object(lists.clone())), &STANDARD, &asked).unwrap(),
        )
        .unwrap();
        assert_eq!(agreed[row.name], json!(["value"]), "{}", row.name);

        asked[row.name] = json!(["another"]);
        let refused =
            agree(&provider(&Value::Object(lists.clone())), &STANDARD, &asked).expect_err(row.name);
        assert_eq!(
            refused.to_string(),
            format!("{} has no value listed in the provider's {list}", row.name)
        );
        assert_dropped(row, list, &asked);
    }
}
