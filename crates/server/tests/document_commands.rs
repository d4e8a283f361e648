//! `frontdesk document …` with the real binary and a server of documents on loopback.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

#[path = "../../outbound/tests/site/mod.rs"]
mod site;
mod support;

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use site::{Answer, Site};
use support::Setup;
use tempfile::TempDir;

const ISSUER: &str = "https://login.example.com";

/// A provider that accepts documents, with a store, and a server with a document.
struct Bench {
    setup: Setup,
    folder: TempDir,
    site: Site,
    answer: Arc<Mutex<Answer>>,
}

impl Bench {
    fn new() -> Self {
        let answer = Arc::new(Mutex::new(Answer::Silence));
        let served = Arc::clone(&answer);
        let site = Site::answering(move |_, _| served.lock().unwrap().clone());
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("ca.pem"), &site.certificate).unwrap();
        let setup = Setup::new()
            .with("FRONTDESK_ISSUER", ISSUER)
            .with(
                "FRONTDESK_AUTHORIZATION_ENDPOINT",
                "https://login.example.com/auth",
            )
            .with(
                "FRONTDESK_TOKEN_ENDPOINT",
                "https://login.example.com/token",
            )
            .with("FRONTDESK_OUTBOUND_ALLOW", &site.address())
            .with("FRONTDESK_OUTBOUND_CA", "ca.pem")
            .with("FRONTDESK_DOCUMENTS", "open");
        let bench = Self {
            setup,
            folder,
            site,
            answer,
        };
        bench.serve(&json!({}));
        bench.run(&["migrate"]).ok();
        bench
    }

    /// The document of the client, with more members.
    fn document(&self, more: &Value) -> Value {
        let mut document = json!({
            "client_id": self.site.url(), "client_name": "My app", "redirect_uris": ["http://127.0.0.1/cb"],
            "token_endpoint_auth_method": "none", "application_type": "native",
        });
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        document
    }

    fn serve(&self, more: &Value) {
        let body = self.document(more).to_string();
        *self.answer.lock().unwrap() =
            Answer::json("Cache-Control: max-age=600\r\nETag: \"1\"\r\n", &body);
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = self
            .setup
            .command(self.folder.path(), arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            error: text(output.stderr),
        }
    }

    fn document_command(&self, command: &str, more: &[&str]) -> Ran {
        let url = self.site.url();
        self.run(&[&["document", command, &url], more].concat())
    }

    fn list(&self, more: &[&str]) -> Vec<Value> {
        let out = self
            .run(&[&["document", "list", "--json"], more].concat())
            .ok();
        out.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn events(&self) -> Vec<String> {
        let out = self.run(&["audit", "--json"]).ok();
        let rows = out
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        rows.filter_map(|row| row["event"].as_str().map(str::to_owned))
            .filter(|event| event.starts_with("document "))
            .collect()
    }
}

/// The result of a command.
struct Ran {
    code: i32,
    out: String,
    error: String,
}

impl Ran {
    #[track_caller]
    fn ok(self) -> String {
        assert_eq!(self.code, 0, "{} {}", self.out, self.error);
        self.out
    }

    /// Asserts that the command failed with that sentence; returns the output.
    #[track_caller]
    fn failed(self, sentence: &str) -> String {
        assert_eq!(
            (self.code, &*self.error),
            (1, &*format!("frontdesk: {sentence}\n")),
            "{}",
            self.out
        );
        self.out
    }
}

