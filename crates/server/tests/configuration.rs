//! The configuration, with and without mistakes: every mistake is one sentence that names the setting, the file or the value,
//! and a start that is refused has created nothing.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use server::setting::{Setting, ValueKind};
use server::settings;
use support::{Postgres, Setup, until};
use tempfile::TempDir;
use toml::Table;

/// 32 bytes.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Another 32.
const OTHER_KEY: &str = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A provider others can reach, without anything else.
const PROVIDER: &str = "[[provider]]\nissuer = \"https://login.example.com\"\n";

/// The two endpoints without a default.
const ENDPOINTS: &str = "[provider.metadata]\nauthorization_endpoint = \"https://login.example.com/authorize\"\ntoken_endpoint = \"https://login.example.com/token\"\n";

/// Nothing but free ports.
fn bare() -> Setup {
    Setup::default()
        .with("FRONTDESK_LISTEN", "127.0.0.1:0")
        .with("FRONTDESK_MANAGEMENT_LISTEN", "127.0.0.1:0")
}

fn set(name: &str, value: &str) -> Setup {
    bare().with(name, value)
}

fn file(text: &str) -> Setup {
    bare().file(text)
}

/// A provider others can reach, from the environment.
fn public() -> Setup {
    set("FRONTDESK_ISSUER", "https://login.example.com")
        .with(
            "FRONTDESK_AUTHORIZATION_ENDPOINT",
            "https://login.example.com/authorize",
        )
        .with(
            "FRONTDESK_TOKEN_ENDPOINT",
            "https://login.example.com/token",
        )
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Each start is refused with its sentence, and makes nothing.
#[track_caller]
fn refuse(cases: &[(Setup, &str)]) {
    for (setup, sentence) in cases {
        let folder = TempDir::new().unwrap();
        assert_eq!(setup.refused(folder.path(), &["serve"]), *sentence);
        assert!(
            names(folder.path())
                .iter()
                .all(|name| name == "frontdesk.toml"),
            "{sentence}: {:?}",
            names(folder.path())
        );
    }
}

/// OIDC Discovery §3, RFC 8414 §2: an issuer is required outside development mode, and is an https
/// URL without query and fragment.
#[test]
fn issuer_is_required_and_valid() {
    let wrong = |issuer: &str, reason: &str| {
        let sentence =
            format!("provider.issuer (FRONTDESK_ISSUER): the issuer {issuer:?} {reason}");
        refuse(&[
            (set("FRONTDESK_ISSUER", issuer), &sentence),
            (
                file(&format!("[[provider]]\nissuer = {issuer:?}\n")),
                &sentence,
            ),
        ]);
    };
    let none =
        "there is no issuer: set provider.issuer (FRONTDESK_ISSUER), the https URL of the provider";
    refuse(&[
        (file(""), none),
        (file("listen = \"127.0.0.1:0\"\n"), none),
        (file("[[provider]]\ndomains = [\"example.com\"]\n"), none),
    ]);
    wrong(
        "http://login.example.com",
        "must be https, except on loopback",
    );
    wrong(
        "https://login.example.com?tenant=a",
        "must not have a query",
    );
    wrong("https://login.example.com#", "must not have a fragment");
    wrong(
        "https://login.example.com/ ",
        "must be a URL of plain ASCII characters",
    );
    wrong("https://login.example.com:port", "must be an absolute URL");
    wrong(
        "https://Login.example.com",
        "must spell its host in lower case and in its canonical form",
    );
    wrong(
        "https://admin@login.example.com",
        "must not have user information",
    );
    wrong("https://login.example.com/a/../b", "must have a plain path");
    wrong("login.example.com", "must be an absolute URL");
    wrong("ftp://login.example.com", "must be an https URL");
    wrong(
        &format!("https://login.example.com/{}", "a".repeat(1000)),
        "is too long for the addresses that are derived from it",
    );
}

/// A mistyped database URL is not quoted in the error and creates no file.
#[test]
fn mistyped_database_makes_no_file() {
    let scheme = "database (FRONTDESK_DATABASE): a database URL begins with sqlite://, sqlite:, postgres:// or postgresql://";
    let path =
        "database (FRONTDESK_DATABASE): a sqlite:// URL is the path of a file, without options";
    refuse(&[
        (
            set(
                "FRONTDESK_DATABASE",
                "postgre://frontdesk:hush@db/frontdesk",
            ),
            scheme,
        ),
        (set("FRONTDESK_DATABASE", "sqlite//x"), scheme),
        (set("FRONTDESK_DATABASE", "frontdesk.db"), scheme),
        (set("FRONTDESK_DATABASE", " "), scheme),
        (
            file(&format!("database = \"\"\n{PROVIDER}{ENDPOINTS}")),
            scheme,
        ),
        (bare().flag("--database", ""), scheme),
        (set("FRONTDESK_DATABASE", "sqlite://"), path),
        (set("FRONTDESK_DATABASE", "sqlite::memory:"), path),
        (
            set("FRONTDESK_DATABASE", "sqlite://frontdesk.db?mode=ro"),
            path,
        ),
    ]);
}

/// The error for a database that cannot be opened names it without its password.
#[test]
fn database_error_hides_the_password() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let database = Postgres::new();
    let (server, _) = database.url.rsplit_once('/').unwrap();
    let folder = TempDir::new().unwrap();
    let sentence = |url: &str| {
        set("FRONTDESK_DATABASE", url)
            .with("FRONTDESK_SEALING_KEY", KEY)
            .refused(folder.path(), &["serve"])
    };
    assert_eq!(
        sentence(&format!(
            "postgres://frontdesk:hush@127.0.0.1:{port}/frontdesk"
        )),
        format!(
            "the store postgres://frontdesk:***@127.0.0.1:{port}/frontdesk cannot be opened: connection to server at \"127.0.0.1\", port {port} \
             failed: Connection refused Is the server running on that host and accepting TCP/IP connections?"
        )
    );
    let missing = format!("{server}/frontdesk_missing");
    let said = sentence(&missing);
    assert!(
        said.starts_with(&format!("the store {missing} cannot be opened: ")),
        "{said}"
    );
    assert!(
        said.ends_with("FATAL: database \"frontdesk_missing\" does not exist"),
        "{said}"
    );
    assert_eq!(
        sentence("sqlite://none/frontdesk.db"),
        "the store sqlite://none/frontdesk.db cannot be opened: the folder none does not exist"
    );
    fs::create_dir(folder.path().join("folder")).unwrap();
    assert_eq!(
        sentence("sqlite://folder"),
        "the store sqlite://folder cannot be opened: unable to open database file"
    );
    fs::write(
        folder.path().join("text.db"),
        "This is not a database, however long it may be.".repeat(100),
    )
    .unwrap();
    assert_eq!(
        sentence("sqlite://text.db"),
        "the store sqlite://text.db cannot be opened: file is not a database"
    );
}

