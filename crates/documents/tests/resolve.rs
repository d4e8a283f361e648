//! Resolutions, against a server of documents that counts its connections.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod bench;
#[path = "../../outbound/tests/site/mod.rs"]
mod site;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use documents::{DocumentAccess, Documents, Purpose, Resolution, ResolveFailure};
use outbound::ClientDocumentLimits;
use protocol::token_terms::RedirectHostPattern;
use protocol::{ClientId, ClientIdUrl, Issuer, RegisteredMetadata};
use serde_json::{Value, json};
use store::audit::AuditEvent;
use store::{
    ClientData, ClientState, DocumentContent, DocumentLimits, DocumentState, DocumentValidators,
    NewClient,
};

use bench::{
    Bench, DAY, HOUR, NOW, authorize, document, failure, found, issuer, path, policy, resolve, run,
    settings,
};
use site::Answer;

const PURPOSES: [Purpose; 2] = [Purpose::Authorize, Purpose::Other];

/// Adds a row as an administrator does.
fn add(bench: &Bench, id: &str, is_pinned: bool) {
    let text = document(&bench.origin(), "/c", &json!({}));
    let content = DocumentContent {
        metadata: json!({"redirect_uris": [bench.id("/cb")], "client_name": "Added"}).to_string(),
        document: text,
        validators: DocumentValidators::default(),
        fetched_at: NOW,
        fresh_until: NOW,
        is_consistent: true,
    };
    let any = DocumentLimits {
        documents: 0,
        unproven_per_host: 0,
    };
    let id = ClientId::new(id);
    bench
        .store
        .add_document(&issuer(), &id, content, &[], is_pinned, any, NOW)
        .unwrap();
}

/// Registers a client with a URL as its identifier, as before these identifiers were refused.
fn register(bench: &Bench, id: &str, expires_at: Option<u64>) {
    let json = r#"{"redirect_uris":["https://rp.example/cb"]}"#.to_owned();
    let data = ClientData {
        id: ClientId::new(id),
        provider: issuer(),
        owner: None,
        composed_name: None,
        secret: None,
        secret_expires_at: None,
        issued_at: NOW,
        expires_at: expires_at.map(|seconds| NOW.plus(Duration::from_secs(seconds))),
        metadata: RegisteredMetadata::from_stored(json).unwrap(),
        terms: None,
    };
    run(bench
        .store
        .insert(NewClient { data, token: None }, None, NOW))
    .unwrap();
}

fn use_it(bench: &Bench, id: &str) {
    let now = bench.clock.now();
    bench
        .store
        .record_document_uses(&issuer(), &[id.to_owned()], now)
        .unwrap();
}

