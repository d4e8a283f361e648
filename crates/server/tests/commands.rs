//! The commands besides `serve`, each beside the running service.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use server::setting::{Setting, ValueKind};
use server::settings;
use support::{PASSWORD, Postgres, Setup, TestServer, until};
use tempfile::TempDir;

/// A served provider with a fixed issuer, independent of the port, so that every command knows it.
fn fixed() -> Setup {
    Setup::new().with("FRONTDESK_ISSUER", "http://localhost:9443")
}

/// One server on each database.
fn on_both(promise: impl Fn(&TestServer)) {
    promise(&fixed().start());
    let database = Postgres::new();
    promise(&fixed().on(&database).start());
}

/// Runs a command with something on its standard input.
fn fed(server: &TestServer, arguments: &[&str], input: &str) -> Output {
    let mut child = server
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails before it reads closes its standard input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Runs a command with something on its standard input; asserts success, returns its output.
#[track_caller]
fn gave(server: &TestServer, arguments: &[&str], input: &str) -> String {
    let output = fed(server, arguments, input);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    text(&output.stdout)
}

/// Runs a command with something on its standard input; asserts exit 1 without output, returns its message.
#[track_caller]
fn refused(server: &TestServer, arguments: &[&str], input: &str) -> String {
    let output = fed(server, arguments, input);
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (Some(1), ""),
        "{}",
        text(&output.stderr)
    );
    sentence(&output)
}

#[track_caller]
fn sentence(output: &Output) -> String {
    let said = text(&output.stderr);
    let sentence = said
        .strip_prefix("frontdesk: ")
        .and_then(|said| said.strip_suffix('\n'))
        .unwrap_or_else(|| panic!("{said}"));
    assert!(!sentence.contains('\n'), "{said}");
    sentence.to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The cells of a printed table, without its heads; cells are two spaces apart.
fn table(printed: &str, heads: &[&str]) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        line.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let mut lines = printed.lines();
    assert_eq!(cells(lines.next().unwrap()), heads, "{printed}");
    lines.map(cells).collect()
}

fn plain() -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": "A client" })
}

fn registers(server: &TestServer, name: &str, password: &str) -> u16 {
    server
        .request("POST", "/register")
        .basic(name, password)
        .json(&plain())
        .send()
        .status()
}

fn with_token(server: &TestServer, token: &str) -> support::Answer {
    server
        .request("POST", "/register")
        .bearer(token)
        .json(&plain())
        .send()
}

/// The names of all migrations, in their order.
fn migrations() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.join(", ")
}

#[test]
fn a_database_is_brought_to_this_version_once() {
    let twice = |setup: &Setup| {
        let folder = TempDir::new().unwrap();
        let migrate = || {
            text(
                &setup
                    .command(folder.path(), &["migrate"])
                    .output()
                    .unwrap()
                    .stdout,
            )
        };
        assert_eq!(migrate(), format!("applied {}\n", migrations()));
        assert_eq!(migrate(), "the database schema is up to date\n");
    };
    twice(&Setup::new());
    let database = Postgres::new();
    twice(&Setup::new().on(&database));
}

