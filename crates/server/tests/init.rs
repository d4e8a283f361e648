//! `frontdesk init` with the real binary and a scripted authorization server: the files that it writes, and that they start.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

#[path = "upstream/scripted.rs"]
mod scripted;
#[path = "../../provisioning/tests/support/scripted/mod.rs"]
mod scripted_server;
mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use scripted::{ISSUER, Script, Scripted, document};
use scripted_server::hydra::Hydra;
use scripted_server::keycloak::{Keycloak, SECRET};
use serde_json::{Value, json};
use support::{PASSWORD, Postgres, Setup, TestServer, frontdesk};
use tempfile::TempDir;

fn folder() -> Arc<TempDir> {
    Arc::new(TempDir::new().unwrap())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs `init` in a folder, without a terminal.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    frontdesk()
        .current_dir(folder)
        .arg("init")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs `init`, which must succeed, and returns its output.
#[track_caller]
fn init(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout)
}

/// Runs `init`, which must fail and make nothing, and returns its sentence.
#[track_caller]
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let names = || {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = names();
    let output = run(folder, arguments);
    let sentence = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {sentence}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    assert_eq!(names(), before, "{arguments:?}");
    let sentence = sentence.strip_prefix("frontdesk: ").unwrap();
    sentence.strip_suffix('\n').unwrap().to_owned()
}

/// Starts the service with the file that `init` wrote, and with nothing else but free ports.
fn serve(folder: &Arc<TempDir>) -> TestServer {
    Setup::default()
        .flag("--config", "frontdesk.toml")
        .with("FRONTDESK_ADMIN_PASSWORD", PASSWORD)
        .within(folder)
        .start()
}

fn register(server: &TestServer) -> Value {
    server
        .request("POST", "/realms/main/register")
        .admin()
        .json(&json!({ "redirect_uris": ["https://rp.example/cb"] }))
        .send()
        .created()
}

/// Returns the server's issuer as a person would type it to reach this scripted server.
fn issuer(behind: &Scripted) -> String {
    format!("http://127.0.0.1:{}/realms/main", behind.port)
}

/// The configuration has the document, the issuer and the domain. `frontdesk check` finds no problem in it, and the service that it
/// starts answers WebFinger, serves the server's document and registers.
#[test]
fn written_configuration_serves_and_registers() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = folder();
    let arguments = ["--from", &issuer(&behind), "--domain", "Example.com"];
    let printed = init(folder.path(), &arguments);
    let (path, data) = (folder.path().join("frontdesk.toml"), folder.path());
    let expected = format!(
        "# Written by `frontdesk init`. Every setting: `frontdesk help settings`.\n\n\
        data = \"{}/frontdesk-data\"\nlisten = \"127.0.0.1:9443\"\nproxies = [\n    \"127.0.0.1\",\n    \"::1\",\n]\n\n\
        [[provider]]\ndomains = [\"example.com\"]\nissuer = \"{ISSUER}\"\n\n\
        [provider.upstream]\ndocument = \"{}\"\n\n[provider.upstream.add]\ntoken_endpoint_auth_methods_supported = [\"none\"]\n\n\
        [tls]\nmode = \"off\"\n",
        data.display(),
        behind.url()
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
    let key = data.join("frontdesk-data/sealing.key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    for line in [
        format!("wrote {}\n", path.display()),
        format!("made the sealing key {}: ", key.display()),
        format!(
            "the issuer is {ISSUER}, as the document at {} says\n",
            behind.url()
        ),
        format!("frontdesk serve --config {}\n", path.display()),
    ] {
        assert!(printed.contains(&line), "{printed}");
    }
    let check = frontdesk().current_dir(data).arg("check").output().unwrap();
    assert!(text(&check.stdout).ends_with("no problems found\n"));
    let server = serve(&folder);
    let found = server.get("/.well-known/webfinger?resource=acct:alice@example.com");
    assert_eq!(found.json()["links"][0]["href"], ISSUER);
    let mut expected = document();
    let members = expected.as_object_mut().unwrap();
    members.remove("signed_metadata");
    members.insert(
        "registration_endpoint".to_owned(),
        format!("{ISSUER}/register").into(),
    );
    members.insert(
        "token_endpoint_auth_methods_supported".to_owned(),
        json!(["client_secret_post", "client_secret_basic", "none"]),
    );
    let found = server.get("/realms/main/.well-known/openid-configuration");
    assert_eq!(found.json(), expected);
    register(&server);
}

