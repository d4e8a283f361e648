//! The real binary on a free port, and a client that shows everything.

#![allow(dead_code, reason = "each test file uses its part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;
use ureq::http::{Request as HttpRequest, Response};

/// The time after which a test fails because an expected event did not happen.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The password of the account `admin`.
pub const PASSWORD: &str = "correct horse:battery";

/// The command with a clean environment.
pub fn frontdesk() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
    command
        .env_clear()
        .env("PATH", variable("PATH").unwrap_or_default());
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test script names its server in the environment"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The environment and files of a server to start.
#[derive(Clone, Default)]
pub struct Setup {
    environment: Vec<(String, String)>,
    file: Option<String>,
    pub database: Option<String>,
    folder: Option<Arc<TempDir>>,
    flags: Vec<String>,
    prelude: Option<String>,
}

impl Setup {
    /// Development mode over plain HTTP with the account `admin`, on SQLite in a folder of its own.
    pub fn new() -> Self {
        Self::default()
            .with("FRONTDESK_TLS", "off")
            .with("FRONTDESK_ADMIN_PASSWORD", PASSWORD)
            .with("FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", "0")
            .with("FRONTDESK_LIMITS_FAILED_LOGINS_PER_MINUTE", "0")
            .with("FRONTDESK_LIMITS_UPDATES_PER_MINUTE", "0")
    }

    /// With one more variable in the environment; an earlier one of that name is replaced.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a configuration file of that text.
    #[must_use]
    pub fn file(self, text: &str) -> Self {
        Self {
            file: Some(text.to_owned()),
            ..self
        }
    }

    /// On a PostgreSQL database, with a sealing key all replicas share.
    #[must_use]
    pub fn on(self, database: &Postgres) -> Self {
        Self {
            database: Some(database.url.clone()),
            ..self
        }
        .with(
            "FRONTDESK_SEALING_KEY",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        )
        .with("FRONTDESK_DATABASE", &database.url)
    }

    /// In the folder another server used before.
    #[must_use]
    pub fn inside(self, server: &TestServer) -> Self {
        Self {
            folder: Some(Arc::clone(&server.folder)),
            ..self
        }
    }

    /// In that folder.
    #[must_use]
    pub fn within(self, folder: &Arc<TempDir>) -> Self {
        Self {
            folder: Some(Arc::clone(folder)),
            ..self
        }
    }

    /// Deaf to a signal.
    #[must_use]
    pub fn ignoring(self, signal: &str) -> Self {
        self.after(&format!("trap '' {signal}"))
    }

    /// By a shell that runs `command` first, for what Rust's own way to start a program cannot arrange.
    #[must_use]
    pub fn after(self, command: &str) -> Self {
        Self {
            prelude: Some(command.to_owned()),
            ..self
        }
    }

    /// With a flag on the command line.
    #[must_use]
    pub fn flag(mut self, name: &str, value: &str) -> Self {
        self.flags.push(format!("{name}={value}"));
        self
    }

    /// Runs a command in a folder; it must end with exit 1 and one sentence, which this gives, with names in that folder
    /// relative to it.
    #[track_caller]
    pub fn refused(&self, folder: &Path, arguments: &[&str]) -> String {
        let mut child = self
            .command(folder, arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        for line in BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok)
        {
            let _ = writeln!(said, "{line}");
            if line.contains("serving") {
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(1), "{arguments:?}: {said}");
        let said = said.replace(&format!("{}/", folder.display()), "");
        let sentence = said
            .strip_prefix("frontdesk: ")
            .and_then(|said| said.strip_suffix('\n'))
            .unwrap_or_else(|| panic!("{said}"));
        assert!(!sentence.contains('\n'), "{said}");
        sentence.to_owned()
    }

    /// The command that would start it, with `arguments` in place of `serve`.
    pub fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = frontdesk();
        if let Some(prelude) = &self.prelude {
            let both = format!("{prelude}; exec \"$0\" \"$@\"");
            let mut shell = Command::new("sh");
            shell
                .env_clear()
                .env("PATH", variable("PATH").unwrap_or_default())
                .args(["-c", &both])
                .arg(command.get_program());
            command = shell;
        }
        command
            .current_dir(folder)
            .args(arguments)
            .args(&self.flags)
            .envs(self.environment.iter().cloned());
        if let Some(text) = &self.file {
            let path = folder.join("frontdesk.toml");
            std::fs::write(&path, text).unwrap();
            command.arg("--config").arg(path);
        }
        command
    }

