//! The real binary behind the proxy, and the command that looks at it.

use std::process::Output;

use serde_json::Value;

use super::authorization_server::AuthorizationServer;
use super::proxy::Proxy;
use super::support::{Setup, TestServer, frontdesk};

const TOKEN_ENDPOINT: &str = "https://as.example.test/token";

fn section(issuer: &str, access: &str, domain: bool, token_endpoint: &str) -> String {
    section_with_keys(issuer, access, domain, token_endpoint, "")
}

/// As `section`, with a line for the JWK Set.
fn section_with_keys(
    issuer: &str,
    access: &str,
    domain: bool,
    token_endpoint: &str,
    keys: &str,
) -> String {
    format!(
        "[[provider]]\nissuer = \"{issuer}\"\nregistration = \"{access}\"\ndomains = {}\n[provider.metadata]\n\
         authorization_endpoint = \"https://as.example.test/authorize\"\ntoken_endpoint = \"{token_endpoint}\"\n\
         userinfo_endpoint = \"https://as.example.test/userinfo\"\n{keys}\n",
        if domain { "[\"example.test\"]" } else { "[]" }
    )
}

/// A provider at the root of `login.example.test` with the domain `example.test`, and a tenant beside it.
pub struct Site {
    pub server: TestServer,
    pub proxy: Proxy,
    pub authorization_server: AuthorizationServer,
}

impl Site {
    /// With registration as open as that.
    pub fn start(access: &str) -> Self {
        Self::of(&[
            ("https://login.example.test", access, true),
            ("https://login.example.test/t/acme", access, false),
        ])
    }

    /// With two providers on hosts of their own.
    pub fn with_hosts() -> Self {
        Self::of(&[
            ("https://login.example.test", "protected", true),
            ("https://id.example.test", "protected", false),
        ])
    }

    /// With a JWK Set of the authorization server.
    pub fn with_foreign_keys() -> Self {
        let keys = "jwks_uri = \"https://as.example.test/jwks\"\n";
        Self::configured(&section_with_keys(
            "https://login.example.test",
            "protected",
            true,
            TOKEN_ENDPOINT,
            keys,
        ))
    }

    /// With an authorization hop.
    pub fn with_hop() -> Self {
        let text = section(
            "https://login.example.test",
            "protected",
            true,
            TOKEN_ENDPOINT,
        );
        Self::configured(&text.replace(
            "[provider.metadata]",
            "authorization_hop = true\n[provider.metadata]",
        ))
    }

    fn of(providers: &[(&str, &str, bool)]) -> Self {
        let text: String = providers
            .iter()
            .map(|(issuer, access, domain)| section(issuer, access, *domain, TOKEN_ENDPOINT))
            .collect();
        Self::configured(&text)
    }

    /// With a limit of registrations a minute, and the provider at the root only.
    pub fn limited(access: &str, per_minute: &str) -> Self {
        let text = section("https://login.example.test", access, true, TOKEN_ENDPOINT);
        let setup = Setup::new().with("FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE", per_minute);
        Self::served(setup.file(&text))
    }

    fn configured(text: &str) -> Self {
        Self::served(Setup::new().file(text))
    }

    fn served(setup: Setup) -> Self {
        let server = setup.start();
        let proxy = Proxy::start(server.port, server.management);
        let authorization_server = AuthorizationServer::start(&proxy.certificates);
        std::fs::write(
            server.folder.path().join("authority.pem"),
            &proxy.certificates.authority,
        )
        .unwrap();
        Self {
            server,
            proxy,
            authorization_server,
        }
    }

    /// Looks at it; with further arguments.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let tls = |host: &str| format!("{host}:443:127.0.0.1:{}", self.proxy.port);
        let mut resolve = ["login.example.test", "example.test", "id.example.test"]
            .map(tls)
            .to_vec();
        resolve.extend(
            ["login.example.test", "id.example.test"]
                .map(|host| format!("{host}:80:127.0.0.1:{}", self.proxy.plain_port)),
        );
        resolve.push(self.authorization_server.resolved());
        let resolve: Vec<&str> = resolve.iter().map(String::as_str).collect();
        self.resolving(&resolve, arguments)
    }

    /// Looks at it with another configuration of the provider at the root.
    pub fn check_as(&self, access: &str, token_endpoint: &str) -> (Option<i32>, Vec<Value>) {
        let text = section("https://login.example.test", access, true, token_endpoint);
        std::fs::write(self.server.folder.path().join("other.toml"), text).unwrap();
        let resolve = ["login.example.test:443", "example.test:443"]
            .map(|place| format!("{place}:127.0.0.1:{}", self.proxy.port));
        let mut command = frontdesk();
        command.current_dir(self.server.folder.path()).args([
            "check",
            "--outside",
            "--json",
            "--config",
            "other.toml",
            "--ca",
            "authority.pem",
        ]);
        command.args([
            "--resolve",
            &format!("login.example.test:80:127.0.0.1:{}", self.proxy.plain_port),
        ]);
        command.args(["--resolve", &self.authorization_server.resolved()]);
        command.args([
            "--resolve",
            &self
                .authorization_server
                .resolved_as("elsewhere.example.test"),
        ]);
        command.args(resolve.iter().flat_map(|resolve| ["--resolve", resolve]));
        read(&command.output().unwrap())
    }

    fn resolving(&self, resolve: &[&str], arguments: &[&str]) -> Output {
        let mut all = vec!["check", "--outside", "--ca", "authority.pem"];
        all.extend(resolve.iter().flat_map(|resolve| ["--resolve", resolve]));
        all.extend(arguments);
        self.server.run(&all)
    }

    /// Runs the check; returns the objects of its lines.
    pub fn check(&self, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
        let mut all = vec!["--json"];
        all.extend(arguments);
        read(&self.run(&all))
    }

    /// Runs the check with the given addresses of hosts and no others.
    pub fn check_resolving(&self, resolve: &[&str]) -> (Option<i32>, Vec<Value>) {
        read(&self.resolving(resolve, &["--json"]))
    }
}

fn read(output: &Output) -> (Option<i32>, Vec<Value>) {
    let printed = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (output.status.code(), lines)
}