/// The lines for nginx have every path that must lead to Frontdesk and no other, on the host of the issuer and on the domains.
/// The registration of the server itself is closed.
#[test]
fn proxy_lines_have_our_paths_alone() {
    let mut document = document();
    let own = format!("{ISSUER}/clients-registrations/openid-connect");
    document["registration_endpoint"] = own.into();
    let behind = Scripted::start(Script::json(&document));
    let folder = folder();
    let from = behind.url();
    let printed = init(
        folder.path(),
        &[
            "--from",
            &from,
            "--domain",
            "example.com",
            "--domain",
            "example.org",
        ],
    );
    let accounts = r"/\.well-known/webfinger|/\.well-known/host-meta|/\.well-known/host-meta\.json";
    let provider = r"/realms/main/\.well-known/openid-configuration|/\.well-known/openid-configuration/realms/main|/realms/main/\.well-known/oauth-authorization-server|/\.well-known/oauth-authorization-server/realms/main|/\.well-known/oauth-protected-resource/realms/main/register|/realms/main/register";
    let to_us = "{\n    proxy_pass http://127.0.0.1:9443;\n    proxy_set_header Host $host;\n    proxy_set_header X-Forwarded-For $remote_addr;\n}\n";
    let expected = format!(
        "\n# nginx, in the server of login.example.com: these paths lead to Frontdesk, all others to the authorization server.\n\
        location ~ ^(?:(?:{accounts}|{provider})/?|/realms/main/register/.+)$ {to_us}\
        # No client registers past Frontdesk.\nlocation ~ ^/realms/main/clients-registrations(/|$) {{ return 403; }}\n\n\
        # nginx, in the server of example.com and of example.org:\nlocation ~ ^(?:(?:{accounts})/?)$ {to_us}"
    );
    assert!(printed.contains(&expected), "{printed}");
}

/// With `--json` the outcome is one object, and each path in it is an address of the service.
#[test]
fn outcome_is_an_object_of_served_paths() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = folder();
    let arguments = [
        "--from",
        &issuer(&behind),
        "--domain",
        "example.com",
        "--json",
    ];
    let printed: Value = serde_json::from_str(&init(folder.path(), &arguments)).unwrap();
    assert_eq!(printed["issuer"], ISSUER);
    assert_eq!(printed["document"], behind.url());
    assert_eq!(printed["provision"], Value::Null);
    assert_eq!(printed["secret_file"], Value::Null);
    assert_eq!(
        printed["account_hosts"],
        json!(["login.example.com", "example.com"])
    );
    let path = folder.path().join("frontdesk.toml").display().to_string();
    assert_eq!(printed["file"], path);
    let server = serve(&folder);
    let paths = [&printed["account_paths"], &printed["issuer_paths"]];
    let paths = paths
        .into_iter()
        .flat_map(|paths| paths.as_array().unwrap());
    let statuses: Vec<u16> = paths
        .map(|path| {
            server
                .get(&path.as_str().unwrap().replace('*', "unknown"))
                .status()
        })
        .collect();
    assert_eq!(statuses, [400, 200, 200, 200, 200, 200, 200, 200, 405, 401]);
}

