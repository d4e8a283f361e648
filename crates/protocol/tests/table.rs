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
use protocol::table::{Fetched, Unoffered};
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
        assert!(
            row.shape == "boolean" || row.addresses,
            "{} neither demands a feature nor has URIs for one",
            row.name
        );
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

/// Returns true for a member that can be refused or kept for its value alone.
fn is_judged_alone(row: &MemberRow) -> bool {
    row.unoffered == Unoffered::Refused
        && !row.is_choices()
        && row.name != "token_endpoint_auth_signing_alg"
}

#[test]
fn single_value_outside_offer_is_refused() {
    for (row, list) in governed().filter(|(row, _)| !row.list && is_judged_alone(row)) {
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
    for (row, list) in governed().filter(|(row, _)| {
        row.list && is_judged_alone(row) && !["grant_types", "response_types"].contains(&row.name)
    }) {
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

/// RFC 7591 §2, §3.2.1: a member that a client can do without is dropped if nothing of it is offered.
#[test]
fn dispensable_member_is_dropped() {
    let dispensable = || governed().filter(|(row, _)| row.unoffered == Unoffered::Dropped);
    assert_eq!(
        dispensable().map(|(row, _)| row.name).collect::<Vec<_>>(),
        ["scope"]
    );
    for (row, list) in dispensable() {
        let mut lists = generous();
        lists.insert(list.to_owned(), json!(["another"]));
        let other = provider(&Value::Object(lists));
        let agreed: Value =
            serde_json::from_str(&agree(&other, &STANDARD, &asking(row)).unwrap()).unwrap();
        assert_eq!(agreed.get(row.name), None, "{}", row.name);
    }
}

/// An empty list of a governed member has no effect and is dropped.
#[test]
fn empty_governed_list_is_dropped() {
    for (row, _) in governed()
        .filter(|(row, _)| row.list && !["grant_types", "response_types"].contains(&row.name))
    {
        let mut asked = asking(row);
        asked[row.name] = json!([]);
        let generous = provider(&Value::Object(generous()));
        let agreed: Value =
            serde_json::from_str(&agree(&generous, &STANDARD, &asked).unwrap()).unwrap();
        assert_eq!(agreed.get(row.name), None, "{}", row.name);
    }
}

/// The lists of choices of OIDC RP Metadata Choices §2, each with the row of its single value.
fn choices() -> impl Iterator<Item = (&'static MemberRow, &'static str)> {
    governed().filter(|(row, list)| {
        !row.list && self::row(ClientMetadata::ROWS, list).is_some_and(MemberRow::is_choices)
    })
}

/// OIDC RP Metadata Choices §2: each list of choices belongs to one single value, and is named as the provider's list.
#[test]
fn each_list_of_choices_has_a_single_value() {
    let lists: BTreeSet<&str> = choices().map(|(_, list)| list).collect();
    let declared: BTreeSet<&str> = ClientMetadata::ROWS
        .iter()
        .filter(|row| row.spec.starts_with("OIDC RP Metadata Choices"))
        .map(|row| row.name)
        .collect();
    assert_eq!((lists.len(), &lists), (choices().count(), &declared));
}

/// OIDC RP Metadata Choices §2, §4: the first choice that is offered takes the place of a value that is absent or not offered.
#[test]
fn first_offered_choice_is_taken() {
    for (row, list) in choices() {
        let mut lists = generous();
        lists.insert(list.to_owned(), json!(["second", "third", "value"]));
        if row.name == "token_endpoint_auth_signing_alg" {
            let methods = json!(["private_key_jwt"]);
            lists.insert("token_endpoint_auth_methods_supported".to_owned(), methods);
        }
        let provider = provider(&Value::Object(lists));
        let with = |single: Option<&str>, many: &[&str]| {
            let mut asked = asking(row);
            if row.name == "token_endpoint_auth_signing_alg" {
                asked["token_endpoint_auth_method"] = "private_key_jwt".into();
                asked["jwks_uri"] = "https://rp.example/jwks".into();
            }
            let members = asked.as_object_mut().unwrap();
            members.shift_remove(row.name);
            members.extend(single.map(|single| (row.name.to_owned(), single.into())));
            members.insert(list.to_owned(), json!(many));
            agree(&provider, &STANDARD, &asked)
                .map(|agreed| serde_json::from_str::<Value>(&agreed).unwrap())
                .map_err(|invalid| invalid.to_string())
        };
        for (single, many, taken) in [
            (None, &["first", "third", "second"][..], "third"),
            (Some("first"), &["first", "third", "second"], "third"),
            (Some("second"), &["third", "second"], "second"),
            (Some("value"), &[], "value"),
        ] {
            let agreed = with(single, many).unwrap_or_else(|told| panic!("{}: {told}", row.name));
            assert_eq!(agreed[row.name], taken, "{}", row.name);
            assert_eq!(agreed.get(list), None, "{}", row.name);
        }
        for (single, many, told) in [
            (
                Some("second"),
                &["third"][..],
                format!(
                    "{} must be one of the values in the client's {list}",
                    row.name
                ),
            ),
            (
                Some("other"),
                &["third"],
                format!(
                    "{} must be one of the values in the client's {list}",
                    row.name
                ),
            ),
            (
                Some("first"),
                &["first"],
                format!("{} has no value listed in the provider's {list}", row.name),
            ),
            (
                None,
                &["first"],
                format!("{list} has no value listed in the provider's {list}"),
            ),
        ] {
            assert_eq!(with(single, many), Err(told));
        }
    }
}