/// An invalid sealing key is refused, and the error does not quote it.
#[test]
fn invalid_sealing_key_is_not_quoted() {
    let shape = "the sealing key must be 32 bytes in base64, and this is";
    let named = "sealing_key_file (FRONTDESK_SEALING_KEY_FILE)";
    let postgres = || set("FRONTDESK_DATABASE", "postgres://127.0.0.1:1/frontdesk");
    refuse(&[
        (
            postgres(),
            "sealing_key_file (FRONTDESK_SEALING_KEY_FILE) must be set with PostgreSQL, because replicas share it: 32 random bytes in base64, \
             such as `openssl rand -base64 32` makes",
        ),
        (
            postgres().with("FRONTDESK_SEALING_KEY_FILE", "sealing.key"),
            &format!(
                "{named} names sealing.key, which cannot be read: No such file or directory (os error 2)"
            ),
        ),
        (
            set("FRONTDESK_SEALING_KEY_FILE", "/"),
            &format!("{named} names /, which cannot be read: Is a directory (os error 21)"),
        ),
        (
            set("FRONTDESK_SEALING_KEY", "correct horse"),
            &format!("sealing_key (FRONTDESK_SEALING_KEY): {shape} not base64"),
        ),
        (
            set("FRONTDESK_SEALING_KEY", "AAECAw=="),
            &format!("sealing_key (FRONTDESK_SEALING_KEY): {shape} 4 bytes"),
        ),
        (
            set("FRONTDESK_SEALING_KEY", KEY).with("FRONTDESK_SEALING_KEY_FILE", "sealing.key"),
            "sealing_key (FRONTDESK_SEALING_KEY) and sealing_key_file (FRONTDESK_SEALING_KEY_FILE) are both set; set one of them",
        ),
    ]);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("short.key"), "AAECAw==\n").unwrap();
    let short = set("FRONTDESK_SEALING_KEY_FILE", "short.key").refused(folder.path(), &["serve"]);
    assert_eq!(short, format!("{named} is short.key: {shape} 4 bytes"));
    fs::write(folder.path().join("binary.key"), [0xff; 32]).unwrap();
    let binary = set("FRONTDESK_SEALING_KEY_FILE", "binary.key").refused(folder.path(), &["serve"]);
    assert_eq!(
        binary,
        format!(
            "{named} names binary.key, which cannot be read: stream did not contain valid UTF-8"
        )
    );
}

#[test]
fn a_key_that_cannot_open_the_store_stops_the_start() {
    let folder = TempDir::new().unwrap();
    assert!(
        bare()
            .command(folder.path(), &["migrate"])
            .output()
            .unwrap()
            .status
            .success()
    );
    let wrong = "the sealing key is not the one this store was sealed with, sqlite://frontdesk-data/frontdesk.db";
    let given = set("FRONTDESK_SEALING_KEY", OTHER_KEY);
    assert_eq!(
        given.refused(folder.path(), &["serve"]),
        format!("sealing_key (FRONTDESK_SEALING_KEY): {wrong}")
    );
    assert_eq!(
        given.refused(folder.path(), &["migrate"]),
        format!("sealing_key (FRONTDESK_SEALING_KEY): {wrong}")
    );
    assert_eq!(
        given.refused(folder.path(), &["client", "list"]),
        format!("sealing_key (FRONTDESK_SEALING_KEY): {wrong}")
    );
    fs::write(folder.path().join("other.key"), OTHER_KEY).unwrap();
    let named = set("FRONTDESK_SEALING_KEY_FILE", "other.key").refused(folder.path(), &["serve"]);
    assert_eq!(
        named,
        format!("sealing_key_file (FRONTDESK_SEALING_KEY_FILE) is other.key: {wrong}")
    );
    fs::remove_file(folder.path().join("frontdesk-data/sealing.key")).unwrap();
    assert_eq!(
        bare().refused(folder.path(), &["serve"]),
        format!("frontdesk-data/sealing.key: {wrong}")
    );
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let database = Postgres::new();
    let folder = TempDir::new().unwrap();
    let setup = bare().on(&database);
    assert!(
        setup
            .command(folder.path(), &["migrate"])
            .output()
            .unwrap()
            .status
            .success()
    );
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')");
    for command in [&["serve"][..], &["migrate"], &["account", "list"]] {
        assert_eq!(
            setup.refused(folder.path(), command),
            format!(
                "{}: the schema of the store is newer than this program: it has the migration 9999, which this program does not know",
                database.url
            )
        );
    }
}

#[test]
fn certificates_that_cannot_be_used_are_named() {
    let needs = "tls.mode (FRONTDESK_TLS) is files, which needs tls.certificate (FRONTDESK_TLS_CERTIFICATE) and tls.key (FRONTDESK_TLS_KEY)";
    let unused = |mode: &str| {
        format!(
            "tls.mode (FRONTDESK_TLS) is {mode}, which uses neither tls.certificate (FRONTDESK_TLS_CERTIFICATE) nor tls.key (FRONTDESK_TLS_KEY); \
             leave them out"
        )
    };
    let files = |certificate: &str, key: &str| {
        set("FRONTDESK_TLS_CERTIFICATE", certificate).with("FRONTDESK_TLS_KEY", key)
    };
    refuse(&[
        (set("FRONTDESK_TLS", "files"), needs),
        (set("FRONTDESK_TLS_CERTIFICATE", "tls.crt"), needs),
        (
            set("FRONTDESK_TLS", "files").with("FRONTDESK_TLS_KEY", "tls.key"),
            needs,
        ),
        (
            files("tls.crt", "tls.key").with("FRONTDESK_TLS", "off"),
            &unused("off"),
        ),
        (
            files("tls.crt", "tls.key").with("FRONTDESK_TLS", "self-signed"),
            &unused("self-signed"),
        ),
        (
            set("FRONTDESK_TLS", "on"),
            "tls.mode (FRONTDESK_TLS) must be self-signed, files or off, not \"on\"",
        ),
        (
            files("tls.crt", "tls.key"),
            "The file tls.crt does not exist.",
        ),
    ]);
    let folder = TempDir::new().unwrap();
    let made = server::tls::development_certificates(
        folder.path(),
        &["localhost".to_owned()],
        protocol::Clock::system().now(),
    )
    .unwrap();
    let certificate = made.certificate.display().to_string();
    let refused =
        |certificate: &str, key: &str| files(certificate, key).refused(folder.path(), &["serve"]);
    let other = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    fs::write(
        folder.path().join("other.key"),
        other.private_key_to_pem_pkcs8().unwrap(),
    )
    .unwrap();
    fs::write(folder.path().join("text"), "text\n").unwrap();
    assert_eq!(
        refused("text", "server.key"),
        "The file text holds no certificate in PEM."
    );
    assert_eq!(
        refused("server.pem", "text"),
        "The file text holds no private key in PEM."
    );
    assert_eq!(
        refused("server.pem", "none"),
        "The file none does not exist."
    );
    assert_eq!(
        refused(&certificate, "other.key"),
        "The private key in other.key does not belong to the first certificate in server.pem."
    );
    assert!(!folder.path().join("frontdesk-data").exists());
}