/// Each address at which the document of an issuer can be is asked, in the order of the specifications; the address of a document is
/// asked alone.
#[test]
fn every_address_of_a_document_is_tried() {
    let behind = Scripted::start(Script::status("404 Not Found"));
    let folder = folder();
    let at = format!("http://127.0.0.1:{}", behind.port);
    let asked = |from: &str| {
        let before = behind.requests().len();
        let sentence = refused(folder.path(), &["--from", from]);
        let heads = behind.requests().split_off(before);
        let path = |head: &String| head.split(' ').nth(1).unwrap().to_owned();
        (sentence, heads.iter().map(path).collect::<Vec<_>>())
    };
    let (sentence, paths) = asked(&format!("{at}/realms/main/"));
    let expected = [
        "/realms/main/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/realms/main",
        "/.well-known/openid-configuration/realms/main",
        "/realms/main/.well-known/oauth-authorization-server",
    ];
    assert_eq!(paths, expected);
    let urls = expected.map(|path| format!("{at}{path}")).join(", ");
    assert_eq!(
        sentence,
        format!(
            "the server has no document at {urls}; --from takes the address of the document too"
        )
    );
    let expected = [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ];
    assert_eq!(asked(&at).1, expected);
    let (sentence, paths) = asked(&behind.url());
    assert_eq!(paths, ["/realms/main/.well-known/openid-configuration"]);
    let expected = format!(
        "the document at {} cannot be had: the server answers 404",
        behind.url()
    );
    assert_eq!(sentence, expected);
}

/// A file that exists is not overwritten, and neither is a sealing key.
#[test]
fn nothing_is_overwritten() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = folder();
    let from = behind.url();
    let path = folder.path().join("frontdesk.toml");
    fs::write(&path, "mine").unwrap();
    let exists = format!("{} exists and is not overwritten", path.display());
    assert_eq!(refused(folder.path(), &["--from", &from]), exists);
    assert!(behind.requests().is_empty());
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    fs::remove_file(&path).unwrap();
    let key = folder.path().join("frontdesk-data/sealing.key");
    init(folder.path(), &["--from", &from, "--output", "first.toml"]);
    let before = fs::read(&key).unwrap();
    let printed = init(folder.path(), &["--from", &from, "--config", "second.toml"]);
    assert!(printed.contains(&format!("kept the sealing key {}", key.display())));
    assert_eq!(fs::read(&key).unwrap(), before);
    assert!(folder.path().join("second.toml").exists());
}

/// Nothing is written that cannot start: wrong addresses, answers, documents and settings are named in a sentence.
#[test]
fn refusals_write_nothing() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = folder();
    let from = behind.url();
    let not_url = "--from must be the https URL of an issuer or of its document (http on loopback, or with --upstream-plain-http true), not ";
    for (arguments, sentence) in [
        (&["--from", "login.example.com"][..], format!("{not_url}\"login.example.com\"")),
        (&["--from", "http://login.example.com"], format!("{not_url}\"http://login.example.com\"")),
        (
            &["--from", &from, "--domain", "a b"],
            "--domain \"a b\" must be a host, such as example.com".to_owned(),
        ),
        (
            &["--from", &from, "--at", "http://127.0.0.1:8080"],
            "--at and --secret-file belong to --provision keycloak, http or rfc7591".to_owned(),
        ),
        (
            &["--from", &from, "--provision", "http"],
            "--at must be given with --provision http: address of the clients in the admin API, such as http://127.0.0.1:4445/admin/clients".to_owned(),
        ),
        (
            &["--from", &from, "--admin-password", "correct horse battery"],
            "--admin-password is a secret, which is not written into the configuration; give it as FRONTDESK_ADMIN_PASSWORD to `serve`, or in a file".to_owned(),
        ),
        (
            &["--from", &from, "--registration", "maybe"],
            "provider.registration (FRONTDESK_REGISTRATION) must be closed, protected or open, not \"maybe\"".to_owned(),
        ),
        (
            &["--from", &from, "--output", "nowhere/frontdesk.toml"],
            format!("the folder {}/nowhere does not exist", folder.path().display()),
        ),
    ] {
        assert_eq!(refused(folder.path(), arguments), sentence);
    }
    for (script, reason) in [
        (
            Script::text("{"),
            "cannot be taken: it must be a JSON object; it is not JSON at line 1, column 1",
        ),
        (Script::text("{}"), "names no issuer"),
        (
            Script::text("{\"issuer\":\"http://keycloak:8080/realms/main\"}"),
            "names the issuer \"http://keycloak:8080/realms/main\", which must be https, except on loopback; tokens carry this name, so correct it at the authorization server: start Keycloak with --hostname=https://…",
        ),
        (
            Script::status("500 Internal Server Error"),
            "cannot be had: the server answers 500",
        ),
    ] {
        behind.says(script);
        let sentence = refused(folder.path(), &["--from", &from]);
        assert_eq!(sentence, format!("the document at {from} {reason}"));
    }
    let mut wrong = document();
    wrong["grant_types_supported"] = "authorization_code".into();
    behind.says(Script::json(&wrong));
    let sentence = refused(folder.path(), &["--from", &from]);
    assert!(sentence.contains("grant_types_supported"), "{sentence}");
}