    /// Starts it and waits until it serves.
    pub fn start(self) -> TestServer {
        match self.try_start() {
            Ok(server) => server,
            Err((_, log)) => panic!("the server did not start:\n{log}"),
        }
    }

    /// Starts it; its exit status and what it said when it does not come up.
    pub fn try_start(self) -> Result<TestServer, (ExitStatus, String)> {
        let folder = self
            .folder
            .clone()
            .unwrap_or_else(|| Arc::new(TempDir::new().unwrap()));
        let listen = |setup: Self, name: &str| {
            let set = setup.environment.iter().any(|(known, _)| known == name);
            let default = if name == "FRONTDESK_LISTEN" {
                "localhost:0"
            } else {
                "127.0.0.1:0"
            };
            if set {
                setup
            } else {
                setup.with(name, default)
            }
        };
        let setup = listen(
            listen(self, "FRONTDESK_LISTEN"),
            "FRONTDESK_MANAGEMENT_LISTEN",
        )
        .with("FRONTDESK_LOG_FORMAT", "json");
        let mut child = setup
            .command(folder.path(), &["serve"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        let mut serving = None;
        for line in lines.by_ref().map_while(Result::ok) {
            let _ = writeln!(log.lock().unwrap(), "{line}");
            let fields = serde_json::from_str::<Value>(&line)
                .map(|line| line["fields"].clone())
                .unwrap_or_default();
            if fields["message"] == "serving" {
                serving = Some(fields);
                break;
            }
        }
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = writeln!(kept.lock().unwrap(), "{line}");
            }
        });
        let Some(fields) = serving else {
            let status = child.wait().unwrap();
            return Err((status, log.lock().unwrap().clone()));
        };
        let port = |name: &str| {
            let first = fields[name].as_str().unwrap().split(' ').next().unwrap();
            first.rsplit(':').next().unwrap().parse().unwrap()
        };
        let mut stdout = child.stdout.take().unwrap();
        let printed = Arc::new(Mutex::new(String::new()));
        let keep = Arc::clone(&printed);
        std::thread::spawn(move || {
            let mut buffer = [0_u8; 4096];
            while let Ok(read @ 1..) = stdout.read(&mut buffer) {
                keep.lock().unwrap().push_str(&String::from_utf8_lossy(
                    buffer.get(..read).unwrap_or_default(),
                ));
            }
        });
        Ok(TestServer {
            child,
            port: port("listen"),
            management: port("management"),
            folder,
            log,
            printed,
            setup,
        })
    }
}

/// The running binary. It is killed when the test is done with it.
pub struct TestServer {
    child: Child,
    /// The port it serves on.
    pub port: u16,
    /// The port of its management listener.
    pub management: u16,
    /// The folder it runs in.
    pub folder: Arc<TempDir>,
    log: Arc<Mutex<String>>,
    printed: Arc<Mutex<String>>,
    setup: Setup,
}

impl TestServer {
    /// [`Setup::new`], started.
    pub fn start() -> Self {
        Setup::new().start()
    }

    /// Open registration.
    pub fn open() -> Self {
        Setup::new().with("FRONTDESK_REGISTRATION", "open").start()
    }

    /// The issuer of development mode.
    pub fn issuer(&self) -> String {
        let scheme = if self
            .setup
            .environment
            .iter()
            .any(|(name, value)| name == "FRONTDESK_TLS" && value == "off")
        {
            "http"
        } else {
            "https"
        };
        format!("{scheme}://localhost:{}", self.port)
    }

    /// Returns its log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until its log has this text. Another thread reads the log, so a line may come after the answer that follows it.
    pub fn logs(&self, text: &str) {
        until(&format!("the log has {text:?}"), || {
            self.log().contains(text)
        });
    }

