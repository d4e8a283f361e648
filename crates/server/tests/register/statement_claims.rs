//! The claims of a software statement about its audience and its time: checked if they are there, and demanded only if the operator
//! says so. RFC 7591 §2.3, RFC 7519 §4.1.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::statements::{AUDIENCE, DIRECTORY, Directory, asked, now, rs256};
use super::support::{Answer, Setup, TestServer};

/// An open provider that trusts the directory, with one more line about it.
fn trusting(directory: &Directory, line: &str) -> (Setup, TempDir) {
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("directory-jwks.json");
    std::fs::write(&keys, directory.jwks().to_string()).unwrap();
    let keys = keys.to_str().unwrap();
    let file = format!(
        "[[provider]]\nissuer = {AUDIENCE:?}\nregistration = \"open\"\n\
         [[provider.software_statement_issuer]]\nissuer = {DIRECTORY:?}\njwks_file = {keys:?}\n{line}\n"
    );
    (Setup::new().file(&file), folder)
}

fn register(server: &TestServer, directory: &Directory, claims: &Value) -> Answer {
    let statement = directory.sign(&rs256(), claims);
    server
        .request("POST", "/register")
        .json(&asked(&statement))
        .send()
}

/// The claims of the example in RFC 7591 §2.3, with an issuer and more.
fn example(more: &Value) -> Value {
    let mut claims = json!({
        "iss": DIRECTORY,
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "client_name": "Example Statement-based Client",
        "client_uri": "https://client.example.net/",
    });
    let members = claims.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    claims
}

/// RFC 7591 §2.3: the example of the specification is accepted, and its claims are in the answer.
#[test]
fn example_of_the_specification_is_accepted() {
    let directory = Directory::new();
    let (setup, _folder) = trusting(&directory, "");
    let server = setup.start();
    let client = register(&server, &directory, &example(&json!({}))).created();
    for (claim, value) in [
        ("software_id", "4NRB1-0XZABZI9E6-5SM3R"),
        ("client_name", "Example Statement-based Client"),
        ("client_uri", "https://client.example.net/"),
    ] {
        assert_eq!(client[claim], value);
    }
    assert_eq!(server.manage("GET", &client).send().ok(), client);
    let foreign = example(&json!({ "iss": "https://other.example" }));
    register(&server, &directory, &foreign).refused(400, "unapproved_software_statement");
    register(&server, &Directory::new(), &example(&json!({})))
        .refused(400, "invalid_software_statement");
    assert_eq!(server.clients().len(), 1);
}

/// RFC 7519 §4.1.3 to §4.1.6: each claim alone is accepted if it is right, and refused if it is wrong or of a wrong type.
#[test]
fn each_claim_is_checked_alone() {
    let directory = Directory::new();
    let (setup, _folder) = trusting(&directory, "");
    let server = setup.start();
    let now = now();
    for more in [
        json!({ "aud": AUDIENCE }),
        json!({ "aud": ["https://other.example", AUDIENCE] }),
        json!({ "exp": now + 300 }),
        json!({ "iat": now }),
        json!({ "nbf": now }),
        json!({ "iat": now - 86_400, "nbf": now - 3_600 }),
        json!({ "jti": "one", "sub": "anything" }),
    ] {
        register(&server, &directory, &example(&more)).created();
    }
    let accepted = server.clients().len();
    for (more, told) in [
        (
            json!({ "aud": "https://other.example" }),
            "software_statement must have this provider's issuer in its aud claim.",
        ),
        (
            json!({ "aud": [] }),
            "software_statement must have this provider's issuer in its aud claim.",
        ),
        (
            json!({ "aud": 7 }),
            "software_statement must have this provider's issuer in its aud claim.",
        ),
        (
            json!({ "aud": null }),
            "software_statement must have this provider's issuer in its aud claim.",
        ),
        (
            json!({ "exp": now - 120 }),
            "software_statement has expired.",
        ),
        (
            json!({ "exp": "never" }),
            "software_statement has an exp, iat or nbf claim that is not a number.",
        ),
        (
            json!({ "exp": null }),
            "software_statement has an exp, iat or nbf claim that is not a number.",
        ),
        (
            json!({ "iat": now + 120 }),
            "software_statement is not valid yet.",
        ),
        (
            json!({ "iat": [now] }),
            "software_statement has an exp, iat or nbf claim that is not a number.",
        ),
        (
            json!({ "nbf": now + 120 }),
            "software_statement is not valid yet.",
        ),
        (
            json!({ "nbf": true }),
            "software_statement has an exp, iat or nbf claim that is not a number.",
        ),
    ] {
        let answer = register(&server, &directory, &example(&more));
        assert_eq!(
            answer.refused(400, "invalid_software_statement"),
            told,
            "{more}"
        );
    }
    assert_eq!(server.clients().len(), accepted);
}

/// RFC 7591 §2.3: claims that the operator requires of an issuer are demanded of its statements, at an update too.
#[test]
fn required_claims_are_demanded() {
    let directory = Directory::new();
    let now = now();
    let all = json!({ "aud": AUDIENCE, "exp": now + 300, "iat": now, "nbf": now });
    for claim in ["aud", "exp", "iat", "nbf"] {
        let (setup, _folder) = trusting(&directory, &format!("require = [{claim:?}]"));
        let server = setup.start();
        let client =
            register(&server, &directory, &example(&json!({ claim: all[claim] }))).created();
        let mut others = all.clone();
        others.as_object_mut().unwrap().shift_remove(claim);
        let told = format!("software_statement must have an {claim} claim.");
        let answer = register(&server, &directory, &example(&others));
        assert_eq!(answer.refused(400, "invalid_software_statement"), told);
        let mut update = asked(&directory.sign(&rs256(), &example(&others)));
        update["client_id"] = client["client_id"].clone();
        let answer = server.manage("PUT", &client).json(&update).send();
        assert_eq!(answer.refused(400, "invalid_software_statement"), told);
        assert_eq!(server.manage("GET", &client).send().ok(), client);
        assert_eq!(server.clients().len(), 1);
    }
    let (setup, _folder) = trusting(&directory, "require = [\"aud\", \"exp\"]");
    let server = setup.start();
    for lacking in ["aud", "exp"] {
        let mut claims = all.clone();
        claims.as_object_mut().unwrap().shift_remove(lacking);
        register(&server, &directory, &example(&claims)).refused(400, "invalid_software_statement");
    }
    register(
        &server,
        &directory,
        &example(&json!({ "aud": AUDIENCE, "exp": now + 300 })),
    )
    .created();
    assert_eq!(server.clients().len(), 1);
}

/// A claim that cannot be required stops the start, with its line.
#[test]
fn unknown_required_claim_stops_the_start() {
    let directory = Directory::new();
    for line in [
        "require = [\"jti\"]",
        "require = \"aud\"",
        "require = [\"AUD\"]",
    ] {
        let (setup, folder) = trusting(&directory, line);
        let told = setup.refused(folder.path(), &["serve"]);
        assert!(told.contains("is wrong at line 7: "), "{line}: {told}");
        assert!(!folder.path().join("frontdesk-data").exists());
    }
}
