//! A small provider over real TLS that is right, or wrong in one way at a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use openssl::ssl::SslAcceptor;
use protocol::Clock;
use serde_json::{Value, json};
use server::tls;

pub const TOKEN: &str = "iat_0123456789abcdef-initial";
pub const PASSWORD: &str = "correct horse battery";
pub const SECRET: &str = "0123456789abcdef-client-secret";
pub const MANAGEMENT_TOKEN: &str = "rat_0123456789abcdef-first";
pub const RENEWED_TOKEN: &str = "rat_0123456789abcdef-second";

/// One way to be wrong, or unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    None,
    WebfingerRedirects,
    WebfingerRedirectsForEver,
    WebfingerUnknown,
    WebfingerWithoutLink,
    WebfingerNotJson,
    LinkNotHttps,
    AnotherIssuer,
    SlashedIssuer,
    DiscoveryDown,
    DiscoveryMoved,
    DiscoveryNotJson,
    DiscoveryRelativeEndpoint,
    DiscoveryPlainEndpoint,
    DiscoveryPlainKeys,
    NoRegistration,
    AuthorizationPlaceholder,
    AuthorizationUnknown,
    AuthorizationElsewhere,
    AuthorizationRedirects,
    NoKeys,
    PrivateKey,
    EchoedCredentials,
    CreatedAs200,
    NoExpiry,
    UriWithoutToken,
    TokenWithoutUri,
    ManagementElsewhere,
    ManagementPlain,
    NoManagement,
    RenewedToken,
    ReadDown,
    ReadAnother,
    UpdateRefused,
    DeletedAs200,
    DeleteUnsupported,
    NeverGone,
}

struct Inner {
    twist: Twist,
    origin: String,
    registered: AtomicBool,
    stopped: AtomicBool,
    asked: Mutex<Vec<String>>,
}

/// The provider, until it is dropped.
pub struct Provider {
    inner: Arc<Inner>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
    ca: PathBuf,
    _folder: tempfile::TempDir,
}

impl Provider {
    pub fn start(twist: Twist) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = tls::development_certificates(
            folder.path(),
            &["localhost".to_owned()],
            Clock::system().now(),
        )
        .unwrap();
        let acceptor = tls::acceptor(&made.certificate, &made.key).unwrap().build();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            twist,
            origin: format!("https://localhost:{}", address.port()),
            registered: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            asked: Mutex::new(Vec::new()),
        });
        let serving = Arc::clone(&inner);
        let thread = std::thread::spawn(move || serve(&serving, &listener, &acceptor));
        Self {
            inner,
            address,
            thread: Some(thread),
            ca: made.ca_pem,
            _folder: folder,
        }
    }

    pub fn origin(&self) -> &str {
        &self.inner.origin
    }

    pub fn account(&self) -> String {
        format!("acct:alice@localhost:{}", self.address.port())
    }

    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// Returns true if a client is registered now.
    pub fn holds_a_client(&self) -> bool {
        self.inner.registered.load(Ordering::SeqCst)
    }

    /// Method and path of every request, in order.
    pub fn asked(&self) -> Vec<String> {
        self.inner.asked.lock().unwrap().clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.inner.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn serve(inner: &Inner, listener: &TcpListener, acceptor: &SslAcceptor) {
    for connection in listener.incoming() {
        if inner.stopped.load(Ordering::SeqCst) {
            return;
        }
        // A client that does not trust the certificate hangs up, and the next may come.
        let Ok(Ok(mut stream)) = connection.map(|connection| acceptor.accept(connection)) else {
            continue;
        };
        let Some(asked) = Asked::read(&mut stream) else {
            continue;
        };
        inner
            .asked
            .lock()
            .unwrap()
            .push(format!("{} {}", asked.method, asked.path));
        let answer = inner.answer(&asked).to_string();
        drop(stream.write_all(answer.as_bytes()));
        drop(stream.shutdown());
    }
}

struct Asked {
    method: String,
    path: String,
    authorization: Option<String>,
    body: Value,
}

impl Asked {
    fn read(stream: &mut impl Read) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let mut words = line.split(' ').map(str::to_owned);
        let (method, path) = (words.next()?, words.next()?);
        let (mut authorization, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            match name.to_ascii_lowercase().as_str() {
                "authorization" => authorization = Some(value.to_owned()),
                "content-length" => length = value.parse().ok()?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        Some(Self {
            method,
            path,
            authorization,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        })
    }

    fn shows(&self, token: &str) -> bool {
        self.authorization.as_deref() == Some(&format!("Bearer {token}"))
    }
}

struct Answer {
    status: u16,
    location: Option<String>,
    body: String,
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "HTTP/1.1 {} -\r\nConnection: close\r\nContent-Type: application/json\r\n",
            self.status
        )?;
        if let Some(location) = &self.location {
            write!(f, "Location: {location}\r\n")?;
        }
        if self.status != 204 {
            write!(f, "Content-Length: {}\r\n", self.body.len())?;
        }
        write!(f, "\r\n{}", self.body)
    }
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer {
        status,
        location: None,
        body: body.to_string(),
    }
}