/// Every rule that decides without a connection, and that the earlier one wins (CIMD §7.2, §8.6).
#[test]
fn cimd_8_6_rules_before_the_fetch_connect_to_nothing() {
    let bench = Bench::new();
    let open = bench.open();
    let (id, other) = (bench.id("/c"), bench.id("/other"));
    for purpose in PURPOSES {
        assert!(matches!(
            resolve(&open, "0123456789ab", purpose),
            Resolution::Ordinary
        ));
        for invalid in [
            "HTTPS://documents.example/c",
            "https://documents.example",
            "https://documents.example/a/../c",
            "https://documents.example:443/c",
            "https://u@documents.example/c",
            "https://documents.example/c?x",
        ] {
            let refused = failure(resolve(&open, invalid, purpose));
            assert!(matches!(refused, ResolveFailure::Invalid(_)), "{invalid}");
        }
    }
    assert!(matches!(
        resolve(&open, &id, Purpose::Other),
        Resolution::Unknown
    ));

    add(&bench, &id, false);
    bench
        .store
        .disable_document(&issuer(), &ClientId::new(&*id), true)
        .unwrap();
    let listed = |hosts: &[&str]| {
        let hosts = hosts
            .iter()
            .map(|host| RedirectHostPattern::parse(host).unwrap());
        let mut listed = settings(DocumentAccess::Listed);
        listed.hosts = hosts.collect();
        bench.documents(listed)
    };
    let elsewhere = listed(&["app.example", "*.documents.example"]);
    let closed = bench.documents(settings(DocumentAccess::Closed));
    for purpose in PURPOSES {
        assert_eq!(
            failure(resolve(&open, &id, purpose)),
            ResolveFailure::Disabled
        );
        assert_eq!(
            failure(resolve(&elsewhere, &other, purpose)),
            ResolveFailure::NotListed
        );
        assert_eq!(
            failure(resolve(&elsewhere, &id, purpose)),
            ResolveFailure::Disabled,
            "an administrator added this one"
        );
        assert!(matches!(
            resolve(&closed, &id, purpose),
            Resolution::Unknown
        ));
    }

    let mut passing = settings(DocumentAccess::Closed);
    passing.pass = vec![ClientIdUrl::parse(&id).unwrap()];
    let passing = bench.documents(passing);
    register(&bench, &other, Some(HOUR));
    for purpose in PURPOSES {
        assert!(matches!(
            resolve(&passing, &id, purpose),
            Resolution::Passed
        ));
        for documents in [&open, &closed, &passing, &elsewhere] {
            assert!(matches!(
                resolve(documents, &other, purpose),
                Resolution::Registered(ClientState::Active(_))
            ));
        }
        bench.after(2 * HOUR);
        assert!(matches!(
            resolve(&open, &other, purpose),
            Resolution::Registered(ClientState::Expired)
        ));
        bench.after(0);
    }
    assert_eq!(bench.site.connections(), 0);
}

/// A pinned document is never fetched, and a fresh one not before its time is over.
#[test]
fn pinned_and_fresh_documents_connect_to_nothing() {
    let bench = Bench::new();
    let open = bench.open();
    let id = bench.id("/c");
    add(&bench, &id, true);
    bench.after(90 * DAY);
    for purpose in PURPOSES {
        let pinned = found(resolve(&open, &id, purpose));
        assert!(!pinned.is_stale && pinned.document.state == DocumentState::Pinned);
    }
    assert_eq!(bench.site.connections(), 0);
    bench
        .store
        .remove_document(&issuer(), &ClientId::new(&*id))
        .unwrap();

    bench.after(0);
    let first = found(authorize(&open, &id)).document;
    assert_eq!((first.revision, first.fresh_until), (1, bench.after(300)));
    bench.after(299);
    for purpose in PURPOSES {
        assert!(!found(resolve(&open, &id, purpose)).is_stale);
    }
    assert_eq!(bench.site.connections(), 1);
    bench.after(300);
    assert!(found(resolve(&open, &id, Purpose::Other)).is_stale);
    assert_eq!(bench.site.connections(), 1, "no purpose, no fetch");
    assert!(!found(resolve(&open, &id, Purpose::Authorize)).is_stale);
    assert_eq!(bench.site.connections(), 2);
}

/// The document changes between the login and the token request: the token request sees the row, and the change is told with its
/// revision, its members and an audit row (CIMD §8.4).
#[test]
fn cimd_8_4_change_is_told_at_the_next_fetch() {
    let bench = Bench::new();
    let open = bench.open();
    let id = bench.id("/c");
    found(authorize(&open, &id));
    bench.serve(json!({"client_name": "Another", "redirect_uris": [bench.id("/cb2")]}));
    bench.after(200);
    let token = found(resolve(&open, &id, Purpose::Other)).document;
    assert!(token.metadata.contains("\"A client\"") && token.revision == 1);
    assert_eq!(bench.site.connections(), 1);

    let now = bench.after(400);
    let next = found(authorize(&open, &id)).document;
    assert_eq!((next.revision, next.changed_at), (2, now));
    assert_eq!(next.changed, ["redirect_uris", "client_name"]);
    assert!(next.metadata.contains("\"Another\""));
    let audit = bench.store.audit(None, None, None, 10).unwrap();
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0].event, AuditEvent::DocumentChanged.as_str());
    assert_eq!(
        audit[0].detail.as_deref(),
        Some("redirect_uris client_name")
    );

    bench.after(800);
    let same = found(authorize(&open, &id)).document;
    assert_eq!((same.revision, same.changed_at), (2, now));
}