    /// Returns its output so far.
    pub fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    /// Another command of the program with the same settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.setup.command(self.folder.path(), arguments)
    }

    /// Runs another command of the program with the same settings.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.setup
            .command(self.folder.path(), arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs another command that must succeed, and gives what it printed.
    pub fn ran(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// The identifier of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The resident memory of the process in KiB: a line of /proc/PID/status, such as `VmRSS` or, at its peak, `VmHWM`.
    pub fn memory(&self, line: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let value = status
            .lines()
            .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))
            .unwrap();
        value.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sets a limit of the process, as `prlimit` writes it.
    pub fn limit(&self, limit: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("prlimit")
                .args(["--pid", &id, limit])
                .status()
                .unwrap()
                .success(),
            "{limit}"
        );
    }

    /// Waits until it is gone.
    pub fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status,
                None if begun.elapsed() > PATIENCE => {
                    panic!("the server does not stop:\n{}", self.log())
                }
                None => std::thread::yield_now(),
            }
        }
    }

    /// A connection from an address of this machine, such as 127.0.0.2.
    pub fn connect_from(&self, address: &str) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::new(address.parse().unwrap(), 0).into())
            .unwrap();
        socket
            .connect(&SocketAddr::from(([127, 0, 0, 1], self.port)).into())
            .unwrap();
        let stream = TcpStream::from(socket);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Begins a request at a path.
    pub fn request(&self, method: &str, path: &str) -> Ask {
        Ask::new(method, &format!("http://127.0.0.1:{}{path}", self.port))
    }

    /// GET at a path.
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    /// GET at a path of the management listener.
    pub fn managed(&self, path: &str) -> Answer {
        Ask::new(
            "GET",
            &format!("http://127.0.0.1:{}{path}", self.management),
        )
        .send()
    }

    /// Registers at the standard door as `admin`.
    pub fn register(&self, metadata: &Value) -> Answer {
        self.request("POST", "/register")
            .admin()
            .json(metadata)
            .send()
    }

    /// Registers a plain client and gives the client information.
    pub fn client(&self) -> Value {
        self.register(
            &json!({ "redirect_uris": ["https://rp.example/cb"], "client_name": "A client" }),
        )
        .created()
    }

    /// Adds an account with [`PASSWORD`].
    pub fn account(&self, name: &str, role: &str) {
        let mut command = self.setup.command(
            self.folder.path(),
            &["account", "add", name, "--role", role],
        );
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Every registered client as `client list --json` shows it.
    pub fn clients(&self) -> Vec<Value> {
        self.ran(&["client", "list", "--json"])
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Sends bytes as they are, which must ask to close the connection, and gives back what comes.
    pub fn raw(&self, request: &str) -> String {
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    /// A management request for a client, with its own token.
    pub fn manage(&self, method: &str, client: &Value) -> Ask {
        let path = format!("/register/{}", client["client_id"].as_str().unwrap());
        self.request(method, &path)
            .bearer(client["registration_access_token"].as_str().unwrap())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request.
pub struct Ask {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// A request to a URL.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a bearer token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// With a name and a password.
    #[must_use]
    pub fn basic(self, name: &str, password: &str) -> Self {
        self.header(
            "Authorization",
            &format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))),
        )
    }

    /// As the administrator.
    #[must_use]
    pub fn admin(self) -> Self {
        self.basic("admin", PASSWORD)
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(body.to_string().as_bytes())
    }

    /// With a body and nothing that says what it is.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// Sends it.
    pub fn send(self) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build()
            .into();
        let mut request = HttpRequest::builder()
            .method(self.method.as_str())
            .uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut answer = agent
            .run(request.body(self.body).unwrap())
            .unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.url));
        let text = answer.body_mut().read_to_string().unwrap();
        Answer {
            asked: format!("{} {}", self.method, self.url),
            head: answer.map(drop),
            text,
        }
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    asked: String,
    head: Response<()>,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The status.
    pub fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    /// A header's only value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.headers().get_all(name).iter();
        let first = values.next()?.to_str().unwrap();
        assert!(values.next().is_none(), "{}: several {name}", self.asked);
        Some(first)
    }

    /// All values of a header.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.head
            .headers()
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.asked, self.text))
    }

    /// The body of an answer with that status, which must be JSON that no cache may keep.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status(), status, "{}: {}", self.asked, self.text);
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{}",
            self.asked
        );
        assert_eq!(
            self.header("cache-control"),
            Some("no-store"),
            "{}",
            self.asked
        );
        assert_eq!(self.header("pragma"), Some("no-cache"), "{}", self.asked);
        assert_eq!(
            self.header("x-content-type-options"),
            Some("nosniff"),
            "{}",
            self.asked
        );
        self.json()
    }

    /// The client information of a registration. RFC 7591 §3.2.1.
    #[track_caller]
    pub fn created(&self) -> Value {
        self.expect(201)
    }

    /// The client information of a read or an update. RFC 7592 §3.
    #[track_caller]
    pub fn ok(&self) -> Value {
        self.expect(200)
    }

    /// A refusal with that status and error code; gives its description, which is a sentence.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> String {
        let body = self.expect(status);
        assert_eq!(body["error"], code, "{}: {}", self.asked, self.text);
        let description = body["error_description"]
            .as_str()
            .expect("a description")
            .to_owned();
        assert_eq!(body.as_object().unwrap().len(), 2, "{}", self.text);
        description
    }

    /// An empty answer to a deletion. RFC 7592 §2.3.
    #[track_caller]
    pub fn deleted(&self) {
        assert_eq!(
            (self.status(), self.text.as_str()),
            (204, ""),
            "{}",
            self.asked
        );
        assert_eq!(self.header("cache-control"), Some("no-store"));
    }
}

