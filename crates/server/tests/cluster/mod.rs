//! A PostgreSQL server of the test's own, which it may stop and start.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects"
)]

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::variable;

/// A running server on a port of its own, removed when the test is done with it.
pub struct Cluster {
    /// The URL of its only database.
    pub url: String,
    folder: TempDir,
    programs: PathBuf,
    /// PostgreSQL does not run as root, which hands it to this account.
    account: Option<&'static str>,
}

impl Cluster {
    /// Makes a server and starts it.
    pub fn start() -> Self {
        let programs = variable("TEST_POSTGRES_BIN")
            .expect("TEST_POSTGRES_BIN names the programs; run the tests with `make test` or scripts/with-postgres");
        // Neither the folder for temporary files nor its parents may be closed to the other account.
        let folder = tempfile::Builder::new()
            .prefix("frontdesk-cluster.")
            .tempdir_in("/tmp")
            .unwrap();
        let run = |program: &str, arguments: &[&str]| {
            Command::new(program)
                .args(arguments)
                .stdin(Stdio::null())
                .output()
                .unwrap()
        };
        let account = (run("id", &["-u"]).stdout == b"0\n").then(|| {
            ["postgres", "nobody"]
                .into_iter()
                .find(|account| run("id", &[account]).status.success())
                .expect("an account that is not root")
        });
        if let Some(account) = account {
            assert!(
                run("chown", &[account, folder.path().to_str().unwrap()])
                    .status
                    .success()
            );
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let cluster = Self {
            url,
            folder,
            programs: programs.into(),
            account,
        };
        cluster.must(
            "initdb",
            &[
                "-D",
                "data",
                "-A",
                "trust",
                "-U",
                "postgres",
                "--no-locale",
                "-E",
                "UTF8",
                "--no-sync",
            ],
        );
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n"
        );
        let path = cluster.folder.path().join("data/postgresql.conf");
        fs::write(&path, fs::read_to_string(&path).unwrap() + &settings).unwrap();
        cluster.up();
        cluster
    }

    /// Starts it again.
    pub fn up(&self) {
        self.must(
            "pg_ctl",
            &["start", "-D", "data", "-w", "-t", "60", "-l", "server.log"],
        );
    }

    /// Stops it in spite of open connections.
    pub fn down(&self) {
        self.must("pg_ctl", &["stop", "-D", "data", "-m", "fast", "-t", "60"]);
    }

    fn must(&self, program: &str, arguments: &[&str]) {
        let output = self.run(program, arguments);
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let program = self.programs.join(program);
        let mut command = match self.account {
            Some(account) => {
                let mut command = Command::new("runuser");
                command.args(["-u", account, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        // What it starts must not keep a pipe of ours open.
        let said = tempfile::tempfile().unwrap();
        let status = command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said.try_clone().unwrap())
            .status()
            .unwrap();
        Output {
            status,
            stdout: Vec::new(),
            stderr: written(said),
        }
    }
}

fn written(mut file: fs::File) -> Vec<u8> {
    use std::io::{Read, Seek};
    let mut text = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut text).unwrap();
    text
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run(
            "pg_ctl",
            &["stop", "-D", "data", "-m", "immediate", "-t", "20"],
        );
    }
}