/// A mistake in the configuration file is reported with its line and its name.
#[test]
fn file_mistake_is_named_with_its_line() {
    let top = "`listen`, `container`, `management_listen`, `lookup_listen`, `database`, `data`, `sealing_key_file`, `sealing_key`, `admin_password`, ";
    let unknown = |text: &str, beginning: &str| {
        let folder = TempDir::new().unwrap();
        let said = file(text).refused(folder.path(), &["serve"]);
        assert!(
            said.starts_with(&format!(
                "the configuration file frontdesk.toml is wrong at line {beginning}"
            )),
            "{said}"
        );
    };
    unknown(
        &format!("lisen = \"x\"\n{PROVIDER}"),
        &format!("1: unknown field `lisen`, expected one of {top}"),
    );
    unknown(
        &format!("# TLS\n[tsl]\nmode = \"off\"\n{PROVIDER}"),
        &format!("2: unknown field `tsl`, expected one of {top}"),
    );
    let wrong = |text: &str, fault: &str| {
        refuse(&[(
            file(text),
            &format!("the configuration file frontdesk.toml is wrong at line {fault}"),
        )]);
    };
    wrong(
        &format!("[tls]\nmod = \"off\"\n{PROVIDER}"),
        "2: tls: unknown field `mod`, expected one of `mode`, `certificate`, `key`",
    );
    unknown(
        &format!("{PROVIDER}domain = \"example.com\"\n"),
        "3: provider: unknown field `domain`, expected one of `issuer`, `domains`, ",
    );
    wrong(
        &format!(
            "{PROVIDER}[[provider.software_statement_issuer]]\nissuer = \"https://directory.example\"\njwks = \"x\"\n"
        ),
        "5: provider.software_statement_issuer: unknown field `jwks`, expected one of `issuer`, `jwks_file`, `require`",
    );
    wrong(
        &format!("{PROVIDER}domains = [\"a.example\"\n"),
        "3: unclosed array, expected `]`",
    );
    wrong(
        "listen = localhost\n",
        "1: string values must be quoted, expected literal string",
    );
    wrong(
        &format!("{PROVIDER}issuer = \"https://b.example\"\n"),
        "3: duplicate key",
    );
    wrong(
        &format!("listen = 9443\n{PROVIDER}"),
        "1: listen: invalid type: integer `9443`, expected a string",
    );
    wrong(
        &format!("{PROVIDER}domains = \"a.example\"\n"),
        "3: provider.domains: invalid type: string \"a.example\", expected a sequence",
    );
    wrong(
        "[provider]\nissuer = \"https://a.example\"\n",
        "1: provider: invalid type: map, expected a sequence",
    );
    let folder = TempDir::new().unwrap();
    let missing = bare().refused(folder.path(), &["serve", "--config", "none.toml"]);
    assert_eq!(
        missing,
        "the configuration file none.toml cannot be read: No such file or directory (os error 2)"
    );
}

#[test]
fn a_limit_is_a_whole_number() {
    for wrong in ["-1", "\"many\"", "4294967296", "1.5"] {
        refuse(&[(
            file(&format!("[limits]\nbody_bytes = {wrong}\n{PROVIDER}")),
            &format!(
                "the configuration file frontdesk.toml is wrong at line 2: limits.body_bytes: must be a whole number from 0 to 4294967295, not {wrong}"
            ),
        )]);
    }
    for wrong in ["-1", "many", "4294967296", "64k"] {
        let reason = format!("must be a whole number from 0 to 4294967295, not {wrong:?}");
        refuse(&[
            (
                set("FRONTDESK_LIMITS_BODY_BYTES", wrong),
                &format!("FRONTDESK_LIMITS_BODY_BYTES {reason}"),
            ),
            (
                bare().flag("--limits-body-bytes", wrong),
                &format!("--limits-body-bytes {reason}"),
            ),
        ]);
    }
}

/// A limit that would prevent all service is refused.
#[test]
fn unusable_limit_is_refused() {
    let least = |name: &str, variable: &str, least: &str, wrong: &str| {
        refuse(&[(
            set(variable, wrong),
            &format!("limits.{name} ({variable}) must be at least {least}, not {wrong}"),
        )]);
    };
    for (name, variable) in [
        ("head_seconds", "FRONTDESK_LIMITS_HEAD_SECONDS"),
        ("body_seconds", "FRONTDESK_LIMITS_BODY_SECONDS"),
        ("handler_seconds", "FRONTDESK_LIMITS_HANDLER_SECONDS"),
        ("keep_alive_seconds", "FRONTDESK_LIMITS_KEEP_ALIVE_SECONDS"),
        ("json_depth", "FRONTDESK_LIMITS_JSON_DEPTH"),
        ("json_members", "FRONTDESK_LIMITS_JSON_MEMBERS"),
        ("json_elements", "FRONTDESK_LIMITS_JSON_ELEMENTS"),
    ] {
        least(name, variable, "1", "0");
    }
    least("body_bytes", "FRONTDESK_LIMITS_BODY_BYTES", "128", "127");
    least("headers", "FRONTDESK_LIMITS_HEADERS", "8", "7");
    least("target_bytes", "FRONTDESK_LIMITS_TARGET_BYTES", "128", "0");
    least("head_bytes", "FRONTDESK_LIMITS_HEAD_BYTES", "1024", "1023");
    refuse(&[
        (
            file(&format!("[limits]\nbody_bytes = 0\n{PROVIDER}")),
            "limits.body_bytes (FRONTDESK_LIMITS_BODY_BYTES) must be at least 128, not 0",
        ),
        (
            set("FRONTDESK_LIMITS_HEADERS", "97"),
            "limits.headers (FRONTDESK_LIMITS_HEADERS) must be at most 96, not 97",
        ),
    ]);
}

/// A duration outside of sensible bounds is refused.
#[test]
fn unusable_duration_is_refused() {
    let age = "discovery.max_age (FRONTDESK_DISCOVERY_MAX_AGE)";
    let secret = "provider.client_secret_lifetime (FRONTDESK_CLIENT_SECRET_LIFETIME)";
    let client = "provider.client_lifetime (FRONTDESK_CLIENT_LIFETIME)";
    let keys = "keys.keep_retired (FRONTDESK_KEYS_KEEP_RETIRED)";
    refuse(&[
        (
            set("FRONTDESK_DISCOVERY_MAX_AGE", "25h"),
            &format!("{age} must be at most 1day, not 25h"),
        ),
        (
            set("FRONTDESK_CLIENT_SECRET_LIFETIME", "0s"),
            &format!("{secret} must be at least 1s, not 0s"),
        ),
        (
            set("FRONTDESK_CLIENT_SECRET_LIFETIME", "101years"),
            &format!("{secret} must be at most 100years, not 101years"),
        ),
        (
            set("FRONTDESK_CLIENT_LIFETIME", "999ms"),
            &format!("{client} must be at least 1s, not 999ms"),
        ),
        (
            set("FRONTDESK_CLIENT_LIFETIME", "200years"),
            &format!("{client} must be at most 100years, not 200years"),
        ),
        (
            set("FRONTDESK_KEYS_KEEP_RETIRED", "200years"),
            &format!("{keys} must be at most 100years, not 200years"),
        ),
    ]);
}