/// A check prints each step and the agreed metadata, and changes nothing.
#[test]
fn check_explains_an_accepted_document() {
    let bench = Bench::new();
    bench.serve(&json!({ "grant_types": ["authorization_code", "urn:x:other"], "colour": "red" }));
    let url = bench.site.url();
    let out = bench.document_command("check", &[]).ok();
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some(&*format!("{url} at {ISSUER}")));
    let steps: Vec<&str> = lines
        .by_ref()
        .take_while(|line| line.starts_with("  "))
        .collect();
    assert!(
        steps[0].starts_with("  document                  ")
            && steps[0].contains(" bytes, used until "),
        "{out}"
    );
    let passed: Vec<&str> = steps[1..]
        .iter()
        .map(|step| {
            step.strip_suffix("ok")
                .unwrap_or_else(|| panic!("{step}"))
                .trim()
        })
        .collect();
    assert_eq!(
        passed,
        [
            "JSON object",
            "client_id equals the URL",
            "no forbidden member",
            "software statement",
            "form of the members",
            "what the provider offers",
            "keys",
            "hosts of the URLs",
        ]
    );
    assert!(
        out.contains("\nleft out: colour is not a member of client metadata\n"),
        "{out}"
    );
    assert!(
        out.contains(
            "\nleft out: grant_types has values that the provider does not offer: urn:x:other\n"
        ),
        "{out}"
    );
    assert_eq!(bench.list(&[]), Vec::<Value>::new());
    assert_eq!(bench.events(), Vec::<String>::new());
    let read: Value =
        serde_json::from_str(&bench.document_command("check", &["--json"]).ok()).unwrap();
    let names: Vec<&String> = read.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "url", "accepted", "reason", "member", "message", "agreed", "left_out", "warnings"
        ]
    );
    assert_eq!(
        (
            &read["url"],
            &read["accepted"],
            &read["reason"],
            &read["message"]
        ),
        (&json!(url), &json!(true), &json!(null), &json!(null))
    );
    assert_eq!(read["agreed"]["grant_types"], json!(["authorization_code"]));
    assert_eq!(read["left_out"][0]["member"], "colour");
    assert_eq!(read["warnings"], json!([]));
}

/// A refusal names its step, its member and its reason, and never a value; the exit code is 1.
#[test]
fn check_explains_a_refused_document() {
    let bench = Bench::new();
    let cases = [
        (
            json!({ "client_secret": "hush-7f" }),
            "client_secret.forbidden",
            json!("client_secret"),
            "client_secret must not be in a document that anyone can read.",
        ),
        (
            json!({ "client_id": "https://app.example/7f" }),
            "client_id.not_its_url",
            json!("client_id"),
            "client_id must equal the URL of the document, character for character.",
        ),
        (
            json!({ "redirect_uris": ["https://evil-7f.example/cb"] }),
            "redirect_uris.other_host",
            json!("redirect_uris"),
            "redirect_uris must be on the host of the client_id, or on a host in the provider's document_hosts.",
        ),
        (
            json!({ "token_endpoint_auth_method": "client_secret_post" }),
            "token_endpoint_auth_method.shared_secret",
            json!("token_endpoint_auth_method"),
            "token_endpoint_auth_method must not use a shared secret, which a client with a metadata document does not have.",
        ),
    ];
    for (more, reason, member, message) in cases {
        bench.serve(&more);
        let sentence = format!("the document is refused: {message}");
        let out = bench.document_command("check", &[]).failed(&sentence);
        assert!(
            out.contains(message) && !out.contains("agreed") && !out.contains("7f"),
            "{out}"
        );
        let out = bench
            .document_command("check", &["--json"])
            .failed(&sentence);
        let read: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(
            read,
            json!({
                "url": bench.site.url(), "accepted": false, "reason": reason, "member": member, "message": message,
                "agreed": null, "left_out": [], "warnings": [],
            })
        );
    }
}

/// A document that cannot be fetched is told with the word of the reason.
#[test]
fn check_tells_why_a_fetch_failed() {
    let bench = Bench::new();
    let page = |status, head, body| Answer::new(status, head, body);
    let json = "Content-Type: application/json\r\n";
    let long = format!("{{\"x\":\"{}\"}}", "y".repeat(5120));
    for (answer, word) in [
        (page("404 Not Found", json, "{}"), "gone"),
        (page("500 Internal Server Error", json, "{}"), "unavailable"),
        (
            page("302 Found", "Location: https://127.0.0.1/\r\n", ""),
            "redirect",
        ),
        (
            page("200 OK", "Content-Type: text/html\r\n", "{}"),
            "content_type",
        ),
        (page("200 OK", json, &long), "length"),
        (page("200 OK", json, "{"), "json"),
    ] {
        *bench.answer.lock().unwrap() = answer;
        let ran = bench.document_command("check", &["--json"]);
        assert_eq!(ran.code, 1, "{word}");
        let read: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(
            (&read["accepted"], &read["reason"], &read["member"]),
            (&json!(false), &json!(word), &json!(null)),
            "{}",
            ran.error
        );
        assert_eq!(
            ran.error,
            format!(
                "frontdesk: the document is refused: {}\n",
                read["message"].as_str().unwrap()
            )
        );
    }
    let before = bench.site.connections();
    let ran = bench.run(&["document", "check", "https://10.0.0.1/c", "--json"]);
    let read: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &read["reason"]), (1, &json!("address")));
    assert_eq!(bench.site.connections(), before);
}