fn text(status: u16, body: &str) -> Answer {
    Answer {
        status,
        location: None,
        body: body.to_owned(),
    }
}

fn moved(location: String) -> Answer {
    Answer {
        status: 302,
        location: Some(location),
        body: String::new(),
    }
}

impl Inner {
    fn answer(&self, asked: &Asked) -> Answer {
        let path = asked.path.split('?').next().unwrap_or_default();
        match (asked.method.as_str(), path) {
            ("GET", "/.well-known/webfinger" | "/moved") => self.webfinger(asked),
            ("GET", "/.well-known/openid-configuration") => self.document(),
            ("GET", "/jwks") => self.keys(),
            ("GET", "/authorize") => self.authorization(),
            ("POST", "/register") => self.register(asked),
            (_, "/register/c1") => self.manage(asked),
            _ => answer(404, &json!({"error": "not_found"})),
        }
    }

    fn webfinger(&self, asked: &Asked) -> Answer {
        let link = |href: &str| {
            answer(
                200,
                &json!({"links": [
                    {"rel": "http://webfinger.net/rel/avatar", "href": "https://elsewhere.example/a.png"},
                    {"rel": "http://openid.net/specs/connect/1.0/issuer", "href": href}
                ]}),
            )
        };
        match self.twist {
            Twist::WebfingerRedirectsForEver => moved("/moved".to_owned()),
            Twist::WebfingerRedirects if asked.path.starts_with("/.well-known") => {
                moved(format!("{}/moved", self.origin))
            }
            Twist::WebfingerUnknown => answer(404, &json!({})),
            Twist::WebfingerWithoutLink => {
                answer(200, &json!({"subject": "acct:alice", "links": []}))
            }
            Twist::WebfingerNotJson => text(200, "<html>welcome</html>"),
            Twist::LinkNotHttps => link("http://login.example.com"),
            _ => link(&self.origin),
        }
    }