/// RFC 8252 §7.1: a native scheme is a private-use scheme; a scheme in general use, or a scheme
/// that runs code, is refused.
#[test]
fn native_scheme_must_be_private_use() {
    for scheme in [
        "https",
        "http",
        "HTTP",
        "javascript",
        "data",
        "file",
        "mailto",
        "Intent",
        "ms-word",
        "SSH",
        "chrome-extension",
    ] {
        let reason = format!(
            "provider.native_schemes (FRONTDESK_NATIVE_SCHEMES): {scheme:?} is not a private-use scheme"
        );
        refuse(&[(
            set("FRONTDESK_NATIVE_SCHEMES", &format!("cursor,{scheme}")),
            &reason,
        )]);
    }
}

/// A redirect host is a host or a pattern for the hosts below one, without a port.
#[test]
fn redirect_host_must_be_a_host_or_pattern() {
    for host in [
        "*",
        "*.",
        "*example.com",
        "https://claude.ai",
        "claude.ai:443",
        "claude.ai/cb",
        "*.192.0.2.1",
    ] {
        let reason = format!(
            "provider.redirect_hosts (FRONTDESK_REDIRECT_HOSTS): {host:?} must be a host such as example.com, or *.example.com for every host below it, without a port"
        );
        refuse(&[(
            set("FRONTDESK_REDIRECT_HOSTS", &format!("example.com,{host}")),
            &reason,
        )]);
    }
}

/// An invalid value is reported with its setting.
#[test]
fn invalid_value_names_its_setting() {
    let domain = |text: &str| {
        format!(
            "provider.domains (FRONTDESK_DOMAINS): `{text}` among the domains must be a host, or a host and a port, such as `example.com` or `example.com:8443`."
        )
    };
    let level = |text: &str| {
        format!(
            "log.level (FRONTDESK_LOG) must be error, warn, info, debug, trace, off or a filter such as info,store=debug, not {text:?}"
        )
    };
    let jwks = "[[provider.software_statement_issuer]]\nissuer = \"https://directory.example\"\njwks_file = \"none.json\"\n";
    refuse(&[
        (
            set("FRONTDESK_DOMAINS", "example.com,https://example.org"),
            &domain("https://example.org"),
        ),
        (
            file(&format!("{PROVIDER}domains = [\"*.example.com\"]\n")),
            &domain("*.example.com"),
        ),
        (
            set("FRONTDESK_REGISTRATION", "opne"),
            "provider.registration (FRONTDESK_REGISTRATION) must be closed, protected or open, not \"opne\"",
        ),
        (
            set("FRONTDESK_NATIVE_SCHEMES", "cursor,://"),
            "provider.native_schemes (FRONTDESK_NATIVE_SCHEMES): \"://\" is not a scheme",
        ),
        (set("FRONTDESK_LOG", "loud"), &level("loud")),
        (
            set("FRONTDESK_LOG", "info,store=loud"),
            &level("info,store=loud"),
        ),
        (
            set("FRONTDESK_LOG_FORMAT", "xml"),
            "log.format (FRONTDESK_LOG_FORMAT) must be text or json, not \"xml\"",
        ),
        (
            set("FRONTDESK_CLIENT_LIFETIME", "soon"),
            "provider.client_lifetime (FRONTDESK_CLIENT_LIFETIME) must be a duration such as 7d or 12h: expected number at 0",
        ),
        (
            set("FRONTDESK_DISCOVERY_MAX_AGE", "60"),
            "discovery.max_age (FRONTDESK_DISCOVERY_MAX_AGE) must be a duration such as 7d or 12h: time unit needed, for example 60sec or 60ms",
        ),
        (
            set("FRONTDESK_OUTBOUND_ALLOW", "idp.internal"),
            "outbound.allow (FRONTDESK_OUTBOUND_ALLOW): `idp.internal` in `[outbound] allow` must be a host and a port, such as `idp.internal:8443`.",
        ),
        (
            set("FRONTDESK_OUTBOUND_CA", "none.pem"),
            "outbound.ca (FRONTDESK_OUTBOUND_CA) names none.pem, which cannot be read: No such file or directory (os error 2)",
        ),
        (
            file(&format!("{PROVIDER}{jwks}")),
            "provider.software_statement_issuer.jwks_file names none.json, which cannot be read: No such file or directory (os error 2)",
        ),
    ]);
}

#[test]
fn one_provider_at_a_time_comes_from_the_environment() {
    let several = format!("{PROVIDER}[[provider]]\nissuer = \"https://b.example\"\n");
    refuse(&[
        (
            file(&several).with("FRONTDESK_ISSUER", "https://c.example"),
            "FRONTDESK_ISSUER is for a configuration with one provider, and the file has several",
        ),
        (
            file(&several).flag("--domains", "c.example"),
            "--domains is for a configuration with one provider, and the file has several",
        ),
        (
            file("provider = []\n").with("FRONTDESK_ISSUER", "https://c.example"),
            "FRONTDESK_ISSUER is for a configuration with one provider, and the file has an empty list of them",
        ),
        (
            file(&format!(
                "{PROVIDER}[[provider]]\nissuer = \"https://login.example.com/\"\n"
            )),
            "two providers have the host and path of https://login.example.com; each needs its own",
        ),
        (
            file(&format!(
                "{PROVIDER}domains = [\"example.com\"]\n[[provider]]\nissuer = \"https://b.example\"\ndomains = [\"example.com\"]\n"
            )),
            "provider.domains (FRONTDESK_DOMAINS): The domain `example.com` is claimed by two providers, `https://login.example.com` and \
             `https://b.example`; list it in the domains of one of them only.",
        ),
    ]);
}

/// OIDC Discovery §3, RFC 8414 §2: configured members of the document are checked, each in its own
/// form, before any file is created.
#[test]
fn document_members_are_checked_first() {
    let with = |lines: &str| file(&format!("{PROVIDER}{ENDPOINTS}{lines}\n"));
    let says =
        |rest: &str| format!("the provider https://login.example.com: provider.metadata.{rest}");
    refuse(&[
        (
            with("issuer = \"https://other.example\""),
            &says("issuer is set by the server and cannot be configured"),
        ),
        (
            with("registration_endpoint = \"https://other.example\""),
            &says("registration_endpoint is set by the server and cannot be configured"),
        ),
        (
            with("scope_supported = [\"openid\"]"),
            &says("scope_supported is not a member of provider metadata"),
        ),
        (
            with("scopes_supported = \"openid\""),
            &says("scopes_supported must be an array"),
        ),
        (
            with("claims_parameter_supported = \"no\""),
            &says("claims_parameter_supported must be true or false"),
        ),
        (
            with("userinfo_endpoint = \"http://login.example.com\""),
            &says("userinfo_endpoint (FRONTDESK_USERINFO_ENDPOINT) must be an https URL"),
        ),
    ]);
    let both = "the provider https://login.example.com needs provider.metadata.authorization_endpoint (FRONTDESK_AUTHORIZATION_ENDPOINT) \
                and provider.metadata.token_endpoint (FRONTDESK_TOKEN_ENDPOINT)";
    let issuer = set("FRONTDESK_ISSUER", "https://login.example.com");
    refuse(&[
        (file(PROVIDER), both),
        (issuer.clone(), both),
        (
            issuer.clone().with(
                "FRONTDESK_AUTHORIZATION_ENDPOINT",
                "https://login.example.com/authorize",
            ),
            "the provider https://login.example.com needs provider.metadata.token_endpoint (FRONTDESK_TOKEN_ENDPOINT)",
        ),
        (
            issuer.with(
                "FRONTDESK_TOKEN_ENDPOINT",
                "https://login.example.com/token",
            ),
            "the provider https://login.example.com needs provider.metadata.authorization_endpoint (FRONTDESK_AUTHORIZATION_ENDPOINT)",
        ),
    ]);
}