/// A file is read as if it were served at the URL, without a connection; so the author can check it before it is published.
#[test]
fn check_reads_a_file_without_a_connection() {
    let bench = Bench::new();
    let id = "https://app.example/oauth/client.json";
    let document = json!({ "client_id": id, "client_name": "A", "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none" });
    fs::write(
        bench.folder.path().join("client.json"),
        document.to_string(),
    )
    .unwrap();
    let out = bench
        .run(&["document", "check", id, "--file", "client.json"])
        .ok();
    assert!(out.contains(" bytes of the file\n"), "{out}");
    let out = bench
        .run_with(
            &["document", "check", id, "--file", "-", "--json"],
            &document.to_string(),
        )
        .ok();
    assert_eq!(
        serde_json::from_str::<Value>(&out).unwrap()["accepted"],
        true
    );
    let long = format!("{}{}", document, " ".repeat(5120));
    let ran = bench.run_with(&["document", "check", id, "--file", "-"], &long);
    assert!(
        ran.failed("the document is refused: The document is longer than limits.document_bytes.")
            .contains("limits.document_bytes")
    );
    let ran = bench.run(&["document", "check", id, "--file", "absent.json"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.error
            .starts_with("frontdesk: absent.json cannot be read: "),
        "{}",
        ran.error
    );
    assert_eq!(bench.site.connections(), 0);
}

/// The check warns of settings and rows that concern the client.
#[test]
fn check_warns_of_the_providers_settings() {
    let mut bench = Bench::new();
    let warnings = |bench: &Bench| -> Vec<String> {
        let out = bench.document_command("check", &["--json"]).ok();
        serde_json::from_value(serde_json::from_str::<Value>(&out).unwrap()["warnings"].clone())
            .unwrap()
    };
    assert_eq!(warnings(&bench), Vec::<String>::new());
    bench.document_command("add", &["--pin"]).ok();
    assert_eq!(
        warnings(&bench),
        ["the document is pinned here: the version of frontdesk document show is used"]
    );
    bench.document_command("disable", &[]).ok();
    assert_eq!(
        warnings(&bench),
        ["the client is disabled here; frontdesk document enable accepts it again"]
    );
    bench.document_command("remove", &[]).ok();
    bench.setup = bench
        .setup
        .with("FRONTDESK_DOCUMENTS", "listed")
        .with("FRONTDESK_DOCUMENT_HOSTS", "app.example");
    assert_eq!(
        warnings(&bench),
        [
            "127.0.0.1 is not in provider.document_hosts: the client is refused until the host is listed or the document is added"
        ]
    );
    bench.setup = bench.setup.with("FRONTDESK_DOCUMENTS", "closed");
    assert_eq!(
        warnings(&bench),
        ["provider.documents is closed: this provider uses no document"]
    );
}

/// A document is added, listed, shown, disabled, enabled and removed, and each change has its audit row.
#[expect(
    clippy::too_many_lines,
    reason = "a life from its beginning to its end"
)]
#[test]
fn document_has_a_life_cycle() {
    let bench = Bench::new();
    let url = bench.site.url();
    let added = bench.document_command("add", &["--json"]).ok();
    assert_eq!(
        serde_json::from_str::<Value>(&added).unwrap(),
        json!({ "added": url, "state": "active", "revision": 1 })
    );
    let listed = bench.list(&[]);
    let [one] = &listed[..] else {
        panic!("{listed:?}")
    };
    let names: Vec<&String> = one.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "url",
            "name",
            "state",
            "method",
            "fetched",
            "fresh_until",
            "last_used",
            "provider"
        ]
    );
    assert_eq!(
        (
            &one["url"],
            &one["name"],
            &one["state"],
            &one["method"],
            &one["last_used"],
            &one["provider"]
        ),
        (
            &json!(url),
            &json!("My app"),
            &json!("active"),
            &json!("none"),
            &json!(null),
            &json!(ISSUER)
        )
    );
    assert_eq!(
        one["fresh_until"].as_i64().unwrap() - one["fetched"].as_i64().unwrap(),
        600
    );
    let table = bench.run(&["document", "list"]).ok();
    let columns = table
        .lines()
        .next()
        .unwrap()
        .split("  ")
        .map(str::trim)
        .filter(|column| !column.is_empty());
    assert_eq!(
        columns.collect::<Vec<_>>(),
        [
            "URL",
            "NAME",
            "STATE",
            "METHOD",
            "FETCHED",
            "FRESH UNTIL",
            "LAST USED"
        ]
    );
    let shown: Value =
        serde_json::from_str(&bench.document_command("show", &["--json"]).ok()).unwrap();
    assert_eq!(
        (
            &shown["added_by"],
            &shown["proven"],
            &shown["revision"],
            &shown["changed"]
        ),
        (&json!("command line"), &json!(true), &json!(1), &json!([]))
    );
    assert_eq!(
        shown["metadata"]["redirect_uris"],
        json!(["http://127.0.0.1/cb"])
    );
    assert!(
        bench
            .document_command("show", &[])
            .ok()
            .contains("\"client_name\": \"My app\"")
    );

    assert_eq!(
        bench.document_command("disable", &[]).ok(),
        format!("disabled {url}\n")
    );
    assert_eq!(
        bench.document_command("disable", &[]).ok(),
        format!("{url} is disabled already\n")
    );
    bench
        .document_command("add", &["--pin"])
        .failed("the client is disabled here; frontdesk document enable accepts it again");
    assert_eq!(bench.list(&["--state", "active"]), Vec::<Value>::new());
    assert_eq!(
        bench
            .list(&["--state", "disabled", "--host", "127.0.0.1"])
            .len(),
        1
    );
    assert_eq!(bench.list(&["--host", "app.example"]), Vec::<Value>::new());
    let enabled = bench.document_command("enable", &["--json"]).ok();
    assert_eq!(
        serde_json::from_str::<Value>(&enabled).unwrap(),
        json!({ "enabled": url, "changed": true })
    );
    let removed = bench.document_command("remove", &["--json"]).ok();
    assert_eq!(
        serde_json::from_str::<Value>(&removed).unwrap(),
        json!({ "removed": url })
    );
    assert_eq!(bench.list(&[]), Vec::<Value>::new());
    let mut events = bench.events();
    events.sort_unstable();
    assert_eq!(
        events,
        [
            "document added",
            "document disabled",
            "document enabled",
            "document removed"
        ]
    );
}