/// A database of its own on the throw-away PostgreSQL that the test script starts.
pub struct Postgres {
    pub url: String,
    server: String,
    name: String,
}

impl Postgres {
    /// Makes an empty database.
    pub fn new() -> Self {
        let server =
            variable("TEST_POSTGRES").expect("TEST_POSTGRES names the server; run the tests with `make test` or scripts/with-postgres");
        let mut random = [0_u8; 8];
        openssl::rand::rand_bytes(&mut random).unwrap();
        let name = random
            .iter()
            .fold("frontdesk_test_".to_owned(), |name, byte| {
                format!("{name}{byte:02x}")
            });
        let base = server.rsplit_once('/').unwrap().0.to_owned();
        let database = Self {
            url: format!("{base}/{name}"),
            server,
            name,
        };
        database.psql(&format!("CREATE DATABASE {}", database.name));
        database
    }

    /// Returns the URL for the only account that needs a password, by the settings of scripts/with-postgres.
    pub fn with_password(&self) -> String {
        self.execute("DROP ROLE IF EXISTS with_password");
        self.execute("CREATE ROLE with_password LOGIN SUPERUSER PASSWORD 'hush'");
        let url = |password: &str| {
            self.url
                .replacen("postgres@", &format!("with_password:{password}@"), 1)
        };
        let wrong = Command::new(Self::program())
            .args(["-qX", "-c", "SELECT 1", &url("wrong")])
            .output()
            .unwrap();
        assert!(!wrong.status.success(), "the server asks for no password");
        url("hush")
    }

    /// Runs a statement in it.
    pub fn execute(&self, statement: &str) {
        Self::psql_at(&self.url, statement);
    }

    /// The text of the one column and row that a query gives.
    pub fn value(&self, query: &str) -> String {
        let output = Command::new(Self::program())
            .args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-c", query, &self.url])
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{query}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// Runs a statement in a transaction that stays open.
    pub fn hold(&self, statement: &str) -> Held {
        let mut child = Command::new(Self::program())
            .args(["-qAtX", "-v", "ON_ERROR_STOP=1", &self.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(
            child.stdin.as_mut().unwrap(),
            "BEGIN; {statement}; SELECT 'held';"
        )
        .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert_eq!(said, "held\n", "{statement}");
        Held(child)
    }

    fn psql(&self, statement: &str) {
        Self::psql_at(&self.server, statement);
    }

    fn program() -> PathBuf {
        let beside = PathBuf::from(variable("TEST_POSTGRES_BIN").unwrap_or_default()).join("psql");
        if beside.exists() {
            beside
        } else {
            PathBuf::from("psql")
        }
    }

    /// The rows of a query in it, with `|` between the columns, or what is wrong.
    pub fn select(&self, query: &str) -> Result<Vec<String>, String> {
        let output = Self::psql_output(&self.url, query);
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout)
                .unwrap()
                .lines()
                .map(str::to_owned)
                .collect()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    fn psql_at(url: &str, statement: &str) {
        let output = Self::psql_output(url, statement);
        assert!(
            output.status.success(),
            "{statement}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn psql_output(url: &str, statement: &str) -> Output {
        Command::new(Self::program())
            .args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement, url])
            .output()
            .unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

/// A transaction that is open until it is released.
pub struct Held(Child);

impl Held {
    /// Ends the transaction.
    pub fn release(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }
}

/// Tries until it is so.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}