/// Outside development mode the first password has at least 12 characters, wherever it comes from.
#[test]
fn first_password_has_twelve_characters() {
    let loopback = || set("FRONTDESK_ISSUER", "http://localhost:9443").with("FRONTDESK_TLS", "off");
    let given = "admin_password (FRONTDESK_ADMIN_PASSWORD)";
    for (password, characters) in [
        ("x", 1),
        ("admin", 5),
        ("elevencharz", 11),
        ("ümläutümläu", 11),
    ] {
        let short = format!("must have at least 12 characters, not {characters}");
        refuse(&[
            (
                public().with("FRONTDESK_ADMIN_PASSWORD", password),
                &format!("{given} {short}"),
            ),
            (
                loopback().with("FRONTDESK_ADMIN_PASSWORD", password),
                &format!("{given} {short}"),
            ),
            (
                file(&format!(
                    "admin_password = \"{password}\"\n{PROVIDER}{ENDPOINTS}"
                )),
                &format!("{given} {short}"),
            ),
        ]);
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("password"), format!("{password}\n")).unwrap();
        let named = loopback().with("FRONTDESK_ADMIN_PASSWORD_FILE", "password");
        let sentence = "admin_password_file (FRONTDESK_ADMIN_PASSWORD_FILE) names password, and the password in it";
        assert_eq!(
            named.refused(folder.path(), &["serve"]),
            format!("{sentence} {short}")
        );
        assert!(!folder.path().join("frontdesk-data").exists());
    }
    refuse(&[(
        file(&format!("admin_password = \"\"\n{PROVIDER}{ENDPOINTS}")),
        &format!("{given} must not be empty"),
    )]);
    let server = loopback()
        .with("FRONTDESK_ADMIN_PASSWORD", "twelve chars")
        .start();
    assert_eq!(registers(&server, "twelve chars"), 201);
}

/// Development mode accepts every password, and an accepted password stays valid when the
/// deployment changes its mode.
#[test]
fn older_short_password_stays_valid() {
    let mut development = Setup::new()
        .with("FRONTDESK_ADMIN_PASSWORD", "admin")
        .start();
    assert_eq!(registers(&development, "admin"), 201);
    development.signal("-TERM");
    assert!(development.wait().success());
    let after = Setup::new()
        .with("FRONTDESK_ISSUER", "http://localhost:9443")
        .inside(&development)
        .start();
    assert_eq!(registers(&after, "admin"), 201);
    assert_eq!(registers(&after, support::PASSWORD), 401);
}

/// The first password may be in a file, whose last line break is no part of it, and in one place only.
#[test]
fn first_password_is_read_from_a_file() {
    let from = |text: &str| {
        let folder = Arc::new(TempDir::new().unwrap());
        fs::write(folder.path().join("password"), text).unwrap();
        (
            bare()
                .with("FRONTDESK_TLS", "off")
                .with("FRONTDESK_ADMIN_PASSWORD_FILE", "password"),
            folder,
        )
    };
    for text in ["correct horse ", "correct horse \n", "correct horse \r\n"] {
        let (setup, folder) = from(text);
        let server = setup
            .with("FRONTDESK_ISSUER", "http://localhost:9443")
            .within(&folder)
            .start();
        assert_eq!(registers(&server, "correct horse "), 201, "{text:?}");
        assert_eq!(registers(&server, "correct horse"), 401, "{text:?}");
    }
    let (setup, folder) = from("\n");
    let named = "admin_password_file (FRONTDESK_ADMIN_PASSWORD_FILE)";
    let empty = format!("{named} names password, and the password in it must not be empty");
    assert_eq!(setup.refused(folder.path(), &["serve"]), empty);
    let checked = setup.command(folder.path(), &["check"]).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    assert!(
        String::from_utf8(checked.stdout)
            .unwrap()
            .ends_with(&format!("\nwrong: {empty}\n"))
    );
    refuse(&[
        (
            set("FRONTDESK_ADMIN_PASSWORD_FILE", "password")
                .with("FRONTDESK_ADMIN_PASSWORD", "correct horse"),
            &format!(
                "admin_password (FRONTDESK_ADMIN_PASSWORD) and {named} are both set; set one of them"
            ),
        ),
        (
            set("FRONTDESK_ADMIN_PASSWORD_FILE", "none"),
            &format!(
                "{named} names none, which cannot be read: No such file or directory (os error 2)"
            ),
        ),
    ]);
}

fn registers(server: &support::TestServer, password: &str) -> u16 {
    let metadata = serde_json::json!({ "redirect_uris": ["https://rp.example/cb"] });
    server
        .request("POST", "/register")
        .basic("admin", password)
        .json(&metadata)
        .send()
        .status()
}

/// An address that cannot be bound is reported by name.
#[test]
fn unavailable_address_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let reason = |address: &str| TcpListener::bind(address).unwrap_err();
    let in_use = |setting: &str| {
        format!(
            "{setting} is {address}, and {address} cannot be listened on: {}",
            reason(&address.to_string())
        )
    };
    let text = address.to_string();
    refuse(&[
        (
            set("FRONTDESK_LISTEN", &text),
            &in_use("listen (FRONTDESK_LISTEN)"),
        ),
        (
            set("FRONTDESK_MANAGEMENT_LISTEN", &text),
            &in_use("management_listen (FRONTDESK_MANAGEMENT_LISTEN)"),
        ),
        (
            set("FRONTDESK_LISTEN", "9443"),
            "listen (FRONTDESK_LISTEN) must be an address and a port such as 0.0.0.0:9443, not \"9443\": invalid socket address",
        ),
        (
            public().with("FRONTDESK_LISTEN", "192.0.2.1:9443"),
            &format!(
                "listen (FRONTDESK_LISTEN) is 192.0.2.1:9443, which cannot be listened on: {}",
                reason("192.0.2.1:9443")
            ),
        ),
    ]);
}

#[test]
fn development_mode_listens_on_loopback_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:9443"] {
        refuse(&[(
            set("FRONTDESK_LISTEN", address),
            &format!(
                "development mode listens on loopback only, and listen (FRONTDESK_LISTEN) is {address}; set provider.issuer (FRONTDESK_ISSUER) to serve others"
            ),
        )]);
    }
}

