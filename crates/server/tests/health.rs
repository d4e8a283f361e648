//! Readiness, and the command that asks for it.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;
use std::thread;

use support::{Postgres, Setup, TestServer};

fn health(server: &TestServer, management: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let flag = format!("--management-listen={management}");
    let mut arguments = vec!["health", flag.as_str()];
    arguments.extend(more);
    let Output {
        status,
        stdout,
        stderr,
    } = server.run(&arguments);
    (
        status.code(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

fn well(said: &str) -> (Option<i32>, String, String) {
    (Some(0), format!("{said}\n"), String::new())
}

fn ill(sentence: &str) -> (Option<i32>, String, String) {
    (Some(1), String::new(), format!("frontdesk: {sentence}\n"))
}

/// The health command asks the management listener at its configured address.
#[test]
fn health_asks_the_management_listener() {
    let server = TestServer::start();
    let port = server.management;
    for address in ["127.0.0.1", "0.0.0.0", "localhost"] {
        assert_eq!(
            health(&server, &format!("{address}:{port}"), &[]),
            well("ready")
        );
        assert_eq!(
            health(&server, &format!("{address}:{port}"), &["--live"]),
            well("ok")
        );
    }
    let everywhere = Setup::new()
        .with("FRONTDESK_MANAGEMENT_LISTEN", "[::]:0")
        .start();
    assert_eq!(
        health(&everywhere, &format!("[::]:{}", everywhere.management), &[]),
        well("ready")
    );
}

/// The health command reports a problem in one sentence.
#[test]
fn health_reports_problem_in_a_sentence() {
    let mut server = TestServer::start();
    let address = format!("127.0.0.1:{}", server.management);
    assert_eq!(
        health(&server, "127.0.0.1:0", &[]),
        ill(
            "management_listen (FRONTDESK_MANAGEMENT_LISTEN) is 127.0.0.1:0, so its port is not known here; name the port that is served"
        )
    );
    server.signal("-KILL");
    server.wait();
    for more in [&[][..], &["--live"]] {
        assert_eq!(
            health(&server, &address, more),
            ill(&format!(
                "the service does not answer at {address} (management_listen (FRONTDESK_MANAGEMENT_LISTEN)): \
                 io: Connection refused (os error 111)"
            ))
        );
    }

    let stranger = TcpListener::bind(&address).unwrap();
    let answering = thread::spawn(move || {
        let (mut stream, _) = stranger.accept().unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
        stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
    });
    assert_eq!(
        health(&server, &address, &[]),
        ill(&format!(
            "{address} answered /readyz with 404 and is not Frontdesk"
        ))
    );
    answering.join().unwrap();
}

/// A schema or a sealing key of another program withdraws readiness, and the answer gives the
/// reason.
#[test]
fn foreign_schema_withdraws_readiness() {
    let database = Postgres::new();
    let server = Setup::new()
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .on(&database)
        .start();
    let address = format!("127.0.0.1:{}", server.management);
    let unready = |why: &str| {
        let answer = server.managed("/readyz");
        assert_eq!(
            (answer.status(), answer.text.as_str()),
            (503, format!("{why}\n").as_str())
        );
        assert_eq!(
            health(&server, &address, &[]),
            ill(&format!("the service at {address} is not ready: {why}"))
        );
        assert_eq!(health(&server, &address, &["--live"]), well("ok"));
    };
    let ready = || assert_eq!(health(&server, &address, &[]), well("ready"));
    ready();

    database.execute("CREATE TABLE kept AS SELECT * FROM __diesel_schema_migrations");
    database.execute(
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM kept)",
    );
    unready("the database schema is outdated; run frontdesk migrate");
    database.execute("INSERT INTO __diesel_schema_migrations SELECT * FROM kept WHERE version = (SELECT max(version) FROM kept)");
    ready();

    database.execute("UPDATE seal_check SET key_id = 'another-' || key_id");
    unready("the sealing key is not the one this store was sealed with");
    database.execute("UPDATE seal_check SET key_id = substr(key_id, 9)");
    ready();

    // What `frontdesk migrate` of the next release does while this one is still being replaced.
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')");
    ready();
    assert_eq!(server.client()["client_name"], "A client");
}