/// The flags of settings go into the file: with a certificate the service speaks TLS itself, and data has its own place.
#[test]
fn flags_of_settings_are_written() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = folder();
    let from = behind.url();
    let arguments = [
        "--from",
        &from,
        "--tls",
        "self-signed",
        "--data",
        "kept",
        "--registration",
        "open",
    ];
    init(folder.path(), &arguments);
    let written = fs::read_to_string(folder.path().join("frontdesk.toml")).unwrap();
    assert!(written.contains("mode = \"self-signed\""), "{written}");
    assert!(written.contains("registration = \"open\""), "{written}");
    assert!(!written.contains("proxies"), "{written}");
    let data = format!("data = \"{}/kept\"\n", folder.path().display());
    assert!(written.contains(&data), "{written}");
    assert!(folder.path().join("kept/sealing.key").exists());
}

/// With PostgreSQL the sealing key is a file that the configuration names, and the file with a password is private.
#[test]
fn postgres_has_a_sealing_key_file() {
    let behind = Scripted::start(Script::json(&document()));
    let database = Postgres::new();
    let folder = folder();
    let from = behind.url();
    init(
        folder.path(),
        &["--from", &from, "--database", &database.url],
    );
    register(&serve(&folder));
    let with_password = database.url.replacen("postgres@", "postgres:hush@", 1);
    assert_ne!(with_password, database.url);
    let arguments = [
        "--from",
        &from,
        "--database",
        &with_password,
        "--output",
        "second.toml",
    ];
    init(folder.path(), &arguments);
    let mode = folder
        .path()
        .join("second.toml")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// For a Keycloak the address follows from the document. The secret is made once, for the client that the printed commands make.
#[test]
fn keycloak_gets_a_secret_and_commands() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = folder();
    let from = behind.url();
    let arguments = ["--from", &from, "--provision", "keycloak"];
    let printed = init(folder.path(), &arguments);
    let secret = folder.path().join("keycloak.secret");
    let written = fs::read_to_string(folder.path().join("frontdesk.toml")).unwrap();
    let expected = format!(
        "[provider.provision]\nat = \"http://127.0.0.1:{}\"\nsecret_file = \"{}\"\nto = \"keycloak\"\n",
        behind.port,
        secret.display()
    );
    assert!(written.contains(&expected), "{written}");
    assert!(!written.contains("upstream.add"), "{written}");
    assert_eq!(
        secret.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    let made = fs::read_to_string(&secret).unwrap();
    assert_eq!(made.trim_end().len(), 43);
    assert!(!printed.contains(made.trim_end()), "{printed}");
    for line in [
        format!("made the secret {}\n", secret.display()),
        format!("-s directAccessGrantsEnabled=false -s serviceAccountsEnabled=true -s \"secret=$(cat {})\"\n", secret.display()),
        "kcadm.sh create clients -r main -s clientId=frontdesk ".to_owned(),
        "kcadm.sh add-roles -r main --uusername service-account-frontdesk --cclientid realm-management --rolename manage-clients\n".to_owned(),
        format!("frontdesk provision check --config {}/frontdesk.toml\n", folder.path().display()),
    ] {
        assert!(printed.contains(&line), "{line}: {printed}");
    }
    let more = [
        "--output",
        "second.toml",
        "--provision-client",
        "desk",
        "--provision-realm",
        "other",
    ];
    let printed = init(folder.path(), &[&arguments[..], &more].concat());
    assert_eq!(fs::read_to_string(&secret).unwrap(), made);
    assert!(!printed.contains("made the secret"), "{printed}");
    assert!(
        printed.contains("kcadm.sh create clients -r other -s clientId=desk "),
        "{printed}"
    );
}

/// A credential is the name of a file that can be read; the address of a registration follows from the document. A secret that was
/// made for a configuration that does not start is removed.
#[test]
fn other_ways_need_their_credentials() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = folder();
    let from = behind.url();
    let token = folder.path().join("token");
    let at = "http://127.0.0.1:4445/admin/clients";
    let arguments = [
        "--from",
        &from,
        "--provision",
        "http",
        "--at",
        at,
        "--secret-file",
        "token",
    ];
    let sentence = refused(folder.path(), &arguments);
    assert_eq!(
        sentence,
        "the file token cannot be read: No such file or directory (os error 2)"
    );
    fs::write(&token, "secret").unwrap();
    init(folder.path(), &arguments);
    let written = fs::read_to_string(folder.path().join("frontdesk.toml")).unwrap();
    let expected = format!(
        "[provider.provision]\nat = \"{at}\"\nto = \"http\"\ntoken_file = \"{}\"\n",
        token.display()
    );
    assert!(written.contains(&expected), "{written}");
    let more = [
        "--from",
        &from,
        "--provision",
        "rfc7591",
        "--output",
        "second.toml",
    ];
    init(folder.path(), &more);
    let written = fs::read_to_string(folder.path().join("second.toml")).unwrap();
    assert!(
        written.contains("[provider.provision]\nto = \"rfc7591\"\n"),
        "{written}"
    );
    let wrong = [
        "--from",
        &from,
        "--provision",
        "keycloak",
        "--provision-ready",
        "never",
        "--output",
        "third.toml",
    ];
    let sentence = refused(folder.path(), &wrong);
    assert!(
        sentence.starts_with("provider.provision.ready (FRONTDESK_PROVISION_READY) "),
        "{sentence}"
    );
}