fn check(setup: &Setup, folder: &Path) -> (Option<i32>, String, String) {
    let output = setup.command(folder, &["check"]).output().unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// The check command shows the configuration in force and reports no problems.
#[test]
fn check_shows_the_configuration() {
    let folder = TempDir::new().unwrap();
    let setup = Setup::new()
        .after("ulimit -n 1024")
        .with("FRONTDESK_REGISTRATION", "open")
        .with("FRONTDESK_NAMESPACE", "x");
    let expected = |store: &str| {
        format!(
            "# What was set; everything else has its default.\n\
             admin_password = \"(hidden)\"\n\n\
             [limits]\nfailed_logins_per_minute = 0\nregistrations_per_minute = 0\nupdates_per_minute = 0\n\n\
             [[provider]]\nregistration = \"open\"\n\n\
             [tls]\nmode = \"off\"\n\n\
             # In force\n\
             configuration: no file\n\
             development mode: true\n\
             database: sqlite://frontdesk-data/frontdesk.db\n\
             listen: localhost:9443\n\
             provider: http://localhost:9443 (open)\n  \
             authorization_endpoint is a placeholder until it is configured\n  \
             token_endpoint is a placeholder until it is configured\n  \
             userinfo_endpoint is a placeholder until it is configured\n\
             note: unknown setting FRONTDESK_NAMESPACE is ignored\n\
             connections: at most 944 connections, of 1024 file descriptors\n\
             store: {store}\n\
             no problems found\n"
        )
    };
    let well = |store: &str| (Some(0), expected(store), String::new());
    assert_eq!(
        check(&setup, folder.path()),
        well("does not exist yet; the first start creates it")
    );
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "looking makes nothing"
    );
    assert!(
        setup
            .command(folder.path(), &["migrate"])
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(
        check(&setup, folder.path()),
        well("open, schema up to date, sealing key matches")
    );
}

/// The check command reads a database that is in use and a database with an outdated schema.
#[test]
fn check_reads_used_and_old_databases() {
    let database = Postgres::new();
    let folder = TempDir::new().unwrap();
    let (code, printed, said) = check(&Setup::new().on(&database), folder.path());
    assert_eq!((code, said.as_str()), (Some(0), ""), "{printed}");
    assert!(
        printed.contains("\nstore: open, schema outdated; the next start, or `frontdesk migrate`, updates it\nno problems found\n"),
        "{printed}"
    );
    let server = fixed().on(&database).start();
    assert!(
        server.ran(&["check"]).ends_with(
            "\nstore: open, schema up to date, sealing key matches\nno problems found\n"
        )
    );
}

/// The check command lists every problem and shows no secret.
#[test]
fn check_lists_every_problem() {
    let folder = TempDir::new().unwrap();
    let file = "database = \"postgres://frontdesk:hush-database@127.0.0.1:1/frontdesk?sslpassword=hush-certificate\"\n\
                sealing_key = \"HUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUQ=\"\n\
                admin_password = \"hush-administrator\"\n\
                [tls]\ncertificate = \"tls.crt\"\nkey = \"tls.key\"\n\
                [outbound]\nca = \"ca.pem\"\n\
                [[provider]]\nissuer = \"https://login.example.com\"\n\
                [[provider]]\nissuer = \"https://login.example.com/b\"\n[provider.metadata]\nscopes_supported = \"openid\"\n";
    let (code, printed, said) = check(&Setup::default().file(file), folder.path());
    assert_eq!(
        (code, said.as_str()),
        (Some(1), "frontdesk: 5 problems found\n")
    );
    let wrong: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("wrong: "))
        .collect();
    assert_eq!(
        wrong,
        [
            "the provider https://login.example.com needs provider.metadata.authorization_endpoint (FRONTDESK_AUTHORIZATION_ENDPOINT) and \
             provider.metadata.token_endpoint (FRONTDESK_TOKEN_ENDPOINT)",
            "the provider https://login.example.com/b: provider.metadata.scopes_supported must be an array",
            "The file tls.crt does not exist.",
            "outbound.ca (FRONTDESK_OUTBOUND_CA) names ca.pem, which cannot be read: No such file or directory (os error 2)",
            "the store postgres://frontdesk:***@127.0.0.1:1/frontdesk?sslpassword=*** cannot be opened: connection to server at \"127.0.0.1\", \
             port 1 failed: Connection refused Is the server running on that host and accepting TCP/IP connections?",
        ]
    );
    for shown in [
        "admin_password = \"(hidden)\"\n",
        "sealing_key = \"(hidden)\"\n",
        "database = \"postgres://frontdesk:***@127.0.0.1:1/frontdesk?sslpassword=***\"\n",
        "\ndatabase: postgres://frontdesk:***@127.0.0.1:1/frontdesk?sslpassword=***\n",
    ] {
        assert!(printed.contains(shown), "{printed}");
    }
    assert!(!printed.to_lowercase().contains("hush"), "{printed}");
    for (name, value, sentence) in [
        (
            "FRONTDESK_LISTEN",
            "0.0.0.0:9443",
            "development mode listens on loopback only, and listen (FRONTDESK_LISTEN) is 0.0.0.0:9443; set provider.issuer (FRONTDESK_ISSUER) to serve others",
        ),
        (
            "FRONTDESK_MANAGEMENT_LISTEN",
            "9444",
            "management_listen (FRONTDESK_MANAGEMENT_LISTEN) must be an address and a port such as 0.0.0.0:9443, not \"9444\": invalid socket address",
        ),
        (
            "FRONTDESK_LOG",
            "loud",
            "log.level (FRONTDESK_LOG) must be error, warn, info, debug, trace, off or a filter such as info,store=debug, not \"loud\"",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let (code, printed, said) = check(&Setup::new().with(name, value), folder.path());
        assert_eq!(
            (code, said.as_str()),
            (Some(1), "frontdesk: 1 problem found\n")
        );
        assert!(
            printed.ends_with(&format!("\nwrong: {sentence}\n")),
            "{printed}"
        );
    }
}

/// Runs `check`, which must find nothing wrong, and returns its notes.
fn notes(setup: &Setup, folder: &Path) -> Vec<String> {
    let (code, printed, said) = check(setup, folder);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{printed}");
    printed
        .lines()
        .filter_map(|line| line.strip_prefix("note: "))
        .map(|note| note.replace(&format!("{}/", folder.display()), ""))
        .collect()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Secret files that group or others have access to are noted with the `chmod` that ends it, and nothing is called wrong.
#[test]
fn secret_files_with_open_modes_are_noted() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    assert!(
        Setup::new()
            .command(folder.path(), &["migrate"])
            .output()
            .unwrap()
            .status
            .success()
    );
    fs::copy(at("frontdesk-data/sealing.key"), at("it's.key")).unwrap();
    let named = Setup::new().with("FRONTDESK_SEALING_KEY_FILE", "it's.key");
    let generated = Setup::new();
    for (mode, open) in [
        (0o644, true),
        (0o640, true),
        (0o604, true),
        (0o600, false),
        (0o400, false),
    ] {
        set_mode(&at("it's.key"), mode);
        let note = format!(
            "sealing_key_file (FRONTDESK_SEALING_KEY_FILE) names it's.key; its mode {mode:04o} gives access to group or others: \
             chmod go-rwx 'it'\\''s.key'"
        );
        assert_eq!(
            notes(&named, folder.path()),
            if open { vec![note] } else { vec![] },
            "{mode:o}"
        );
    }
    set_mode(&at("frontdesk-data/sealing.key"), 0o644);
    let [note] = notes(&generated, folder.path()).try_into().unwrap();
    assert_eq!(
        note,
        "frontdesk-data/sealing.key is a private key; its mode 0644 gives access to group or others: chmod go-rwx frontdesk-data/sealing.key"
    );
    let command = note.split("others: ").nth(1).unwrap();
    assert!(
        Command::new("sh")
            .current_dir(folder.path())
            .args(["-c", command])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(
        notes(&generated, folder.path()),
        [""; 0],
        "the command in the note mends it"
    );
}

/// An authorization server that does not answer.
fn provisioned(setup: Setup, to: &str) -> Setup {
    setup
        .with("FRONTDESK_PROVISION_TO", to)
        .with("FRONTDESK_PROVISION_AT", "http://127.0.0.1:9")
}

/// Every setting for a secret file is looked at: those that end in `_file` or `key` name nothing else.
#[test]
fn every_secret_file_setting_is_checked() {
    let folder = TempDir::new().unwrap();
    let secret = |setting: &Setting| setting.kind == ValueKind::SecretFile;
    let path_of_secret =
        |setting: &Setting| setting.key.ends_with("_file") || setting.key == "tls.key";
    let settings: Vec<Setting> = settings::all().filter(path_of_secret).collect();
    assert!(
        settings.len() >= 2 && settings.iter().all(secret),
        "{settings:?}"
    );
    for setting in settings {
        let path = folder.path().join("secret");
        fs::write(&path, "correct horse battery").unwrap();
        set_mode(&path, 0o640);
        let certificate = if setting.key == "tls.key" {
            "tls.crt"
        } else {
            ""
        };
        let mode = if setting.key == "tls.key" {
            "files"
        } else {
            "off"
        };
        let setup = Setup::default()
            .with(setting.variable, "secret")
            .with("FRONTDESK_TLS_CERTIFICATE", certificate)
            .with("FRONTDESK_TLS", mode);
        let setup = match setting.key {
            "provider.provision.secret_file" => {
                provisioned(setup, "keycloak").with("FRONTDESK_PROVISION_REALM", "main")
            }
            "provider.provision.token_file" => provisioned(setup, "http"),
            _ => setup,
        };
        let (_, printed, _) = check(&setup, folder.path());
        let note = format!(
            "\nnote: {} ({}) names secret; its mode 0640 gives ",
            setting.key, setting.variable
        );
        assert!(printed.contains(&note), "{printed}");
    }
}

/// A configuration file is a secret file when a secret is written in it.
#[test]
fn config_file_with_secrets_is_checked() {
    let noted = |text: &str| {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("frontdesk.toml"), "").unwrap();
        set_mode(&folder.path().join("frontdesk.toml"), 0o644);
        let file = format!("{text}[[provider]]\nissuer = \"http://localhost:9443\"\n");
        let (_, printed, said) = check(&Setup::default().file(&file), folder.path());
        assert!(printed.contains("\n# In force\n"), "{said}");
        let note = printed.lines().find_map(|line| line.strip_prefix("note: "));
        note.map(|note| note.replace(&format!("{}/", folder.path().display()), ""))
    };
    let end = "is written in frontdesk.toml; its mode 0644 gives access to group or others: chmod go-rwx frontdesk.toml";
    for (text, name) in [
        (
            "admin_password = \"correct horse battery\"\n",
            "admin_password (FRONTDESK_ADMIN_PASSWORD)",
        ),
        (
            "sealing_key = \"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"\n",
            "sealing_key (FRONTDESK_SEALING_KEY)",
        ),
        (
            "database = \"postgres://frontdesk:hush@127.0.0.1:1/frontdesk\"\nsealing_key_file = \"none\"\n",
            "database (FRONTDESK_DATABASE)",
        ),
    ] {
        assert_eq!(noted(text), Some(format!("{name} {end}")), "{text}");
    }
    let without = "database = \"postgres://frontdesk@127.0.0.1:1/frontdesk\"\nsealing_key_file = \"none\"\nlog.level = \"warn\"\n";
    assert_eq!(noted(without), None);
}

/// RFC 7617: an account registers with its name and password.
#[test]
fn accounts_change_while_service_runs() {
    on_both(|server| {
        assert_eq!(registers(server, "alice", "first password"), 401);
        assert_eq!(
            gave(server, &["account", "add", "alice"], "first password\n"),
            "added alice, registrar\n"
        );
        assert_eq!(registers(server, "alice", "first password"), 201);
        assert_eq!(
            gave(
                server,
                &["account", "add", "bob", "--role", "administrator"],
                "second password\r\n"
            ),
            "added bob, administrator\n"
        );
        assert_eq!(registers(server, "bob", "second password"), 201);

        assert_eq!(
            gave(
                server,
                &["account", "password", "alice"],
                "changed: ümläut\nignored\n"
            ),
            "changed the password of alice\n"
        );
        assert_eq!(registers(server, "alice", "first password"), 401);
        assert_eq!(registers(server, "alice", "changed: ümläut"), 201);

        let listed = table(
            &gave(server, &["account", "list"], ""),
            &["NAME", "ROLE", "CREATED", "PROVIDER"],
        );
        let names: Vec<&[String]> = listed.iter().map(|row| &row[..2]).collect();
        assert_eq!(
            names,
            [
                ["admin", "administrator"],
                ["alice", "registrar"],
                ["bob", "administrator"]
            ]
        );
        assert!(
            listed
                .iter()
                .all(|row| row[2].len() == "2026-01-01T00:00:00Z".len() && row[2].ends_with('Z')),
            "{listed:?}"
        );

        assert_eq!(
            gave(server, &["account", "remove", "alice"], ""),
            "removed alice\n"
        );
        assert_eq!(registers(server, "alice", "changed: ümläut"), 401);
        assert_eq!(
            table(
                &gave(server, &["account", "list"], ""),
                &["NAME", "ROLE", "CREATED", "PROVIDER"]
            )
            .len(),
            2
        );
        let owners: Vec<Value> = clients(server)
            .into_iter()
            .map(|client| client["owner"].clone())
            .collect();
        assert_eq!(owners, ["alice", "bob", "alice"], "clients stay");
    });
}

/// An invalid account is refused, and nothing changes.
#[test]
fn invalid_account_is_refused() {
    let server = fixed().start();
    let name = "an account's name is 1 to 64 letters, digits, dots, underscores and hyphens, not";
    assert_eq!(
        refused(&server, &["account", "add", "admin"], "other\n"),
        "there is an account admin already"
    );
    assert_eq!(
        refused(&server, &["account", "add", "alice@acme"], "hush\n"),
        format!("{name} \"alice@acme\"")
    );
    assert_eq!(
        refused(&server, &["account", "add", ""], "hush\n"),
        format!("{name} \"\"")
    );
    let empty = "a password must not be empty; type it, or give it on standard input";
    assert_eq!(refused(&server, &["account", "add", "alice"], ""), empty);
    assert_eq!(
        refused(&server, &["account", "password", "admin"], "\n"),
        empty
    );
    for (password, characters) in [("x", 1), ("elevencharz", 11), ("ümläutümläu", 11)] {
        let short = format!(
            "a password must have at least 12 characters, not {characters}; type it, or give it on standard input"
        );
        for arguments in [
            ["account", "add", "alice"],
            ["account", "password", "admin"],
        ] {
            assert_eq!(
                refused(&server, &arguments, &format!("{password}\n")),
                short
            );
        }
    }
    assert_eq!(
        refused(&server, &["account", "password", "alice"], "hush\n"),
        "there is no account alice"
    );
    assert_eq!(
        refused(&server, &["account", "remove", "alice"], ""),
        "there is no account alice"
    );
    let role = fed(
        &server,
        &["account", "add", "alice", "--role", "root"],
        "hush\n",
    );
    assert_eq!(role.status.code(), Some(2));
    assert!(text(&role.stderr).contains(
        "invalid value 'root' for '--role <ROLE>': must be administrator or registrar\n"
    ));
    assert_eq!(
        table(
            &gave(&server, &["account", "list"], ""),
            &["NAME", "ROLE", "CREATED", "PROVIDER"]
        )
        .len(),
        1
    );
    assert_eq!(registers(&server, "admin", PASSWORD), 201);
    for password in ["twelve chars", "ümläutümläut"] {
        assert_eq!(
            gave(
                &server,
                &["account", "password", "admin"],
                &format!("{password}\n")
            ),
            "changed the password of admin\n"
        );
        assert_eq!(registers(&server, "admin", password), 201);
    }
}

/// Development mode is for trying things on one machine: any password will do.
#[test]
fn development_mode_takes_short_passwords() {
    let server = TestServer::start();
    assert_eq!(
        gave(&server, &["account", "add", "alice"], "x\n"),
        "added alice, registrar\n"
    );
    assert_eq!(registers(&server, "alice", "x"), 201);
    assert_eq!(
        gave(&server, &["account", "password", "alice"], "y\n"),
        "changed the password of alice\n"
    );
    assert_eq!(registers(&server, "alice", "y"), 201);
}

/// An administrator may name any owner; a registrar may name only itself.
#[test]
fn owner_depends_on_the_role() {
    let server = fixed().start();
    gave(&server, &["account", "add", "alice"], "hush of alice\n");
    let owning = |name: &str, password: &str, owner: &str| {
        let metadata = json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": format!("for-{owner}"), "ext_param_owner": owner });
        server
            .request("POST", "/identity/connect/register")
            .basic(name, password)
            .json(&metadata)
            .send()
    };
    assert_eq!(owning("alice", "hush of alice", "alice").status(), 201);
    owning("alice", "hush of alice", "bob").refused(403, "access_denied");
    assert_eq!(owning("admin", PASSWORD, "bob").status(), 201);
    let owners: Vec<Value> = clients(&server)
        .into_iter()
        .map(|client| client["owner"].clone())
        .collect();
    assert_eq!(owners, ["alice", "bob"]);
}

const TOKEN_HEADS: [&str; 7] = [
    "ID",
    "USES LEFT",
    "EXPIRES",
    "OWNER",
    "PROVIDER",
    "TERMS",
    "LABEL",
];

/// RFC 7591 §1.2 and §3: an initial access token is shown once, its uses are counted, and it can be
/// revoked.
#[test]
fn token_is_shown_counted_and_revoked() {
    on_both(|server| {
        let issue = |arguments: &[&str]| {
            let printed = gave(server, &[&["token", "issue"], arguments].concat(), "");
            let token = printed.trim_end().to_owned();
            assert!(
                token.starts_with("iat_")
                    && token.len() == "iat_".len() + 43
                    && printed == format!("{token}\n"),
                "{printed}"
            );
            token
        };
        let list = || table(&gave(server, &["token", "list"], ""), &TOKEN_HEADS);
        let of = |label: &str| {
            list()
                .into_iter()
                .find(|row| row[6] == format!("{label:?}"))
                .unwrap()
        };
        server.account("alice", "registrar");
        let twice = issue(&["--uses", "2", "--label", "twice", "--owner", "alice"]);
        let any = issue(&["--label", "any number", "--expires-in", "7d"]);
        let over = issue(&["--label", "over", "--expires-in", "1s"]);

        assert_eq!(
            of("twice")[1..],
            ["2", "never", "alice", "-", "-", "\"twice\""]
        );
        assert_eq!(with_token(server, &twice).status(), 201);
        assert_eq!(of("twice")[1], "1");
        assert_eq!(with_token(server, &twice).status(), 201);
        assert_eq!(of("twice")[1], "0");
        with_token(server, &twice).refused(401, "invalid_token");
        assert!(
            clients(server)
                .iter()
                .all(|client| client["owner"] == "alice")
        );

        assert_eq!(
            (of("any number")[1].as_str(), of("any number")[3].as_str()),
            ("any", "-")
        );
        assert!(of("any number")[2].ends_with('Z'));
        for _ in 0..3 {
            assert_eq!(with_token(server, &any).status(), 201);
        }
        until("the token has expired", || {
            gave(server, &["token", "list", "--json"], "").contains("\"expired\":true")
        });
        with_token(server, &over).refused(401, "invalid_token");

        let id = of("any number").swap_remove(0);
        assert_eq!(
            gave(server, &["token", "revoke", &id], ""),
            format!("revoked {id}\n")
        );
        with_token(server, &any).refused(401, "invalid_token");
        assert_eq!(list().len(), 2);
        let gone = format!("there is no token {id}; `frontdesk token list` shows the identifiers");
        assert_eq!(refused(server, &["token", "revoke", &id], ""), gone);
        assert_eq!(clients(server).len(), 5, "clients stay");

        let listed = gave(server, &["token", "list"], "");
        for token in [twice, any, over] {
            assert!(
                !listed.contains(&token) && !server.log().contains(&token),
                "{listed}{}",
                server.log()
            );
        }
    });
}

/// An invalid initial access token is refused.
#[test]
fn invalid_token_is_refused() {
    let server = fixed().start();
    assert_eq!(
        refused(&server, &["token", "issue", "--owner", "a b"], ""),
        "--owner must be the name of an account, not \"a b\""
    );
    let nobody = "--owner must be the name of an account, and there is no account alice";
    assert_eq!(
        refused(&server, &["token", "issue", "--owner", "alice"], ""),
        nobody
    );
    let elsewhere = "--provider must be the issuer of a provider that is configured (http://localhost:9443), not \"http://localhost:9443/\"";
    assert_eq!(
        refused(
            &server,
            &["token", "issue", "--provider", "http://localhost:9443/"],
            ""
        ),
        elsewhere
    );
    for (flag, value, reason) in [
        ("--uses", "0", "0 is not in 1..9223372036854775807"),
        ("--uses", "few", "invalid digit found in string"),
        (
            "--expires-in",
            "soon",
            "must be a duration such as 7d or 12h: expected number at 0",
        ),
        ("--expires-in", "0s", "must be at least 1s, not 0s"),
        (
            "--expires-in",
            "101years",
            "must be at most 100years, not 101years",
        ),
    ] {
        let output = fed(&server, &["token", "issue", flag, value], "");
        assert_eq!(
            (output.status.code(), text(&output.stdout).as_str()),
            (Some(2), "")
        );
        assert!(
            text(&output.stderr).contains(&format!("invalid value '{value}' for '{flag} ")),
            "{}",
            text(&output.stderr)
        );
        assert!(
            text(&output.stderr).contains(reason),
            "{}",
            text(&output.stderr)
        );
    }
    assert_eq!(
        table(&gave(&server, &["token", "list"], ""), &TOKEN_HEADS).len(),
        0
    );
}

/// Every client, as `client list --json` shows it.
fn clients(server: &TestServer) -> Vec<Value> {
    server
        .ran(&["client", "list", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// RFC 7592: an operator may list, show, reissue and delete clients without the requests of the
/// client itself.
#[test]
fn clients_are_listed_shown_and_deleted() {
    on_both(|server| {
        let client = server.client();
        let nameless =
            server.register(&json!({ "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none" })).created();
        let (id, secret) = (
            client["client_id"].as_str().unwrap(),
            client["client_secret"].as_str().unwrap(),
        );
        let token = client["registration_access_token"].as_str().unwrap();

        let rows = table(&gave(server, &["client", "list"], ""), &CLIENT_HEADS);
        let expected = |client: &Value, name: &str| {
            vec![
                client["client_id"].as_str().unwrap().to_owned(),
                name.to_owned(),
                "admin".to_owned(),
            ]
        };
        assert_eq!(
            rows.iter().map(|row| row[..3].to_vec()).collect::<Vec<_>>(),
            [expected(&client, "\"A client\""), expected(&nameless, "-")]
        );
        assert!(
            rows.iter().all(|row| row[4] == "http://localhost:9443"),
            "{rows:?}"
        );

        let show = |arguments: &[&str]| -> Value {
            serde_json::from_str(&gave(
                server,
                &[&["client", "show", id], arguments].concat(),
                "",
            ))
            .unwrap()
        };
        let mut shown = show(&[]);
        assert!(shown.as_object_mut().unwrap().remove("provisioned") == Some(Value::Null));
        assert_eq!(
            shown,
            json!({
                "client_id": id,
                "provider": "http://localhost:9443",
                "owner": "admin",
                "composed_name": null,
                "issued_at": shown["issued_at"],
                "expires_at": null,
                "expired": false,
                "has_client_secret": true,
                "client_secret": null,
                "client_secret_expires_at": null,
                "last_used_at": null,
                "revision": shown["revision"],
                "terms": null,
                "metadata": shown["metadata"],
                "metadata_consistent": true,
            })
        );
        assert_eq!(shown["metadata"]["client_name"], "A client");
        assert_eq!(clients(server), [shown.clone(), clients(server)[1].clone()]);
        assert_eq!(clients(server)[1]["client_secret"], Value::Null);
        assert_eq!(show(&["--with-secret"])["client_secret"], secret);
        for command in [
            &["client", "show", id][..],
            &["client", "list"],
            &["client", "list", "--json"],
        ] {
            let printed = server.ran(command);
            assert!(
                !printed.contains(secret) && !printed.contains(token),
                "{printed}"
            );
        }

        let reissued = gave(server, &["client", "reissue", id], "")
            .trim_end()
            .to_owned();
        assert!(
            reissued.starts_with("rat_") && reissued != token,
            "{reissued}"
        );
        server
            .manage("GET", &client)
            .send()
            .refused(401, "invalid_token");
        let mut renewed = client.clone();
        renewed["registration_access_token"] = reissued.into();
        assert_eq!(server.manage("GET", &renewed).send().ok(), renewed);

        assert_eq!(
            gave(server, &["client", "delete", id], ""),
            format!("deleted {id}\n")
        );
        server
            .manage("GET", &renewed)
            .send()
            .refused(401, "invalid_token");
        assert_eq!(clients(server).len(), 1);
        for command in ["show", "delete", "reissue"] {
            assert_eq!(
                refused(server, &["client", command, id], ""),
                format!("there is no client {id}")
            );
        }
    });
}

const CLIENT_HEADS: [&str; 5] = ["CLIENT ID", "NAME", "OWNER", "ISSUED", "PROVIDER"];

/// A damaged client is reported by name, can be deleted, and hides no other client.
#[test]
fn damaged_client_is_named_and_deleted() {
    let database = Postgres::new();
    let server = fixed().on(&database).start();
    let clients: Vec<String> = (0..4)
        .map(|_| server.client()["client_id"].as_str().unwrap().to_owned())
        .collect();
    database.execute(&format!(
        "UPDATE client SET secret_sealed = 'AQ' WHERE client_id IN ('{}', '{}')",
        clients[1], clients[3]
    ));
    let damage = |id: &str| {
        format!(
            "frontdesk: the store is damaged: client.secret_sealed of \"{id}\" cannot be read\n"
        )
    };

    let output = fed(&server, &["client", "list"], "");
    assert_eq!(output.status.code(), Some(1));
    let ids: Vec<String> = table(&text(&output.stdout), &CLIENT_HEADS)
        .into_iter()
        .map(|mut row| row.swap_remove(0))
        .collect();
    assert_eq!(ids, [clients[0].clone(), clients[2].clone()]);
    let said = format!(
        "{}{}frontdesk: 2 clients are damaged and were not listed\n",
        damage(&clients[1]),
        damage(&clients[3])
    );
    assert_eq!(text(&output.stderr), said);

    assert_eq!(
        format!(
            "frontdesk: {}\n",
            refused(&server, &["client", "show", &clients[1]], "")
        ),
        damage(&clients[1])
    );
    assert_eq!(
        gave(&server, &["client", "delete", &clients[1]], ""),
        format!("deleted {}\n", clients[1])
    );
    let output = fed(&server, &["client", "list", "--json"], "");
    assert_eq!(
        (output.status.code(), text(&output.stdout).lines().count()),
        (Some(1), 2)
    );
    assert_eq!(
        text(&output.stderr),
        format!(
            "{}frontdesk: one client is damaged and was not listed\n",
            damage(&clients[3])
        )
    );
    assert_eq!(
        gave(&server, &["client", "delete", &clients[3]], ""),
        format!("deleted {}\n", clients[3])
    );
    assert_eq!(
        table(&gave(&server, &["client", "list"], ""), &CLIENT_HEADS).len(),
        2
    );
}

#[test]
fn a_long_list_has_its_heads_once() {
    let database = Postgres::new();
    let server = fixed().on(&database).start();
    server.client();
    database.execute(
        "INSERT INTO client (client_id, provider, metadata, token_digest, issued_at, revision) \
         SELECT client_id || '-' || number, provider, metadata, token_digest, issued_at, revision FROM client, generate_series(1, 1100) AS number",
    );
    let rows = table(&gave(&server, &["client", "list"], ""), &CLIENT_HEADS);
    assert_eq!(rows.len(), 1101);
    assert!(
        rows.iter()
            .all(|row| row[1] == "\"A client\"" && row[4] == "http://localhost:9443"),
        "{rows:?}"
    );
    let mut ids: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 1101);
}

const KEY_HEADS: [&str; 5] = ["KID", "ALGORITHM", "STATE", "SIGNS FROM", "SIGNS UNTIL"];

fn keys(printed: &str, issuer: &str) -> Vec<Vec<String>> {
    let (heading, rows) = printed.split_once('\n').unwrap();
    assert_eq!(heading, issuer);
    table(rows, &KEY_HEADS)
}

fn states(keys: &[Vec<String>]) -> Vec<[&str; 2]> {
    keys.iter()
        .map(|key| [key[1].as_str(), key[2].as_str()])
        .collect()
}

fn published(server: &TestServer) -> Vec<String> {
    let jwks = server.get("/jwks").json();
    jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// OIDC Core §10.1.1: a successor is published before it signs, and its predecessor stays published.
#[test]
fn rotated_keys_are_published_by_the_running_service() {
    on_both(|server| {
        let issuer = "http://localhost:9443";
        let before = keys(&gave(server, &["key", "list"], ""), issuer);
        assert_eq!(
            states(&before),
            [["RS256", "signing"], ["ES256", "signing"]]
        );
        let kids = |keys: &[Vec<String>]| keys.iter().map(|key| key[0].clone()).collect::<Vec<_>>();
        assert_eq!(published(server), kids(&before));

        let after = keys(&gave(server, &["key", "rotate"], ""), issuer);
        assert_eq!(
            states(&after),
            [
                ["RS256", "signing"],
                ["ES256", "signing"],
                ["RS256", "next"],
                ["ES256", "next"]
            ]
        );
        assert_eq!(kids(&after)[..2], kids(&before));
        assert_eq!(
            after[0][4], after[2][3],
            "the successor signs from the moment its predecessor stops"
        );
        until("the running service publishes the successors", || {
            published(server) == kids(&after)
        });

        let again = refused(server, &["key", "rotate"], "");
        let (beginning, end) = again.split_once(" begin to sign in ").unwrap();
        assert_eq!(
            beginning,
            format!("the keys of {issuer} were not rotated: the keys of the last rotation")
        );
        let (seconds, rest) = end.split_once(' ').unwrap();
        assert_eq!(rest, "seconds; rotate again after that");
        assert!(
            (3500..=3600).contains(&seconds.parse::<u32>().unwrap()),
            "{again}"
        );
        assert_eq!(keys(&gave(server, &["key", "list"], ""), issuer), after);
    });
}

/// The keys of development mode are those of the served port.
#[test]
fn development_keys_belong_to_the_port() {
    let server = Setup::new().start();
    let unknown = "listen (FRONTDESK_LISTEN) is localhost:0, so the issuer is not known here; name the port that is served";
    assert_eq!(refused(&server, &["key", "list"], ""), unknown);
    assert_eq!(refused(&server, &["key", "rotate"], ""), unknown);
    let flag = format!("--listen=localhost:{}", server.port);
    let listed = keys(
        &gave(&server, &["key", "list", &flag], ""),
        &server.issuer(),
    );
    assert_eq!(
        listed
            .into_iter()
            .map(|key| key[0].clone())
            .collect::<Vec<_>>(),
        published(&server)
    );
}

#[test]
fn every_provider_has_keys_of_its_own() {
    let folder = TempDir::new().unwrap();
    let setup =
        Setup::new().file("[[provider]]\nissuer = \"http://localhost:9443\"\n[[provider]]\nissuer = \"http://localhost:9443/t/acme\"\n");
    let run = |arguments: &[&str]| setup.command(folder.path(), arguments).output().unwrap();
    assert!(run(&["migrate"]).status.success());
    let output = run(&["key", "rotate"]);
    let printed = text(&output.stdout);
    let (first, second) = printed
        .split_once("http://localhost:9443/t/acme\n")
        .unwrap();
    let (first, second) = (
        keys(first, "http://localhost:9443"),
        table(second, &KEY_HEADS),
    );
    assert_eq!((first.len(), second.len()), (2, 2));
    assert!(
        first
            .iter()
            .all(|key| second.iter().all(|other| other[0] != key[0])),
        "{printed}"
    );
}

fn secure() -> TestServer {
    Setup::new().with("FRONTDESK_TLS", "self-signed").start()
}

/// Runs `frontdesk try` against a running server.
fn attempt(server: &TestServer, arguments: &[&str]) -> Output {
    let resource = format!("acct:alice@localhost:{}", server.port);
    let ca = server.folder.path().join("frontdesk-data/ca.pem");
    server.run(&[&["try", &resource, "--ca", ca.to_str().unwrap()], arguments].concat())
}

/// The four steps succeed at the running service.
#[test]
fn try_succeeds_at_the_running_service() {
    let server = secure();
    let steps = |output: &Output| -> Vec<String> {
        let printed = text(&output.stdout);
        printed
            .lines()
            .filter_map(|line| Some(line.split_once(". ")?.1.split_once(" (")?.0.to_owned()))
            .collect()
    };
    let discovery = [
        "WebFinger: ok",
        "discovery: ok",
        "JWK Set: ok",
        "authorization endpoint: absent", // a placeholder, in development mode
    ];
    let output = attempt(&server, &[]);
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (Some(0), ""),
        "{}",
        text(&output.stdout)
    );
    assert_eq!(steps(&output), discovery);

    let token = server.ran(&["token", "issue"]).trim_end().to_owned();
    let account = format!("admin:{PASSWORD}");
    for credentials in [["--token", &token], ["--account", &account]] {
        let output = attempt(&server, &["--register", credentials[0], credentials[1]]);
        let printed = text(&output.stdout);
        assert_eq!(
            (output.status.code(), text(&output.stderr).as_str()),
            (Some(0), ""),
            "{printed}"
        );
        assert_eq!(
            steps(&output),
            [
                &discovery[..],
                &[
                    "registration: ok",
                    "read: ok",
                    "update: ok",
                    "delete: ok",
                    "read after delete: ok"
                ]
            ]
            .concat()
        );
        assert!(
            !printed.contains(&token) && !printed.contains(PASSWORD),
            "{printed}"
        );
        assert_eq!(printed.matches("note:").count(), 1, "{printed}");
        assert!(
            printed.contains("note: no user can log in at this provider: "),
            "{printed}"
        );
    }
    assert_eq!(clients(&server), Vec::<Value>::new());
}

/// Each step is printed as one JSON object for programs.
#[test]
fn try_prints_each_step_as_json() {
    let server = secure();
    let output = attempt(
        &server,
        &[
            "--json",
            "--register",
            "--account",
            &format!("admin:{PASSWORD}"),
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let seen: Vec<(&Value, &Value, &Value)> = lines
        .iter()
        .map(|line| (&line["step"], &line["outcome"], &line["status"]))
        .collect();
    let ok = |step: &str, status: u16| (json!(step), json!("ok"), json!(status));
    let expected = [
        ok("WebFinger", 200),
        ok("discovery", 200),
        ok("JWK Set", 200),
        (json!("authorization endpoint"), json!("absent"), json!(501)),
        ok("registration", 201),
        ok("read", 200),
        ok("update", 200),
        ok("delete", 204),
        ok("read after delete", 401),
        (Value::Null, Value::Null, Value::Null),
    ];
    assert_eq!(
        seen,
        expected
            .iter()
            .map(|(step, outcome, status)| (step, outcome, status))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        (&lines[9]["summary"], &lines[9]["steps"]),
        (&json!("ok"), &json!(9))
    );
}

#[test]
fn try_ends_at_the_first_broken_step() {
    let server = secure();
    let broken = |arguments: &[&str]| {
        let output = attempt(&server, arguments);
        assert_eq!(output.status.code(), Some(1));
        (sentence(&output), text(&output.stdout))
    };
    let (said, printed) = broken(&["--register"]);
    assert!(said.starts_with("registration failed: "), "{said}");
    assert!(printed.contains("5. registration: FAILED"), "{printed}");
    let (said, printed) = broken(&["--register", "--account", "admin:wrong password", "--json"]);
    assert!(said.starts_with("registration failed: "), "{said}");
    let last: Value = serde_json::from_str(printed.lines().last().unwrap()).unwrap();
    assert_eq!(
        (&last["summary"], &last["step"], &last["error"]),
        (&json!("failed"), &json!("registration"), &json!(said))
    );
    assert_eq!(
        broken(&["--register", "--account", "admin"]).0,
        "--account must be NAME:PASSWORD"
    );

    let untrusted = server.run(&["try", &format!("acct:alice@localhost:{}", server.port)]);
    assert_eq!(untrusted.status.code(), Some(1));
    assert!(
        sentence(&untrusted).starts_with("WebFinger failed: "),
        "{}",
        sentence(&untrusted)
    );
    let nonsense = server.run(&["try", "acct:@"]);
    assert_eq!(nonsense.status.code(), Some(1));
    assert!(
        sentence(&nonsense).starts_with("reading the resource failed: "),
        "{}",
        sentence(&nonsense)
    );
    assert_eq!(clients(&server), Vec::<Value>::new());
}

#[test]
fn help_and_version_are_printed_without_configuration() {
    let run = |arguments: &[&str]| {
        let output = support::frontdesk()
            .args(arguments)
            .env("FRONTDESK_ISSUER", "nonsense")
            .output()
            .unwrap();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    assert_eq!(
        run(&["--version"]),
        (
            Some(0),
            format!("frontdesk {}\n", env!("CARGO_PKG_VERSION")),
            String::new()
        )
    );
    let (code, help, _) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for command in [
        "serve", "migrate", "check", "health", "account", "token", "client", "key", "try",
    ] {
        assert!(
            help.lines()
                .any(|line| line.trim_start().starts_with(&format!("{command} "))),
            "{help}"
        );
    }
    let (code, all, said) = run(&["help", "settings"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    for setting in settings::all() {
        let secret = setting.kind == ValueKind::Secret;
        assert!(!help.contains(&format!("--{} ", setting.flag())), "{help}");
        assert_eq!(
            all.contains(&format!("--{} <VALUE>", setting.flag())),
            !secret,
            "{}",
            setting.key
        );
    }
    assert_eq!(run(&[]).0, Some(2));
    let (code, printed, said) = run(&["serv"]);
    assert_eq!((code, printed.as_str()), (Some(2), ""));
    assert!(
        said.contains("unrecognized subcommand 'serv'") && said.contains("'serve'"),
        "{said}"
    );
}

/// Returns the steps of the start-up message in order, each as the lines of a script.
fn pasted(printed: &str) -> Vec<String> {
    let steps = printed.split("\n\n");
    steps
        .filter(|step| step.starts_with("  # "))
        .map(|step| step.replace("\n  ", "\n").trim_start().to_owned())
        .collect()
}

/// The start-up message has the four steps of README.md, with its own port and password.
#[test]
fn startup_commands_are_those_of_the_readme() {
    let folder = Arc::new(TempDir::new().unwrap());
    let server = Setup::default().within(&folder).start();
    until("the message is printed", || {
        server.printed().contains("it is shown this once.")
    });
    let printed = server.printed();
    let (_, rest) = printed.split_once("'admin:").unwrap();
    let (password, _) = rest.split_once('\'').unwrap();
    let steps = pasted(
        &printed
            .replace(password, "PASSWORD")
            .replace(&server.issuer(), "https://localhost:9443")
            .replace(
                &format!("alice@localhost:{}", server.port),
                "alice@localhost:9443",
            ),
    );
    assert_eq!(steps.len(), 4, "{printed}");
    let readme =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    assert!(
        readme.contains(&format!("```sh\n{}\n```\n", steps.join("\n\n"))),
        "{}",
        steps.join("\n\n")
    );
}

/// The four commands of the startup message work when they are pasted into a shell.
#[test]
fn startup_commands_work_when_pasted() {
    let folder = Arc::new(TempDir::new().unwrap());
    let setup = Setup::default()
        .with("FRONTDESK_DATA", "my data's")
        .within(&folder);
    let server = setup.clone().start();
    until("the message is printed", || {
        server.printed().contains("it is shown this once.")
    });
    let printed = server.printed();
    let issuer = server.issuer();
    assert!(
        printed.starts_with(&format!(
            "\nFrontdesk is at {issuer}, for this machine only."
        )),
        "{printed}"
    );
    let answers: Vec<Vec<Value>> = pasted(&printed)
        .iter()
        .map(|command| {
            let output = Command::new("sh")
                .args(["-c", command])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert_eq!(
                (output.status.code(), text(&output.stderr).as_str()),
                (Some(0), ""),
                "{command}"
            );
            let told = |error| panic!("{command}: {error}: {}", text(&output.stdout));
            serde_json::Deserializer::from_slice(&output.stdout)
                .into_iter()
                .collect::<Result<_, _>>()
                .unwrap_or_else(told)
        })
        .collect();
    assert_eq!(answers.len(), 4, "{printed}");
    assert_eq!(
        answers[0][0]["links"],
        json!([{ "rel": "http://openid.net/specs/connect/1.0/issuer", "href": issuer }])
    );
    assert_eq!(
        answers[1][0]["registration_endpoint"],
        format!("{issuer}/register")
    );
    assert_eq!(answers[2][0]["client_name"], "My client");
    assert_eq!(answers[3].len(), 3, "{:?}", answers[3]);
    assert_eq!(
        answers[3][0], answers[2][0],
        "the client as it was registered"
    );
    assert_eq!(answers[3][1]["client_name"], "Another name");
    assert_eq!(answers[3][2], 204);
    assert!(server.clients().is_empty());
}

/// The first password is shown once, and only its hash is stored.
#[test]
fn first_password_is_shown_once() {
    let folder = Arc::new(TempDir::new().unwrap());
    let setup = Setup::default()
        .with("FRONTDESK_TLS", "off")
        .within(&folder);
    let server = setup.clone().start();
    until("the message is printed", || {
        server.printed().contains("it is shown this once.")
    });
    let printed = server.printed();
    let (_, rest) = printed
        .split_once("The account is admin, its password ")
        .unwrap();
    let password = rest.split(';').next().unwrap().to_owned();
    assert_eq!(password.len(), 24);
    assert_eq!(registers(&server, "admin", &password), 201);
    assert!(!server.log().contains(&password), "{}", server.log());
    let hidden = |bytes: &[u8]| {
        !bytes
            .windows(password.len())
            .any(|window| window == password.as_bytes())
    };
    for entry in fs::read_dir(folder.path().join("frontdesk-data")).unwrap() {
        let path = entry.unwrap().path();
        assert!(hidden(&fs::read(&path).unwrap()), "{}", path.display());
    }
    drop(server);
    let again = setup.start();
    let told = "The account admin has the password that was shown when it was made; `frontdesk account password admin` sets another.";
    until("the message is printed", || again.printed().contains(told));
    assert!(
        !again.printed().contains(&password) && !again.printed().contains("shown this once"),
        "{}",
        again.printed()
    );
    assert_eq!(registers(&again, "admin", &password), 201);
}

/// A configured password is neither printed nor logged.
#[test]
fn configured_password_is_not_printed() {
    let server = Setup::new().start();
    let told = "The account is admin, with the password it was made with; curl asks for it.";
    until("the message is printed", || server.printed().contains(told));
    assert!(
        server.printed().contains(" --user admin -H "),
        "{}",
        server.printed()
    );
    assert!(!server.printed().contains(PASSWORD) && !server.log().contains(PASSWORD));
    assert_eq!(registers(&server, "admin", PASSWORD), 201);
}

/// The service starts although its standard output is closed.
#[test]
fn service_starts_with_closed_output() {
    let folder = TempDir::new().unwrap();
    let setup = Setup::new()
        .with("FRONTDESK_LISTEN", "localhost:0")
        .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = setup
        .command(folder.path(), &["serve"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = std::io::BufReader::new(child.stderr.take().unwrap());
    let port = std::io::BufRead::lines(log)
        .map_while(Result::ok)
        .find_map(|line| {
            let (_, rest) = line.split_once("serving listen=\"127.0.0.1:")?;
            rest.split(['"', ' ']).next()?.parse::<u16>().ok()
        });
    // The log's reader is gone as well by now.
    let answer = port.map(|port| {
        support::Ask::new("GET", &format!("http://127.0.0.1:{port}/jwks"))
            .send()
            .status()
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(answer, Some(200));
}

/// A command whose output pipe is closed ends without a message.
#[test]
fn command_ends_quietly_on_closed_pipe() {
    let server = fixed().start();
    server.client();
    for arguments in [
        &["client", "list"][..],
        &["client", "list", "--json"],
        &["account", "list"],
        &["key", "list"],
        &["check"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = server
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(
            (output.status.code(), text(&output.stderr).as_str()),
            (Some(141), ""),
            "{arguments:?}"
        );
    }
}

/// The management listener serves health and metrics to the operator, at an address of its own.
#[test]
fn management_listener_serves_health() {
    let server = Setup::new().start();
    let shown = |path: &str| {
        let answer = server.managed(path);
        (
            answer.status(),
            answer.header("content-type").unwrap().to_owned(),
            answer.text,
        )
    };
    assert_eq!(
        shown("/healthz"),
        (200, "text/plain".to_owned(), "ok\n".to_owned())
    );
    assert_eq!(
        shown("/readyz"),
        (200, "text/plain".to_owned(), "ready\n".to_owned())
    );
    server.client();
    assert_eq!(server.get("/register/a-stranger-chose-this").status(), 401);
    assert_eq!(server.get("/a-stranger-chose-this").status(), 404);
    let (status, content_type, counted) = shown("/metrics");
    assert_eq!(
        (status, content_type.as_str()),
        (200, "text/plain; version=0.0.4")
    );
    for line in [
        "# TYPE frontdesk_requests_total counter",
        "frontdesk_requests_total{method=\"POST\",route=\"/register\",status=\"201\"} 1",
        "frontdesk_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
    ] {
        assert!(counted.lines().any(|counted| counted == line), "{counted}");
    }
    assert!(!counted.contains("stranger"), "{counted}");
    for path in ["/healthz", "/readyz", "/metrics"] {
        server.get(path).refused(404, "not_found");
    }
    for path in ["/register", "/jwks", "/.well-known/openid-configuration"] {
        assert_eq!(server.managed(path).status(), 404, "{path}");
    }
}