/// A document that is added again has a new revision if it changed, and the names of the members.
#[test]
fn adding_again_names_the_changes() {
    let bench = Bench::new();
    bench.document_command("add", &[]).ok();
    bench.serve(&json!({ "client_name": "Another name", "software_version": "2" }));
    assert_eq!(
        bench.document_command("add", &["--pin"]).ok(),
        format!("added {}, pinned\n", bench.site.url())
    );
    let shown: Value =
        serde_json::from_str(&bench.document_command("show", &["--json"]).ok()).unwrap();
    assert_eq!(
        (&shown["revision"], &shown["changed"], &shown["state"]),
        (&json!(2), &json!(["client_name"]), &json!("pinned"))
    );
}

/// A refused or unknown document changes nothing, and the command fails with a sentence.
#[test]
fn refused_and_unknown_documents_change_nothing() {
    let bench = Bench::new();
    bench.serve(&json!({ "client_secret": "x" }));
    bench.document_command("add", &[]).failed(
        "the document is refused: client_secret must not be in a document that anyone can read.",
    );
    let unknown = format!(
        "there is no document {} at this provider; `frontdesk document list` shows those that are kept",
        bench.site.url()
    );
    for command in ["show", "disable", "enable", "remove"] {
        bench.document_command(command, &[]).failed(&unknown);
    }
    assert_eq!(bench.list(&[]), Vec::<Value>::new());
    assert_eq!(bench.events(), Vec::<String>::new());
}

/// Several documents are removed at once; the command fails for an unknown document, after it removed the others.
#[test]
fn removal_goes_on_after_an_unknown_document() {
    let bench = Bench::new();
    bench.document_command("add", &[]).ok();
    let url = bench.site.url();
    let ran = bench.run(&["document", "remove", "https://app.example/absent", &url]);
    let out = ran.failed("there is no document https://app.example/absent at this provider; `frontdesk document list` shows those that are kept");
    assert_eq!(out, format!("removed {url}\n"));
    assert_eq!(bench.list(&[]), Vec::<Value>::new());
}