/// A registration at the service that the written configuration starts puts the client into the server, for each kind of server.
#[test]
fn written_configuration_provisions() {
    let behind = Scripted::start(Script::json(&document()));
    let (hydra, keycloak, folder) = (Hydra::start(), Keycloak::start(), folder());
    let from = behind.url();
    fs::write(folder.path().join("keycloak.secret"), SECRET).unwrap();
    let arguments = [
        "--from",
        &from,
        "--provision",
        "keycloak",
        "--at",
        keycloak.at.as_str(),
    ];
    init(folder.path(), &arguments);
    let server = serve(&folder);
    let id = register(&server)["client_id"].as_str().unwrap().to_owned();
    assert_eq!(
        keycloak.client(&id).unwrap()["redirectUris"],
        json!(["https://rp.example/cb"])
    );
    let tried = server.ran(&["provision", "check", "--json"]);
    assert_eq!(tried.matches("\"ok\":true").count(), 3, "{tried}");
    drop(server);
    fs::remove_file(folder.path().join("frontdesk.toml")).unwrap();
    let arguments = [
        "--from",
        &from,
        "--provision",
        "http",
        "--at",
        hydra.at.as_str(),
        "--data",
        "other",
    ];
    init(folder.path(), &arguments);
    let id = register(&serve(&folder))["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(hydra.client(&id).unwrap()["owner"], "frontdesk");
}

/// At a terminal the questions are asked, wrong answers are asked again, and an empty answer is the default.
#[test]
fn terminal_is_asked() {
    let behind = Scripted::start(Script::json(&document()));
    let folder = folder();
    let program =
        "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    let mut child = Command::new("python3")
        .args([
            "-c",
            program,
            env!("CARGO_BIN_EXE_frontdesk"),
            "init",
            "--from",
            &behind.url(),
        ])
        .env_clear()
        .env("PATH", support::variable("PATH").unwrap_or_default())
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input
        .write_all(b"a b\nexample.com, example.org\nperhaps\nnone\n")
        .unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}");
    for part in [
        "Domains of the accounts, with commas between them [login.example.com]: ",
        "It must be a host, such as example.com.",
        "[keycloak]: ",
        "It must be keycloak, http, rfc7591 or none.",
        "\r\n# nginx, in the server of example.com and of example.org:\r\n",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let written = fs::read_to_string(folder.path().join("frontdesk.toml")).unwrap();
    assert!(written.contains("\"example.org\""), "{written}");
    assert!(!written.contains("provision"), "{written}");
}