/// 304 renews the stored document (RFC 9111 §4.3.4).
#[test]
fn confirmed_document_stays_as_it_is() {
    let bench = Bench::new();
    let open = bench.open();
    let id = bench.id("/c");
    let origin = bench.origin();
    bench.answer(move |head| {
        if head.to_ascii_lowercase().contains("if-none-match: \"a\"") {
            Answer::new("304 Not Modified", "Cache-Control: max-age=7200\r\n", "")
        } else {
            let text = document(&origin, path(head), &json!({}));
            Answer::json("ETag: \"a\"\r\n", &text)
        }
    });
    let first = found(authorize(&open, &id)).document;
    let now = bench.after(600);
    let second = found(authorize(&open, &id)).document;
    assert_eq!(
        (second.fetched_at, second.fresh_until),
        (now, bench.after(7800))
    );
    assert_eq!((second.metadata, second.revision), (first.metadata, 1));
    assert_eq!(bench.site.connections(), 2);
    let counts = open.counts.all();
    assert!(counts.contains(&("unchanged", "", 1)), "{counts:?}");
}

/// Each bad document is refused with its reason, leaves no row, and the next good one is accepted (CIMD §4, §5.2).
#[test]
fn cimd_5_2_bad_document_is_refused_and_not_kept() {
    let bench = Bench::new();
    let open = bench.open();
    let good = document(&bench.origin(), "/c", &json!({}));
    let private = json!({"kty": "OKP", "crv": "Ed25519", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let with = |more: Value| document(&bench.origin(), "/c", &more);
    let twice = good.replacen('{', r#"{"client_id":"https://evil.example/c","#, 1);
    let escaped = good.replacen('{', r#"{"cl\u0069ent_id":"https://evil.example/c","#, 1);
    let nested = with(json!({"x": "DEEP"}))
        .replace("\"DEEP\"", &format!("{}{}", "[".repeat(40), "]".repeat(40)));
    let unread = [
        (twice, "json"),
        (escaped, "json"),
        (nested, "json"),
        (format!("\u{feff}{good}"), "json"),
        (format!("[{good}]"), "json"),
        (
            with(json!({"client_id": "https://evil.example/c"})),
            "client_id",
        ),
        (with(json!({"client_id": null})), "client_id"),
    ];
    let refused = [
        (with(json!({"client_secret": "s"})), "client_secret"),
        (
            with(json!({"token_endpoint_auth_method": "client_secret_basic"})),
            "token_endpoint_auth_method",
        ),
        (
            with(
                json!({"jwks": {"keys": [private]}, "token_endpoint_auth_method": "private_key_jwt"}),
            ),
            "jwks",
        ),
        (
            with(json!({"redirect_uris": ["https://evil.example/cb"]})),
            "redirect_uris",
        ),
    ];
    let cases = unread
        .into_iter()
        .map(|(text, word)| (text, None, word))
        .chain(
            refused
                .into_iter()
                .map(|(text, member)| (text, Some(member), "refused")),
        );
    for (number, (text, member, word)) in cases.enumerate() {
        let id = bench.id("/c");
        bench.answer(move |_| Answer::json("", &text));
        let failed = failure(authorize(&open, &id));
        assert_eq!(
            (failed.word(), failed.member()),
            (word, member),
            "case {number}"
        );
        assert!(!failed.sentence().contains("evil"), "{}", failed.sentence());
        assert_eq!(bench.row(&id), None);
        bench.serve(json!({}));
        found(authorize(&open, &id));
        bench
            .store
            .remove_document(&issuer(), &ClientId::new(&*id))
            .unwrap();
        bench.after(DAY * (u64::try_from(number).unwrap() + 1));
    }
}

/// The time for which a document serves after its server fails depends on the failure, its proof and the purpose (CIMD §5.1).
#[test]
fn cimd_5_1_stale_document_serves_for_a_while() {
    let status = |line: &'static str| move |_: &str| Answer::new(line, "", "");
    let bench = Bench::new();
    let open = bench.open();
    let (proven, unproven) = (bench.id("/proven"), bench.id("/unproven"));
    for id in [&proven, &unproven] {
        found(authorize(&open, id));
    }
    use_it(&bench, &proven);

    bench.answer(status("503 Service Unavailable"));
    bench.after(1000);
    assert!(found(authorize(&open, &proven)).is_stale);
    assert!(
        found(resolve(&open, &proven, Purpose::Authorize)).is_stale,
        "during the rest too"
    );
    assert!(matches!(
        failure(authorize(&open, &unproven)),
        ResolveFailure::Unreachable(_)
    ));
    bench.after(1000 + HOUR - 1);
    assert!(found(authorize(&open, &proven)).is_stale);
    assert!(found(resolve(&open, &unproven, Purpose::Other)).is_stale);
    bench.after(1000 + HOUR);
    assert!(matches!(
        failure(authorize(&open, &proven)),
        ResolveFailure::Unreachable(_)
    ));
    let known = failure(resolve(&open, &proven, Purpose::Other));
    assert!(matches!(known, ResolveFailure::Unreachable(_)));
    let row = bench.row(&proven).unwrap();
    let failed = row.failure.unwrap();
    assert_eq!(
        (failed.since, &*failed.reason),
        (bench.after(1000), "unavailable")
    );

    bench.serve(json!({}));
    bench.after(2 * HOUR);
    assert!(!found(authorize(&open, &proven)).is_stale);
    assert_eq!(bench.row(&proven).unwrap().failure, None);

    bench.answer(status("404 Not Found"));
    bench.after(3 * HOUR);
    assert_eq!(failure(authorize(&open, &proven)), ResolveFailure::Gone);
    bench.answer(status("503 Service Unavailable"));
    let then = failure(authorize(&open, &proven));
    assert!(
        matches!(then, ResolveFailure::Unreachable(_)),
        "gone, and never stale after that: {then:?}"
    );
    assert!(found(resolve(&open, &proven, Purpose::Other)).is_stale);
    bench.after(4 * HOUR);
    assert_eq!(
        failure(resolve(&open, &proven, Purpose::Other)),
        ResolveFailure::Gone
    );

    bench.serve(json!({"redirect_uris": ["https://evil.example/cb"]}));
    let refused = failure(authorize(&open, &proven));
    assert_eq!(refused.member(), Some("redirect_uris"));
    bench.serve(json!({}));
    found(authorize(&open, &proven));
}

/// Without a time for stale documents, none serves.
#[test]
fn stale_documents_can_be_switched_off() {
    let bench = Bench::new();
    let mut strict = settings(DocumentAccess::Open);
    strict.stale = Duration::ZERO;
    let strict = bench.documents(strict);
    let id = bench.id("/c");
    found(authorize(&strict, &id));
    use_it(&bench, &id);
    bench.answer(|_| Answer::new("503 Service Unavailable", "", ""));
    bench.after(1000);
    assert!(matches!(
        failure(authorize(&strict, &id)),
        ResolveFailure::Unreachable(_)
    ));
    assert!(matches!(
        failure(resolve(&strict, &id, Purpose::Other)),
        ResolveFailure::Unreachable(_)
    ));
}

/// After a change of the policy the stored document is judged again, without a fetch: what is agreed follows, also to a refusal
/// and back.
#[test]
fn changed_policy_judges_the_stored_document() {
    let bench = Bench::new();
    bench.serve(json!({"token_endpoint_auth_method": null, "scope": "openid email",
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "none"], "jwks_uri": bench.id("/jwks")}));
    let open = bench.open();
    let id = bench.id("/c");
    let first = found(authorize(&open, &id)).document;
    assert!(
        first
            .metadata
            .contains(r#""token_endpoint_auth_method":"private_key_jwt""#)
    );

    let put = |members: Value| open.put_policy(Arc::new(policy(&issuer(), &members)));
    put(json!({"token_endpoint_auth_methods_supported": ["none"]}));
    let now = bench.after(100);
    let second = found(resolve(&open, &id, Purpose::Other)).document;
    assert!(
        second
            .metadata
            .contains(r#""token_endpoint_auth_method":"none""#),
        "{}",
        second.metadata
    );
    assert_eq!((second.revision, second.changed_at), (2, now));
    assert_eq!(
        (second.fetched_at, second.fresh_until),
        (first.fetched_at, first.fresh_until)
    );
    assert_eq!(bench.row(&id), Some(second.clone()));

    put(json!({"token_endpoint_auth_methods_supported": ["client_secret_basic"]}));
    for purpose in PURPOSES {
        let refused = failure(resolve(&open, &id, purpose));
        assert_eq!(
            refused.member(),
            Some("token_endpoint_auth_methods_supported")
        );
    }
    assert_eq!(
        bench.row(&id),
        Some(second),
        "the row waits for another policy"
    );
    put(json!({}));
    let back = found(resolve(&open, &id, Purpose::Other)).document;
    assert_eq!((back.revision, back.metadata), (3, first.metadata));
    let restarted = bench.open();
    assert_eq!(
        found(resolve(&restarted, &id, Purpose::Other))
            .document
            .revision,
        3
    );
    assert_eq!(bench.site.connections(), 1);
}

/// Fifty logins at once with a new client open one connection and write one row.
#[test]
fn logins_at_once_share_a_connection() {
    let bench = Bench::new();
    let open = bench.open();
    let id = bench.id("/c");
    let threads: Vec<_> = (0..50)
        .map(|_| {
            let (open, id) = (Arc::clone(&open), id.clone());
            thread::spawn(move || found(resolve(&open, &id, Purpose::Authorize)).document)
        })
        .collect();
    for thread in threads {
        let document = thread.join().unwrap();
        assert_eq!((document.revision, document.fetched_at), (1, NOW));
    }
    assert_eq!(bench.site.connections(), 1);
}

/// A document at two providers is two rows with two verdicts and one fetch while it is fresh.
#[test]
fn providers_share_a_fetch_and_judge_alone() {
    let bench = Bench::new();
    bench.serve(json!({"redirect_uris": ["https://app.example/cb"]}));
    let mut lenient = settings(DocumentAccess::Open);
    lenient.issuer = Issuer::parse("https://other.example").unwrap();
    lenient.redirects = admission::DocumentRedirects::Any;
    let (lenient, strict) = (bench.documents(lenient), bench.open());
    let id = bench.id("/c");
    found(authorize(&lenient, &id));
    bench.after(200);
    let refused = failure(resolve(&strict, &id, Purpose::Authorize));
    assert_eq!(refused.member(), Some("redirect_uris"));
    assert_eq!((bench.row(&id), bench.site.connections()), (None, 1));
    bench.serve(json!({}));
    found(resolve(&lenient, &id, Purpose::Authorize));
    assert_eq!(bench.site.connections(), 1, "it is fresh");
}

/// A host with ten thousand URLs: the limit on fetches holds, its rows are bounded, and the proven one stays.
#[test]
fn host_with_many_documents_stays_within_limits() {
    let bench = Bench::with(&ClientDocumentLimits::default());
    let open = bench.open();
    let proven = bench.id("/proven");
    found(authorize(&open, &proven));
    use_it(&bench, &proven);
    let (mut busy, mut fetched) = (0, 0);
    run(async {
        for number in 0..10_000 {
            let id = bench.id(&format!("/{number}"));
            match open.resolve(&id, Purpose::Authorize).await.unwrap() {
                Resolution::Document(_) => fetched += 1,
                Resolution::Failed(ResolveFailure::Busy(wait)) => {
                    assert!(wait >= Duration::from_secs(1));
                    busy += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    });
    assert_eq!(busy + fetched, 10_000);
    assert!(
        (59..200).contains(&fetched),
        "60 at once, then one a second: {fetched}"
    );
    assert!(bench.row(&proven).is_some());
}

/// Rows beyond the limits of a host make room among themselves; proven rows never do, and without any room there is no row.
#[test]
fn rows_of_strangers_are_bounded() {
    let bench = Bench::new();
    let mut small = settings(DocumentAccess::Open);
    small.limits = DocumentLimits {
        documents: 4,
        unproven_per_host: 3,
    };
    let small = bench.documents(small);
    let ids: Vec<String> = (0..8)
        .map(|number| bench.id(&format!("/{number}")))
        .collect();
    found(authorize(&small, &ids[0]));
    use_it(&bench, &ids[0]);
    for (seconds, id) in (1..).zip(&ids[1..]) {
        bench.after(seconds);
        found(authorize(&small, id));
    }
    let kept: Vec<bool> = ids.iter().map(|id| bench.row(id).is_some()).collect();
    assert_eq!(kept, [true, false, false, false, false, true, true, true]);
    for id in &ids[5..] {
        use_it(&bench, id);
    }
    let full = failure(resolve(&small, &bench.id("/more"), Purpose::Authorize));
    assert!(matches!(full, ResolveFailure::Busy(_)));
    assert_eq!(bench.row(&bench.id("/more")), None);
}

fn refresh(documents: &Arc<Documents>) -> Vec<String> {
    let changed = run(documents.refresh()).unwrap();
    changed
        .into_iter()
        .map(|row| row.client_id.as_str().to_owned())
        .collect()
}

/// Documents in use are fetched again in the background when their time is over; those of strangers, pinned, disabled and unused
/// ones are not, and one that fails does not hold up the others.
#[test]
fn documents_in_use_are_refreshed() {
    let bench = Bench::new();
    let open = bench.open();
    let id = |name: &str| bench.id(&format!("/{name}"));
    for name in ["used", "changed", "broken", "unproven", "disabled", "old"] {
        found(authorize(&open, &id(name)));
    }
    use_it(&bench, &id("old"));
    bench.after(29 * DAY);
    for name in ["used", "changed", "broken", "disabled"] {
        use_it(&bench, &id(name));
    }
    bench
        .store
        .disable_document(&issuer(), &ClientId::new(id("disabled")), true)
        .unwrap();
    let now = bench.after(31 * DAY);
    let origin = bench.origin();
    bench.answer(move |head| match path(head) {
        "/broken" => Answer::new("503 Service Unavailable", "", ""),
        "/changed" => Answer::json(
            "",
            &document(&origin, "/changed", &json!({"client_name": "New"})),
        ),
        other => Answer::json("", &document(&origin, other, &json!({}))),
    });
    let before = bench.site.connections();
    assert_eq!(refresh(&open), [id("changed")]);
    assert_eq!(bench.site.connections(), before + 3);
    assert_eq!(bench.row(&id("used")).unwrap().fetched_at, now);
    assert_eq!(bench.row(&id("changed")).unwrap().revision, 2);
    assert!(bench.row(&id("broken")).unwrap().failure.is_some());
    for name in ["unproven", "disabled", "old"] {
        assert_eq!(bench.row(&id(name)).unwrap().fetched_at, NOW, "{name}");
    }
    assert!(refresh(&open).is_empty());
    assert_eq!(bench.site.connections(), before + 3, "the broken one waits");
    bench.serve(json!({}));
    let now = bench.after(31 * DAY + HOUR);
    // The address rests for a moment.
    while bench.row(&id("broken")).unwrap().fetched_at != now {
        refresh(&open);
    }
}
