//! Changes at the same moment: they happen in some order, and every answer agrees with it.

use std::thread;

use serde_json::json;

use super::support::{Answer, Postgres, Setup, TestServer};

/// RFC 7592 §2.2: of updates at one moment each succeeded or is told to read again, and what stays is what one of them was
/// answered.
fn updates(server: &TestServer) {
    let client = server.client();
    let before = revision(server);
    let put = |at: usize| {
        let body = json!({ "client_id": client["client_id"], "redirect_uris": [format!("https://rp.example/{at}")] });
        server.manage("PUT", &client).json(&body).send()
    };
    let answers: Vec<Answer> = thread::scope(|scope| {
        let racers: Vec<_> = (0..20).map(|at| scope.spawn(move || put(at))).collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect()
    });
    let mut agreed = Vec::new();
    for (at, answer) in answers.iter().enumerate() {
        if answer.status() == 409 {
            let told = answer.refused(409, "invalid_request");
            assert_eq!(
                told,
                "The client was changed by another request. Read it again, then repeat the update."
            );
        } else {
            let updated = answer.ok();
            assert_eq!(
                updated["redirect_uris"],
                json!([format!("https://rp.example/{at}")])
            );
            agreed.push(updated);
        }
    }
    let stays = server.manage("GET", &client).send().ok();
    assert!(agreed.contains(&stays), "{stays}");
    assert_eq!(
        revision(server) - before,
        u64::try_from(agreed.len()).unwrap()
    );
}

/// Returns the revision of the only client.
fn revision(server: &TestServer) -> u64 {
    let clients = server.clients();
    assert_eq!(clients.len(), 1);
    clients[0]["revision"].as_u64().unwrap()
}

/// RFC 7592 §2.3: of deletions at one moment exactly one succeeded, and no update brings the client back.
fn deletions(server: &TestServer) {
    let client = server.client();
    let body =
        json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/back"] });
    let statuses: Vec<(bool, u16)> = thread::scope(|scope| {
        let racers: Vec<_> = (0..20)
            .map(|at| {
                let deletes = at % 2 == 0;
                let ask = if deletes {
                    server.manage("DELETE", &client)
                } else {
                    server.manage("PUT", &client).json(&body)
                };
                scope.spawn(move || (deletes, ask.send().status()))
            })
            .collect();
        racers
            .into_iter()
            .map(|racer| racer.join().unwrap())
            .collect()
    });
    let deleted = statuses
        .iter()
        .filter(|outcome| **outcome == (true, 204))
        .count();
    assert_eq!(deleted, 1, "{statuses:?}");
    for (deletes, status) in statuses {
        assert!(
            if deletes {
                [204, 401].contains(&status)
            } else {
                [200, 401, 409].contains(&status)
            },
            "{deletes} {status}"
        );
    }
    server
        .manage("GET", &client)
        .send()
        .refused(401, "invalid_token");
    assert!(server.clients().is_empty());
}

/// RFC 7592 §2.2, §2.3: concurrent changes of a client happen in one order on SQLite.
#[test]
fn concurrent_changes_are_serialized() {
    let server = TestServer::start();
    deletions(&server);
    updates(&server);
}

/// RFC 7592 §2.2, §2.3: concurrent changes of a client happen in one order on PostgreSQL, with two
/// writers.
#[test]
fn postgresql_changes_are_serialized() {
    let database = Postgres::new();
    let server = Setup::new().on(&database).start();
    deletions(&server);
    updates(&server);
}