/// A data folder that cannot be created is reported by name.
#[test]
fn uncreatable_data_folder_is_named() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let refused = |data: &str| set("FRONTDESK_DATA", data).refused(folder.path(), &["serve"]);
    assert_eq!(
        refused("file"),
        "data (FRONTDESK_DATA) is file, which cannot be made: File exists (os error 17)"
    );
    assert_eq!(
        refused("file/data"),
        "data (FRONTDESK_DATA) is file/data, which cannot be made: Not a directory (os error 20)"
    );
}

/// Returns the first part of the output of `check`: the settings in force, as a configuration file.
fn effective(setup: &Setup) -> Table {
    let folder = TempDir::new().unwrap();
    let output = setup.command(folder.path(), &["check"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.contains("\n# In force\n"),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    printed
        .split("\n# In force\n")
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

fn at<'a>(table: &'a Table, key: &str) -> &'a toml::Value {
    let mut steps = key.split('.');
    let first = &table[steps.next().unwrap()];
    steps.fold(first, |value, step| {
        if value.is_array() {
            &value[0][step]
        } else {
            &value[step]
        }
    })
}

/// A value for each setting, with what else it needs.
fn sample(key: &str) -> (&'static str, Setup) {
    let loopback = || set("FRONTDESK_ISSUER", "http://localhost:9443");
    let upstream = || {
        set(
            "FRONTDESK_UPSTREAM_DOCUMENT",
            "https://login.example.com/document",
        )
    };
    match key {
        "listen" | "management_listen" => ("127.0.0.1:19443", Setup::default()),
        "container" | "lookup.plain_http" => ("true", bare()),
        "database" => ("sqlite://other.db", bare()),
        "data" => ("other", bare()),
        "sealing_key_file" => ("none.key", bare()),
        "sealing_key" => (KEY, bare()),
        "admin_password" => ("hush", bare()),
        "admin_password_file" => ("none.password", bare()),
        "proxies" | "limits.unthrottled" => ("10.0.0.0/8,192.0.2.1", bare()),
        "proxy_header" => ("forwarded", bare()),
        "tls.mode" => ("off", bare()),
        "tls.certificate" => ("tls.crt", set("FRONTDESK_TLS_KEY", "tls.key")),
        "tls.key" => ("tls.key", set("FRONTDESK_TLS_CERTIFICATE", "tls.crt")),
        "log.level" => ("info,store=debug", bare()),
        "log.format" => ("text", bare()),
        "outbound.allow" => ("idp.internal:8443,10.0.0.5:443", bare()),
        "outbound.ca" => ("none.pem", bare()),
        "discovery.max_age" | "lookup.max_age" => ("5m", bare()),
        "lookup_listen" => ("127.0.0.1:19445", bare()),
        "provider.upstream.document" => ("https://login.example.com/document", bare()),
        "provider.upstream.refresh" => ("5m", upstream()),
        "provider.upstream.plain_http" => ("true", upstream()),
        "provider.provision.to" => ("http", set("FRONTDESK_PROVISION_AT", CLIENTS)),
        "provider.provision.at" => (CLIENTS, set("FRONTDESK_PROVISION_TO", "http")),
        "provider.provision.realm" | "provider.provision.client" => ("other", keycloak()),
        "provider.provision.secret_file" => ("other.secret", keycloak()),
        "provider.provision.token_file" => ("none.token", hydra()),
        "provider.provision.ready" => ("later", hydra()),
        "provider.provision.patience" => ("800ms", hydra()),
        "provider.provision.template" => ("none.json", hydra()),
        "provider.provision.on_delete" => ("disable", keycloak()),
        "provider.provision.at_most" => ("200", hydra()),
        "provider.provision.reconcile" => ("5m", hydra()),
        "provider.provision.plain_http" => ("true", hydra()),
        "provider.document_redirects" => ("any", bare()),
        "provider.document_keep_min" | "provider.document_keep_max" => ("1h", bare()),
        "provider.document_stale" => ("2d", bare()),
        "provider.document_pass" => ("https://app.example.com/client", bare()),
        "provider.authorization_hop" => (
            "true",
            set(
                "FRONTDESK_AUTHORIZATION_ENDPOINT",
                "https://login.example.com/authorize",
            ),
        ),
        "keys.keep_retired" | "audit.keep" => ("7d", bare()),
        "provider.issuer" => ("https://localhost:19443", bare()),
        "provider.domains" => ("example.com,example.org", bare()),
        "provider.registration" | "provider.documents" => ("open", bare()),
        "provider.native_schemes" => ("cursor,vscode", bare()),
        "provider.redirect_hosts" | "provider.document_hosts" => {
            ("claude.ai,*.example.com", bare())
        }
        "provider.client_secret_lifetime" | "provider.client_lifetime" => ("90d", bare()),
        "provider.metadata.authorization_endpoint"
        | "provider.metadata.token_endpoint"
        | "provider.metadata.userinfo_endpoint" => {
            ("https://login.example.com/endpoint", loopback())
        }
        limit if limit.starts_with("limits.") && limit.ends_with("_bytes") => ("2048", bare()),
        limit if limit.starts_with("limits.") || limit == "traces.percent" => ("8", bare()),
        "traces.endpoint" => ("http://localhost:4318", bare()),
        other => panic!("{other} needs a sample here"),
    }
}

/// The address of a collection of clients.
const CLIENTS: &str = "http://127.0.0.1:4445/admin/clients";

/// Provisioning into the collection.
fn hydra() -> Setup {
    set("FRONTDESK_PROVISION_TO", "http").with("FRONTDESK_PROVISION_AT", CLIENTS)
}

/// Provisioning into a Keycloak.
fn keycloak() -> Setup {
    set("FRONTDESK_PROVISION_TO", "keycloak")
        .with("FRONTDESK_PROVISION_AT", "http://127.0.0.1:8080")
        .with("FRONTDESK_PROVISION_REALM", "main")
        .with("FRONTDESK_PROVISION_SECRET_FILE", "none.secret")
}

/// Each mistake in `[provider.provision]` is named.
#[test]
#[expect(clippy::too_many_lines, reason = "each setting has its mistakes")]
fn provision_mistake_is_named() {
    let named = |name: &str| {
        let variable = format!("FRONTDESK_PROVISION_{}", name.to_ascii_uppercase());
        format!("provider.provision.{name} ({variable})")
    };
    let to = |kind: &str| set("FRONTDESK_PROVISION_TO", kind);
    let refuse = |setup: Setup, name: &str, rest: &str| {
        refuse(&[(setup, &format!("{} {rest}", named(name)))]);
    };
    let without = |name: &str| keycloak().with(&format!("FRONTDESK_PROVISION_{name}"), "");
    refuse(
        to("hydra"),
        "to",
        "must be keycloak, http or rfc7591, not \"hydra\"",
    );
    refuse(
        set("FRONTDESK_PROVISION_AT", CLIENTS),
        "to",
        "must be set, since other settings of [provider.provision] are",
    );
    refuse(to("http"), "at", "must be set when to is http");
    refuse(without("AT"), "at", "must be set when to is keycloak");
    refuse(
        to("rfc7591"),
        "at",
        "must be set when to is rfc7591 and provider.upstream.document (FRONTDESK_UPSTREAM_DOCUMENT) is not",
    );
    for at in [
        "http://hydra:4445/admin/clients",
        "https://login.example.com/#x",
        "https://user@login.example.com/",
        "login.example.com",
    ] {
        refuse(
            to("http").with("FRONTDESK_PROVISION_AT", at),
            "at",
            &format!("must be an https URL (http on loopback, or with plain_http), not {at:?}"),
        );
    }
    refuse(
        without("REALM"),
        "realm",
        "must be set: the issuer https://localhost:9443 has no /realms/ in its path",
    );
    refuse(
        without("SECRET_FILE"),
        "secret_file",
        "must be set when to is keycloak",
    );
    for (name, value) in [
        ("realm", "main"),
        ("client", "frontdesk"),
        ("secret_file", "x.secret"),
    ] {
        let variable = format!("FRONTDESK_PROVISION_{}", name.to_ascii_uppercase());
        refuse(hydra().with(&variable, value), name, "is for keycloak only");
    }
    refuse(
        keycloak().with("FRONTDESK_PROVISION_TOKEN_FILE", "x.token"),
        "token_file",
        "is for http and rfc7591 only",
    );
    let rfc7591 = || to("rfc7591").with("FRONTDESK_PROVISION_AT", "https://as.example/register");
    refuse(
        rfc7591().with("FRONTDESK_PROVISION_TEMPLATE", "x.json"),
        "template",
        "is for keycloak and http only",
    );
    refuse(
        rfc7591().with("FRONTDESK_PROVISION_READY", "later"),
        "ready",
        "must be wait: rfc7591 chooses the identifier",
    );
    refuse(
        hydra().with("FRONTDESK_PROVISION_READY", "soon"),
        "ready",
        "must be wait or later, not \"soon\"",
    );
    for (setup, kind) in [(hydra(), "http"), (rfc7591(), "rfc7591")] {
        refuse(
            setup.with("FRONTDESK_PROVISION_ON_DELETE", "disable"),
            "on_delete",
            &format!("must be delete: {kind} cannot disable a client"),
        );
    }
    for (value, rest) in [
        ("499ms", "must be at least 500ms, not 499ms"),
        ("11s", "must be at most 10s, not 11s"),
    ] {
        let setup = hydra().with("FRONTDESK_PROVISION_PATIENCE", value);
        refuse(setup, "patience", rest);
    }
    refuse(
        hydra().with("FRONTDESK_LIMITS_HANDLER_SECONDS", "5"),
        "patience",
        "must be shorter than limits.handler_seconds (FRONTDESK_LIMITS_HANDLER_SECONDS)",
    );
    for (value, rest) in [
        ("59s", "must be at least 1m, not 59s"),
        ("25h", "must be at most 1day, not 25h"),
    ] {
        let setup = hydra().with("FRONTDESK_PROVISION_RECONCILE", value);
        refuse(setup, "reconcile", rest);
    }
    assert_eq!(
        hydra()
            .with("FRONTDESK_PROVISION_AT_MOST", "-1")
            .refused(TempDir::new().unwrap().path(), &["serve"]),
        "FRONTDESK_PROVISION_AT_MOST must be a whole number from 0 to 4294967295, not \"-1\""
    );
}

/// Every setting has a variable and a flag, and secrets are masked.
#[test]
fn every_setting_has_variable_and_flag() {
    // Only a program that can trace takes the setting for it.
    let taken = |setting: &Setting| cfg!(feature = "otel") || setting.key != "traces.endpoint";
    for setting in settings::all().filter(taken) {
        let (text, setup) = sample(setting.key);
        let expected: toml::Value = match setting.kind {
            ValueKind::Text | ValueKind::SecretFile => text.into(),
            ValueKind::Secret => "(hidden)".into(),
            ValueKind::Number => toml::Value::Integer(text.parse().unwrap()),
            ValueKind::List => toml::Value::Array(text.split(',').map(Into::into).collect()),
        };
        let by_variable = effective(&setup.clone().with(setting.variable, text));
        assert_eq!(
            at(&by_variable, setting.key),
            &expected,
            "{}",
            setting.variable
        );
        let by_flag = effective(&setup.flag(&format!("--{}", setting.flag()), text));
        assert_eq!(at(&by_flag, setting.key), &expected, "--{}", setting.flag());
    }
}

/// A variable overrides the file, and a flag overrides both.
#[test]
fn flags_override_environment_and_file() {
    let layers = |environment: Option<&str>, flag: Option<&str>| {
        let mut setup = file(&format!(
            "{PROVIDER}registration = \"closed\"\n{ENDPOINTS}[log]\nlevel = \"warn\"\n"
        ));
        if let Some(value) = environment {
            setup = setup.with("FRONTDESK_REGISTRATION", value);
        }
        if let Some(value) = flag {
            setup = setup.flag("--registration", value);
        }
        let table = effective(&setup);
        assert_eq!(
            at(&table, "provider.issuer").as_str(),
            Some("https://login.example.com")
        );
        assert_eq!(at(&table, "log.level").as_str(), Some("warn"));
        at(&table, "provider.registration")
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(layers(None, None), "closed");
    assert_eq!(layers(Some("protected"), None), "protected");
    assert_eq!(layers(None, Some("open")), "open");
    assert_eq!(layers(Some("protected"), Some("open")), "open");
    assert_eq!(
        layers(Some(""), None),
        "closed",
        "a variable set to nothing says nothing"
    );
    let overridden = effective(
        &file(&format!("{PROVIDER}{ENDPOINTS}")).with("FRONTDESK_ISSUER", "https://other.example"),
    );
    assert_eq!(
        at(&overridden, "provider.issuer").as_str(),
        Some("https://other.example")
    );
}

/// Flags take effect before and after the command.
#[test]
fn flags_work_on_both_sides_of_command() {
    let server = Setup::new()
        .flag("--listen", "127.0.0.1:0")
        .flag("--registration", "open")
        .start();
    let registered = server
        .request("POST", "/register")
        .json(&serde_json::json!({ "redirect_uris": ["https://rp.example/cb"] }))
        .send();
    assert_eq!(registered.status(), 201);
    let folder = TempDir::new().unwrap();
    let before = bare()
        .command(folder.path(), &["--registration", "open", "check"])
        .output()
        .unwrap();
    assert!(
        String::from_utf8(before.stdout)
            .unwrap()
            .contains("\nprovider: https://localhost:9443 (open)\n")
    );
}

/// An empty variable counts as not set.
#[test]
fn empty_variable_is_ignored() {
    let empty = settings::all().fold(Setup::default(), |setup, setting| {
        setup.with(setting.variable, "")
    });
    assert_eq!(effective(&empty), Table::new());
}

/// An unknown variable causes a warning and no error.
#[test]
fn unknown_variable_is_only_a_warning() {
    let server = Setup::new()
        .with("FRONTDESK_ISUER", "https://login.example.com")
        .with("FRONTDESK_SERVICE_PORT", "80")
        .start();
    for name in ["FRONTDESK_ISUER", "FRONTDESK_SERVICE_PORT"] {
        let warning = format!("unknown setting {name} is ignored");
        assert!(
            server
                .log()
                .lines()
                .any(|line| line.contains("\"WARN\"") && line.contains(&warning)),
            "{}",
            server.log()
        );
    }
    assert!(
        server
            .ran(&["check"])
            .contains("\nnote: unknown setting FRONTDESK_ISUER is ignored\n")
    );
}

/// A variable that is not UTF-8 is refused.
#[test]
fn non_utf8_variable_is_refused() {
    let folder = TempDir::new().unwrap();
    let mut command: Command = bare().command(folder.path(), &["serve"]);
    command
        .env("FRONTDESK_ADMIN_PASSWORD", OsStr::from_bytes(b"m\xfcller"))
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "frontdesk: FRONTDESK_ADMIN_PASSWORD must be UTF-8\n"
    );
}

/// Files that the operator provides are used; files that are created are readable by their owner
/// only.
#[test]
fn created_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Arc::new(TempDir::new().unwrap());
    let server = Setup::new().within(&folder).start();
    let mode = |name: &str| {
        fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("frontdesk-data"), 0o700);
    assert_eq!(mode("frontdesk-data/sealing.key"), 0o600);
    assert_eq!(mode("frontdesk-data/frontdesk.db"), 0o600);
    drop(server);
    fs::copy(
        folder.path().join("frontdesk-data/sealing.key"),
        folder.path().join("kept.key"),
    )
    .unwrap();
    fs::remove_file(folder.path().join("frontdesk-data/sealing.key")).unwrap();
    let again = Setup::new()
        .within(&folder)
        .with("FRONTDESK_SEALING_KEY_FILE", "kept.key")
        .start();
    assert_eq!(again.managed("/readyz").status(), 200);
    assert!(!folder.path().join("frontdesk-data/sealing.key").exists());
}

