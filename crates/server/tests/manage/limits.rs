//! The limit on updates and deletions, and updates that change nothing.

use std::thread;

use serde_json::{Value, json};

use super::support::{Answer, Ask, Postgres, Setup, TestServer, until};

fn limited(updates: u32) -> TestServer {
    Setup::new()
        .with("FRONTDESK_PROXIES", "127.0.0.0/8, ::1")
        .with("FRONTDESK_LIMITS_UPDATES_PER_MINUTE", &updates.to_string())
        .start()
}

fn update(client: &Value, name: &str) -> Value {
    json!({ "client_id": client["client_id"], "redirect_uris": ["https://rp.example/cb"], "client_name": name })
}

/// An update of a client from an address.
fn put(server: &TestServer, client: &Value, from: &str, name: &str) -> Answer {
    server
        .manage("PUT", client)
        .header("X-Forwarded-For", from)
        .json(&update(client, name))
        .send()
}

/// Sends requests from twenty threads.
fn at_once(requests: Vec<Ask>) -> Vec<Answer> {
    let mut shares: Vec<Vec<Ask>> = (0..20).map(|_| Vec::new()).collect();
    for (number, request) in requests.into_iter().enumerate() {
        shares[number % 20].push(request);
    }
    thread::scope(|scope| {
        let threads: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().map(Ask::send).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn audit(server: &TestServer, event: &str) -> Vec<Value> {
    let rows = server.ran(&["audit", "--json"]);
    rows.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| row["event"] == event)
        .collect()
}

fn refused(server: &TestServer, counted: &str) -> u64 {
    let series = format!("frontdesk_updates_refused_total{{counted=\"{counted}\"}} ");
    let text = server.managed("/metrics").text;
    text.lines()
        .find_map(|line| line.strip_prefix(&series))
        .unwrap()
        .parse()
        .unwrap()
}

/// The number of requests that were judged; the others are told when to come back.
fn judged(answers: &[Answer], agreed: &[u16]) -> usize {
    let (judged, throttled): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status() != 429);
    for answer in throttled {
        answer.refused(429, "invalid_request");
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert!(
        judged
            .iter()
            .all(|answer| agreed.contains(&answer.status()))
    );
    judged.len()
}

/// RFC 7592 §2.2: a concurrent update is agreed to, is answered that the client must be read again,
/// or exceeds the limit.
#[test]
fn updates_of_one_client_are_limited() {
    let server = limited(60);
    let client = server.client();
    let requests = (0..200).map(|number| {
        server
            .manage("PUT", &client)
            .json(&update(&client, &number.to_string()))
    });
    let answers = at_once(requests.collect());
    // A minute's worth at once, and one more each second.
    let judged = judged(&answers, &[200, 409]);
    assert!((60..=75).contains(&judged), "{judged}");
    let agreed = answers
        .iter()
        .filter(|answer| answer.status() == 200)
        .count();
    assert_eq!(audit(&server, "client updated").len(), agreed);
    until("each update is in the log", || {
        server.log().matches("client updated").count() == agreed
    });
    // They came from a proxy, which has no limit of its own.
    assert_eq!(
        (refused(&server, "client"), refused(&server, "address")),
        (200 - u64::try_from(judged).unwrap(), 0)
    );
    // Another address has its share of another client, and none of this one. Reads are not counted.
    assert_eq!(put(&server, &client, "203.0.113.5", "x").status(), 429);
    put(&server, &server.client(), "203.0.113.5", "x").ok();
    server.manage("GET", &client).send().ok();
    // What is refused shares one row, and its body is not judged.
    let body = server.manage("PUT", &client).body(b"no JSON").send();
    assert_eq!(body.status(), 429);
    let times = |server: &TestServer| -> i64 {
        audit(server, "throttled")
            .iter()
            .map(|row| row["times"].as_i64().unwrap())
            .sum()
    };
    until("the first of them is told", || times(&server) > 0);
    assert!(audit(&server, "throttled").len() <= 3);
    assert!(
        audit(&server, "throttled")
            .iter()
            .all(|row| row["detail"] == "429 invalid_request updates"
                && row["client_id"] == client["client_id"])
    );
}

#[test]
fn updates_of_one_address_are_limited() {
    let server = limited(60);
    let clients: Vec<Value> = (0..6).map(|_| server.client()).collect();
    let ask = |number: usize| {
        let client = &clients[number % 6];
        server
            .manage("PUT", client)
            .header("X-Forwarded-For", "203.0.113.5")
            .json(&update(client, &number.to_string()))
    };
    let answers = at_once((0..240).map(ask).collect());
    let judged = judged(&answers, &[200, 409]);
    assert!((60..=75).contains(&judged), "{judged}");
    assert_eq!(
        audit(&server, "client updated").len(),
        answers
            .iter()
            .filter(|answer| answer.status() == 200)
            .count()
    );
    assert_eq!(
        (refused(&server, "client"), refused(&server, "address")),
        (0, 240 - u64::try_from(judged).unwrap())
    );
    put(
        &server,
        &server.client(),
        "203.0.113.6",
        "another address is served",
    )
    .ok();
}

/// The addresses of one IPv6 network share a limit.
#[test]
fn ipv6_network_shares_a_limit() {
    let server = limited(3);
    let clients: Vec<Value> = (0..4).map(|_| server.client()).collect();
    for (client, from) in clients
        .iter()
        .zip(["2001:db8::1", "2001:db8::2", "2001:db8::ffff:0:0:1"])
    {
        put(&server, client, from, "x").ok();
    }
    put(&server, &clients[3], "2001:db8::3", "x").refused(429, "invalid_request");
    put(&server, &clients[3], "2001:db8:0:1::1", "x").ok();
    assert_eq!(
        (refused(&server, "client"), refused(&server, "address")),
        (0, 1)
    );
}

/// A client that presents wrong tokens uses up the share of its own address, not the share of the
/// client that it names.
#[test]
fn failed_tokens_count_by_address() {
    let server = limited(5);
    let client = server.client();
    let guess = |method: &str, number: u32| {
        let path = format!("/register/{}", client["client_id"].as_str().unwrap());
        let ask = server
            .request(method, &path)
            .bearer(&format!("rat_{number}"))
            .header("X-Forwarded-For", "203.0.113.7");
        ask.json(&update(&client, "x")).send()
    };
    for number in 0..5 {
        guess(if number % 2 == 0 { "PUT" } else { "DELETE" }, number).refused(401, "invalid_token");
    }
    for method in ["PUT", "DELETE"] {
        guess(method, 9).refused(429, "invalid_request");
    }
    guess("GET", 9).refused(401, "invalid_token");
    for name in ["1", "2", "3"] {
        put(&server, &client, "203.0.113.8", name).ok();
    }
    assert_eq!(refused(&server, "client"), 0);
}

/// RFC 7592 §2.3: a deletion is counted with updates, at every endpoint.
#[test]
fn deletions_are_limited_with_updates() {
    let server = limited(3);
    let clients: Vec<Value> = (0..4).map(|_| server.client()).collect();
    let delete = |client: &Value| {
        server
            .manage("DELETE", client)
            .header("X-Forwarded-For", "203.0.113.5")
            .send()
    };
    put(&server, &clients[0], "203.0.113.5", "x").ok();
    delete(&clients[0]).deleted();
    delete(&clients[1]).deleted();
    let answer = delete(&clients[2]);
    answer.refused(429, "invalid_request");
    assert!(
        (1..=21).contains(
            &answer
                .header("retry-after")
                .unwrap()
                .parse::<u64>()
                .unwrap()
        )
    );
    let path = format!(
        "/identity/register/{}?userId=admin&applicationName=A%20client",
        clients[3]["client_id"].as_str().unwrap()
    );
    let unregister = |from: &str| {
        server
            .request("DELETE", &path)
            .admin()
            .header("X-Forwarded-For", from)
            .send()
    };
    unregister("203.0.113.5").refused(429, "invalid_request");
    assert_eq!(server.clients().len(), 2);
    unregister("203.0.113.6").deleted();
    assert_eq!(server.clients().len(), 1);
}

/// A limit of 0 means any number of updates.
#[test]
fn limit_of_zero_is_unlimited() {
    let server = limited(0);
    let client = server.client();
    for number in 0..70 {
        put(&server, &client, "203.0.113.5", &number.to_string()).ok();
    }
}

/// RFC 7592 §2.2: an update after which everything is as it was is answered like any other, and writes nothing.
fn twenty_equal_updates(setup: Setup) {
    let server = setup.start();
    let client = server.client();
    let mut body = update(&client, "A client");
    let first = server.manage("PUT", &client).json(&body).send().ok();
    let (listed, told) = (server.clients(), server.ran(&["audit", "--json"]));
    for _ in 0..20 {
        assert_eq!(server.manage("PUT", &client).json(&body).send().ok(), first);
    }
    // The answer itself is as good, without what an update must leave out.
    let mut same = first.clone();
    for member in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        same.as_object_mut().unwrap().remove(member);
    }
    assert_eq!(server.manage("PUT", &client).json(&same).send().ok(), first);
    assert_eq!(
        (server.clients(), server.ran(&["audit", "--json"])),
        (listed.clone(), told)
    );
    assert!(!server.log().contains("client updated"));
    body["client_name"] = "Another".into();
    assert_eq!(
        server.manage("PUT", &client).json(&body).send().ok()["client_name"],
        "Another"
    );
    assert_eq!(
        server.clients()[0]["revision"].as_u64(),
        listed[0]["revision"].as_u64().map(|before| before + 1)
    );
    assert_eq!(audit(&server, "client updated").len(), 1);
    until("the update is in the log", || {
        server.log().matches("client updated").count() == 1
    });
}

#[test]
fn equal_updates_write_nothing() {
    twenty_equal_updates(Setup::new());
}

#[test]
fn equal_updates_write_nothing_on_postgresql() {
    let database = Postgres::new();
    twenty_equal_updates(Setup::new().on(&database));
}
