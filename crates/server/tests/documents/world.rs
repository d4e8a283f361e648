//! The surroundings of a page's commands: a folder like a fresh clone, a machine's folders below it, and a service that is
//! stopped in the end.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509Builder, X509NameBuilder};
use tempfile::TempDir;

use crate::root;
use crate::support::{Postgres, variable};

/// The time limit of a block, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(4);

/// The password of every account, where a page says PASSWORD.
const PASSWORD: &str = "correct-horse-battery";

/// Folders of a machine that pages name; each lies below the world's folder.
const MACHINE: &[&str] = &[
    "/var/lib/frontdesk",
    "/etc/frontdesk",
    "/etc/systemd/system",
    "/etc/bash_completion.d",
    "/usr/local/share/man",
    "/usr/local/bin",
    "/run/secrets",
    "/backups",
];

/// The names of the issuer's and the mail domain's hosts in pages.
const HOSTS: &[&str] = &["login.example.com", "example.com", "localhost"];

/// A folder, and what was started in it.
pub struct World {
    folder: TempDir,
    port: u16,
    management: u16,
    names: Vec<(&'static str, String)>,
    database: Option<Postgres>,
}

/// Returns a free port below those that the system assigns: a page names it before the service listens there, and no other
/// program gets it in between.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begin = std::process::id().wrapping_mul(64);
    let ports = (0..10_000)
        .map(|_| 20_000 + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000);
    let mut ports = ports.map(|port| u16::try_from(port).unwrap());
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

impl World {
    /// A fresh clone, built, on a machine with a certificate and a sealing key.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let world = Self {
            folder,
            port: free_port(),
            management: free_port(),
            names: vec![("PASSWORD", PASSWORD.to_owned())],
            database: None,
        };
        for name in ["Makefile", "Cargo.toml", "scripts", "docs", "migrations"] {
            symlink(root().join(name).canonicalize().unwrap(), world.at(name)).unwrap();
        }
        for path in MACHINE {
            fs::create_dir_all(world.at(&format!("machine{path}"))).unwrap();
        }
        fs::create_dir_all(world.at("target/debug")).unwrap();
        fs::create_dir_all(world.at("bin")).unwrap();
        for (name, text) in [
            ("frontdesk", FRONTDESK),
            ("cargo", CARGO),
            ("curl", CURL),
            ("systemctl", SYSTEMCTL),
        ] {
            fs::write(world.at(&format!("bin/{name}")), text).unwrap();
            fs::set_permissions(
                world.at(&format!("bin/{name}")),
                fs::Permissions::from_mode(0o755),
            )
            .unwrap();
        }
        symlink(
            world.at("bin/frontdesk"),
            world.at("target/debug/frontdesk"),
        )
        .unwrap();
        fs::write(
            world.at("machine/etc/frontdesk/sealing.key"),
            STANDARD.encode([7_u8; 32]),
        )
        .unwrap();
        world.certify();
        world
    }

    /// Makes a world with a service in development mode in place of `login.example.com`, an account `bob` with a client, a
    /// token for one registration, and an empty database of PostgreSQL.
    pub fn served() -> Self {
        let mut world = Self::new();
        let made = world.run(PRELUDE).unwrap_or_else(|said| panic!("{said}"));
        let mut lines = made.lines().rev().map(str::to_owned);
        let (client, token) = (lines.next().unwrap(), lines.next().unwrap());
        let issuer = format!("https://localhost:{}", world.port);
        let database = Postgres::new();
        let place = ("POSTGRESQL_URL", database.url.clone());
        world.names.extend([
            ("CLIENT_ID", client),
            ("TOKEN_ID", token),
            ("https://login.example.com", issuer),
            place,
        ]);
        world.database = Some(database);
        world
    }

    /// A path in its folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adapts the text of a page to this machine: its ports and folders in place of the page's, and names in capitals filled in.
    pub fn localised(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (written, port) in [("9443", self.port), ("9444", self.management)] {
            for host in ["localhost", "127.0.0.1"] {
                text = text.replace(&format!("{host}:{written}"), &format!("{host}:{port}"));
            }
        }
        for path in MACHINE {
            text = text.replace(path, &format!("{}{path}", self.at("machine").display()));
        }
        for (name, value) in &self.names {
            text = text.replace(name, value);
        }
        text
    }

    /// Runs commands as they would be pasted: what they printed, or what went wrong.
    pub fn run(&self, script: &str) -> Result<String, String> {
        let script = self.localised(script);
        let inside = self.folder.path().display().to_string();
        let words = script.lines().flat_map(|line| {
            line.split(" #")
                .next()
                .unwrap()
                .split([' ', '\t', '=', '>', '<', '\'', '"'])
        });
        if let Some(path) = words
            .filter(|word| word.starts_with('/'))
            .find(|word| !word.starts_with(&inside) && !word.starts_with("/dev/"))
        {
            return Err(format!(
                "{path} is this machine's own; give it a place in MACHINE"
            ));
        }
        let path = format!(
            "{}:{}:{}",
            self.at("bin").display(),
            variable("PATH").unwrap_or_default(),
            variable("TEST_POSTGRES_BIN").unwrap_or_default()
        );
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(self.folder.path())
            .env_clear();
        for name in [
            "HOME",
            "USER",
            "CARGO_HOME",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
        ] {
            command.envs(variable(name).map(|value| (name, value)));
        }
        command
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .env("FRONTDESK_LISTEN", format!("localhost:{}", self.port))
            .env(
                "FRONTDESK_MANAGEMENT_LISTEN",
                format!("127.0.0.1:{}", self.management),
            )
            .env("FRONTDESK_ADMIN_PASSWORD", PASSWORD)
            .env("WORLD", self.folder.path())
            .env("WORLD_PORT", self.port.to_string())
            .env("WORLD_BINARY", env!("CARGO_BIN_EXE_frontdesk"))
            .env("WORLD_PATH", variable("PATH").unwrap_or_default())
            .env("WORLD_PASSWORD", PASSWORD)
            .stdin(Stdio::null());
        let (mut reads, writes) = std::io::pipe().unwrap();
        command.stdout(writes.try_clone().unwrap()).stderr(writes);
        let mut child = command.spawn().unwrap();
        drop(command);
        let (sends, printed) = mpsc::channel();
        thread::spawn(move || {
            let mut said = Vec::new();
            let _ = reads.read_to_end(&mut said);
            let _ = sends.send(String::from_utf8_lossy(&said).into_owned());
        });
        let Ok(printed) = printed.recv_timeout(PATIENCE) else {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err(format!(
                "it does not end within {} seconds",
                PATIENCE.as_secs()
            ));
        };
        let status = child.wait().unwrap();
        if status.success() {
            Ok(printed)
        } else {
            Err(format!("{status}\n{printed}"))
        }
    }

    /// A certificate for the hosts that pages name, its own authority.
    fn certify(&self) {
        let key = PKey::from_ec_key(
            EcKey::generate(&EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap()).unwrap(),
        )
        .unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", "login.example.com")
            .unwrap();
        let name = name.build();
        let mut certificate = X509Builder::new().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate
            .set_not_before(&Asn1Time::days_from_now(0).unwrap())
            .unwrap();
        certificate
            .set_not_after(&Asn1Time::days_from_now(90).unwrap())
            .unwrap();
        let mut names = SubjectAlternativeName::new();
        for host in HOSTS {
            names.dns(host);
        }
        let names = names
            .build(&certificate.x509v3_context(None, None))
            .unwrap();
        certificate.append_extension(names).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        fs::write(
            self.at("machine/etc/frontdesk/tls.crt"),
            certificate.build().to_pem().unwrap(),
        )
        .unwrap();
        fs::write(
            self.at("machine/etc/frontdesk/tls.key"),
            key.private_key_to_pem_pkcs8().unwrap(),
        )
        .unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let started = fs::read_to_string(self.at("started")).unwrap_or_default();
        for id in started.lines() {
            let _ = Command::new("kill")
                .args(["-9", id])
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// `frontdesk` as pages use it. The system's list of authorities has the one of the page. `serve` runs in the background, as in
/// another terminal, and returns when the service is ready. A prompt for a password is answered.
const FRONTDESK: &str = r#"#!/usr/bin/env bash
set -euo pipefail
export SSL_CERT_FILE=$WORLD/authorities.pem
[ ! -e "$WORLD/frontdesk-data/ca.pem" ] || cp "$WORLD/frontdesk-data/ca.pem" "$SSL_CERT_FILE"
case " $* " in
    *" serve "*)
        "$WORLD_BINARY" "$@" >>"$WORLD/said" 2>&1 &
        echo $! >>"$WORLD/started"
        until "$WORLD_BINARY" "${@/#serve/health}" >/dev/null 2>&1; do
            kill -0 $! || { cat "$WORLD/said"; exit 1; }
        done ;;
    *" account add "* | *" account password "*)
        if [ -p /dev/stdin ]; then exec "$WORLD_BINARY" "$@"; fi
        exec "$WORLD_BINARY" "$@" <<<"$WORLD_PASSWORD" ;;
    *) exec "$WORLD_BINARY" "$@" ;;