/// A setting of a feature that the build lacks is refused. With the feature, `traces.rs` tests
/// which destinations are invalid.
#[cfg(not(feature = "otel"))]
#[test]
fn setting_of_missing_feature_is_refused() {
    let sentence =
        "traces.endpoint (FRONTDESK_TRACES_ENDPOINT) requires a build with the cargo feature otel";
    refuse(&[
        (
            set("FRONTDESK_TRACES_ENDPOINT", "http://localhost:4318"),
            sentence,
        ),
        (
            bare().flag("--traces-endpoint", "http://localhost:4318"),
            sentence,
        ),
        (
            file(&format!(
                "{PROVIDER}{ENDPOINTS}[traces]\nendpoint = \"http://localhost:4318\"\n"
            )),
            sentence,
        ),
        (
            set("FRONTDESK_TRACES_PERCENT", "101"),
            "traces.percent (FRONTDESK_TRACES_PERCENT) must be from 0 to 100, not 101",
        ),
    ]);
}

/// In the container image development mode listens on every address, because a published port does not lead to the container's
/// loopback; the message of the start says how to fetch the authority.
#[test]
fn container_listens_on_every_address() {
    let container = Setup::default().with("FRONTDESK_CONTAINER", "true");
    let folder = TempDir::new().unwrap();
    let output = container
        .command(folder.path(), &["check"])
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.contains("development mode: true\n")
            && printed.contains("\nlisten: 0.0.0.0:9443\n"),
        "{printed}"
    );
    let server = container.with("FRONTDESK_LISTEN", "0.0.0.0:0").start();
    server.logs("\"listen\":\"0.0.0.0:");
    let reached = format!(
        "\nFrontdesk is at https://localhost:{}, if that port of the container is published. ",
        server.port
    );
    until("the message is printed", || {
        server.printed().contains("it is shown this once.")
    });
    let printed = server.printed();
    assert!(
        printed.starts_with(&reached)
            && printed.contains("\n  docker cp CONTAINER:frontdesk-data/ca.pem .\n")
            && printed.contains("\n  curl -sS --cacert ca.pem "),
        "{printed}"
    );
}