    fn document(&self) -> Answer {
        let origin = &self.origin;
        let issuer = match self.twist {
            Twist::AnotherIssuer => "https://login.example.com".to_owned(),
            Twist::SlashedIssuer => format!("{origin}/"),
            _ => origin.clone(),
        };
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "jwks_uri": format!("{origin}/jwks"),
            "registration_endpoint": format!("{origin}/register"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"]
        });
        match self.twist {
            Twist::DiscoveryDown => return answer(500, &json!({"error": "server_error"})),
            Twist::DiscoveryMoved => return moved("https://elsewhere.example/".to_owned()),
            Twist::DiscoveryNotJson => return text(200, "<html>"),
            Twist::DiscoveryRelativeEndpoint => {
                document["registration_endpoint"] = json!("/register");
            }
            Twist::DiscoveryPlainEndpoint => {
                document["registration_endpoint"] = json!(origin.replace("https", "http"));
            }
            Twist::DiscoveryPlainKeys => {
                document["jwks_uri"] = json!(format!("{}/jwks", origin.replace("https", "http")));
            }
            Twist::AuthorizationElsewhere => {
                document["authorization_endpoint"] = json!("https://127.0.0.1:1/authorize");
            }
            Twist::NoRegistration => drop(
                document
                    .as_object_mut()
                    .map(|document| document.remove("registration_endpoint")),
            ),
            _ => {}
        }
        answer(200, &document)
    }

    fn authorization(&self) -> Answer {
        match self.twist {
            Twist::AuthorizationPlaceholder => answer(
                501,
                &json!({"error": "server_error", "error_description": "This endpoint is a placeholder."}),
            ),
            Twist::AuthorizationUnknown => text(404, "<html>"),
            Twist::AuthorizationRedirects => moved("https://elsewhere.example/login".to_owned()),
            _ => answer(400, &json!({"error": "invalid_request"})),
        }
    }

    fn keys(&self) -> Answer {
        let mut key =
            json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "k1", "x": "eA", "y": "eQ"});
        match self.twist {
            Twist::NoKeys => return answer(200, &json!({"keys": []})),
            Twist::PrivateKey => key["d"] = json!("ZA"),
            _ => {}
        }
        answer(200, &json!({"keys": [key]}))
    }

    fn register(&self, asked: &Asked) -> Answer {
        let basic = format!(
            "Basic {}",
            openssl::base64::encode_block(format!("admin:{PASSWORD}").as_bytes())
        );
        if self.twist == Twist::EchoedCredentials {
            let told = format!(
                "I was shown {}",
                asked.authorization.as_deref().unwrap_or_default()
            );
            return answer(
                400,
                &json!({"error": "invalid_client_metadata", "error_description": told}),
            );
        }
        if !asked.shows(TOKEN) && asked.authorization.as_deref() != Some(&basic) {
            return answer(
                401,
                &json!({"error": "invalid_token", "error_description": "Not known."}),
            );
        }
        self.registered.store(true, Ordering::SeqCst);
        let mut client = self.client(&asked.body["client_name"]);
        let without = |client: &mut Value, name: &str| {
            drop(client.as_object_mut().map(|client| client.remove(name)));
        };
        match self.twist {
            Twist::CreatedAs200 => return answer(200, &client),
            Twist::NoExpiry => without(&mut client, "client_secret_expires_at"),
            Twist::UriWithoutToken => without(&mut client, "registration_access_token"),
            Twist::TokenWithoutUri => without(&mut client, "registration_client_uri"),
            Twist::ManagementElsewhere => {
                client["registration_client_uri"] = json!("https://elsewhere.example/register/c1");
            }
            Twist::ManagementPlain => {
                client["registration_client_uri"] =
                    json!(format!("{}/c1", self.origin.replace("https", "http")));
            }
            Twist::NoManagement => {
                without(&mut client, "registration_access_token");
                without(&mut client, "registration_client_uri");
            }
            _ => {}
        }
        answer(201, &client)
    }

    fn client(&self, name: &Value) -> Value {
        json!({
            "client_id": "c1",
            "client_id_issued_at": 1_700_000_000,
            "client_secret": SECRET,
            "client_secret_expires_at": 0,
            "registration_access_token": MANAGEMENT_TOKEN,
            "registration_client_uri": format!("{}/register/c1", self.origin),
            "redirect_uris": ["https://frontdesk.example/callback"],
            "client_name": name
        })
    }

    fn manage(&self, asked: &Asked) -> Answer {
        let renewed = self.twist == Twist::RenewedToken
            && self
                .asked
                .lock()
                .unwrap()
                .iter()
                .filter(|asked| asked.ends_with("/c1"))
                .count()
                > 1;
        let token = if renewed {
            RENEWED_TOKEN
        } else {
            MANAGEMENT_TOKEN
        };
        if !self.registered.load(Ordering::SeqCst) || !asked.shows(token) {
            return answer(401, &json!({"error": "invalid_token"}));
        }
        match (asked.method.as_str(), self.twist) {
            ("GET", Twist::ReadDown) => text(500, "<html>"),
            ("GET", Twist::ReadAnother) => answer(200, &json!({"client_id": "c2"})),
            ("GET", Twist::RenewedToken) => {
                let mut client = self.client(&json!("Frontdesk try"));
                client["registration_access_token"] = json!(RENEWED_TOKEN);
                answer(200, &client)
            }
            ("GET", _) => answer(200, &self.client(&json!("Frontdesk try"))),
            ("PUT", Twist::UpdateRefused) => {
                let told = format!("{SECRET} and {MANAGEMENT_TOKEN} are not liked.");
                answer(
                    400,
                    &json!({"error": "invalid_client_metadata", "error_description": told}),
                )
            }
            ("PUT", _) => {
                let issued = [
                    "registration_access_token",
                    "registration_client_uri",
                    "client_secret_expires_at",
                    "client_id_issued_at",
                ];
                if asked.body["client_id"] != "c1"
                    || asked.body["client_secret"] != SECRET
                    || issued.iter().any(|member| asked.body.get(member).is_some())
                {
                    return answer(
                        400,
                        &json!({"error": "invalid_client_metadata", "error_description": "Not an update request."}),
                    );
                }
                let mut client = self.client(&asked.body["client_name"]);
                client["registration_access_token"] = json!(token);
                answer(200, &client)
            }
            ("DELETE", Twist::DeleteUnsupported) => {
                answer(405, &json!({"error": "invalid_request"}))
            }
            ("DELETE", Twist::NeverGone) => text(204, ""),
            ("DELETE", twist) => {
                self.registered.store(false, Ordering::SeqCst);
                if twist == Twist::DeletedAs200 {
                    answer(200, &json!({}))
                } else {
                    text(204, "")
                }
            }
            _ => answer(405, &json!({})),
        }
    }
}