esac
"#;

/// `cargo` as pages use it: everything was built before the test began.
const CARGO: &str = r#"#!/usr/bin/env bash
set -euo pipefail
case ${1:-} in
    --version) PATH=$WORLD_PATH exec cargo "$@" ;;
    run)
        while [ "$1" != -- ]; do shift; done
        shift
        exec "$WORLD/bin/frontdesk" "$@" ;;
    build)
        mkdir -p "$WORLD/target/release"
        ln -sf "$WORLD/bin/frontdesk" "$WORLD/target/release/frontdesk" ;;
    *) echo "cargo $1 is not for a test" >&2; exit 1 ;;
esac
"#;

/// Starts what an installed unit starts, as far as that is possible without systemd.
const SYSTEMCTL: &str = r#"#!/usr/bin/env bash
set -euo pipefail
start=$(sed -n 's/^ExecStart=//p' "$WORLD/machine/etc/systemd/system/${!#}.service")
export FRONTDESK_DATA=$WORLD/machine/var/lib/frontdesk FRONTDESK_SEALING_KEY_FILE=$WORLD/machine/etc/frontdesk/sealing.key
read -ra words <<<"${start//" /"/" $WORLD/machine/"}"
exec "$WORLD/machine${words[0]}" "${words[@]:1}"
"#;

/// The hosts that pages name are this service.
const CURL: &str = r#"#!/usr/bin/env bash
set -euo pipefail
export CURL_CA_BUNDLE=$WORLD/machine/etc/frontdesk/tls.crt
PATH=$WORLD_PATH exec curl --connect-to "login.example.com:443:localhost:$WORLD_PORT" \
    --connect-to "example.com:443:localhost:$WORLD_PORT" "$@"
"#;

/// Fills the running service; prints a token's identifier and a client's, as its last two lines.
const PRELUDE: &str = r#"
frontdesk serve
frontdesk account add bob --role registrar
frontdesk token issue --uses 1 >/dev/null
frontdesk token list --json | sed 's/.*"id":"\([^"]*\)".*/\1/'
curl -sS --fail --cacert frontdesk-data/ca.pem --user 'bob:PASSWORD' -H 'Content-Type: application/json' \
    -d '{"client_name":"Wiki","redirect_uris":["https://wiki.example.com/callback"]}' https://localhost:9443/register |
    sed 's/.*"client_id":"\([^"]*\)".*/\1/'
"#;