/// In the container image passwords have 12 characters also in development mode, because its port may be published.
#[test]
fn short_password_in_container_is_refused() {
    let short = |container: &str| {
        set("FRONTDESK_CONTAINER", container).with("FRONTDESK_ADMIN_PASSWORD", "elevenchars")
    };
    refuse(&[(
        short("true"),
        "admin_password (FRONTDESK_ADMIN_PASSWORD) must have at least 12 characters, not 11",
    )]);
    assert!(short("false").try_start().is_ok());
}

/// A setting that is true or false is a boolean in the file, and a text elsewhere.
#[test]
fn boolean_setting_has_two_values() {
    refuse(&[
        (
            set("FRONTDESK_CONTAINER", "yes"),
            "container (FRONTDESK_CONTAINER) must be true or false, not \"yes\"",
        ),
        (
            file(&format!("container = 1\n{PROVIDER}")),
            "container (FRONTDESK_CONTAINER) must be true or false, not 1",
        ),
    ]);
    for value in ["true", "\"false\""] {
        effective(&file(&format!(
            "container = {value}\n{PROVIDER}{ENDPOINTS}"
        )));
    }
}

/// A file that `[provider.provision]` names must be usable at the start, before anything is created.
#[test]
fn provision_file_must_be_usable() {
    let missing = "which cannot be read: No such file or directory (os error 2)";
    refuse(&[
        (
            keycloak(),
            &format!(
                "provider.provision.secret_file (FRONTDESK_PROVISION_SECRET_FILE) names none.secret, {missing}"
            ),
        ),
        (
            hydra().with("FRONTDESK_PROVISION_TOKEN_FILE", "none.token"),
            &format!(
                "provider.provision.token_file (FRONTDESK_PROVISION_TOKEN_FILE) names none.token, {missing}"
            ),
        ),
        (
            hydra().with("FRONTDESK_PROVISION_TEMPLATE", "none.json"),
            &format!(
                "provider.provision.template (FRONTDESK_PROVISION_TEMPLATE) names none.json, {missing}"
            ),
        ),
    ]);
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("empty.token"), "\n").unwrap();
    fs::write(folder.path().join("list.json"), "[]").unwrap();
    let refused =
        |name: &str, file: &str| hydra().with(name, file).refused(folder.path(), &["serve"]);
    assert_eq!(
        refused("FRONTDESK_PROVISION_TOKEN_FILE", "empty.token"),
        "provider.provision.token_file (FRONTDESK_PROVISION_TOKEN_FILE) names empty.token, which is empty"
    );
    assert_eq!(
        refused("FRONTDESK_PROVISION_TEMPLATE", "list.json"),
        "provider.provision.template (FRONTDESK_PROVISION_TEMPLATE) names list.json, which is not a JSON object"
    );
    assert!(!folder.path().join("frontdesk-data").exists());
}