/// An argument that is not the identifier of a document is a usage error, and nothing is asked. CIMD §3.
#[test]
fn other_spellings_are_usage_errors() {
    let bench = Bench::new();
    for (text, reason) in [
        ("http://app.example/c", "must begin with https://"),
        ("https://app.example/", "must have a path after its host"),
        (
            "https://app.example/c?x",
            "must not have a query or a fragment",
        ),
        ("https://App.example/c", "must be a URL in its normal form"),
        ("https://u@app.example/c", "must not have user information"),
    ] {
        for command in ["check", "add", "show", "disable", "enable", "remove"] {
            let ran = bench.run(&["document", command, text]);
            assert_eq!(ran.code, 2, "{command} {text}");
            assert!(ran.error.contains(reason), "{}", ran.error);
        }
    }
    assert_eq!(bench.site.connections(), 0);
}

/// With several providers the commands about a document ask for its issuer.
#[test]
fn several_providers_need_a_name() {
    let mut bench = Bench::new();
    let file = |second: &str| {
        let provider = |issuer: &str| {
            format!(
                "[[provider]]\nissuer = \"{issuer}\"\ndocuments = \"open\"\n[provider.metadata]\nauthorization_endpoint = \"{issuer}/auth\"\ntoken_endpoint = \"{issuer}/token\"\n"
            )
        };
        format!("{}{}", provider(ISSUER), provider(second))
    };
    let other = "https://other.example.com";
    bench.setup = Setup::new()
        .with("FRONTDESK_OUTBOUND_ALLOW", &bench.site.address())
        .with("FRONTDESK_OUTBOUND_CA", "ca.pem")
        .file(&file(other));
    let sentence = format!(
        "several providers are configured: --provider must name the issuer of one ({ISSUER}, {other})"
    );
    bench.document_command("add", &[]).failed(&sentence);
    bench.document_command("add", &["--provider", other]).ok();
    bench.document_command("add", &["--provider", ISSUER]).ok();
    assert_eq!(bench.list(&[]).len(), 2);
    let listed = bench.list(&["--provider", other]);
    assert_eq!((listed.len(), &listed[0]["provider"]), (1, &json!(other)));
    bench
        .document_command("remove", &["--provider", other])
        .ok();
    assert_eq!(bench.list(&[])[0]["provider"], ISSUER);
}

/// The recipe for MCP servers takes the documents of real programs; only a client that must sign is refused, since the recipe offers no
/// method for it. CIMD §4, §6.
#[test]
fn recipe_takes_the_documents_of_programs() {
    let bench = Bench::new();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let recipe = fs::read_to_string(format!("{root}/docs/recipes/mcp/frontdesk.toml")).unwrap();
    let recipe = recipe
        .replace("# documents = ", "documents = ")
        .replace("# document_hosts = ", "document_hosts = ");
    let setup = Setup::new().file(&recipe);
    let mut verdicts = Vec::new();
    for entry in fs::read_dir(format!("{root}/crates/admission/tests/fixtures")).unwrap() {
        let path = entry.unwrap().path();
        let document: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let id = document["client_id"].as_str().unwrap();
        let file = path.to_str().unwrap();
        let output = setup
            .command(
                bench.folder.path(),
                &["document", "check", id, "--file", file, "--json"],
            )
            .output()
            .unwrap();
        let read: Value = serde_json::from_slice(&output.stdout).unwrap();
        let warnings = read["warnings"].as_array().unwrap();
        let is_unlisted = |warning: &Value| warning.as_str().unwrap().contains("document_hosts");
        assert!(!warnings.iter().any(is_unlisted), "{id}: {warnings:?}");
        verdicts.push((
            id.to_owned(),
            read["agreed"]["token_endpoint_auth_method"].clone(),
            read["member"].clone(),
        ));
    }
    verdicts.sort_by(|one, other| one.0.cmp(&other.0));
    let refused = "https://chatgpt.com/oauth/ID/client.json";
    assert_eq!(verdicts.len(), 8);
    for (id, method, member) in verdicts {
        let expected = match id == refused {
            true => (json!(null), json!("token_endpoint_auth_method")),
            false => (json!("none"), json!(null)),
        };
        assert_eq!((method, member), expected, "{id}");
    }
}
