//! A reverse proxy over TLS that passes everything on, or makes one mistake.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use openssl::ssl::SslAcceptor;

use super::certificates::Certificates;

/// One mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    None,
    PrefixStripped,
    PathPrefixed,
    SlashAdded,
    Www,
    Loop,
    StaticFiles,
    CaddyEmpty,
    QueryDecoded,
    QueryDropped,
    RedirectToPlain,
    HostReflected,
    HostRewritten,
    Down,
    ManagementExposed,
    CorsTwice,
    ContentType,
    StaleDocument,
    OldDocument,
    NoEtag,
    WeakEtag,
    NotModifiedUnknown,
    CompressedUnderOneTag,
    Expires,
    NoAuthorization,
    NoMethods,
    ShortBodies,
    OwnLogin,
    NoPreflight,
    NoChallenge,
    NoWso2,
    NoIntermediate,
    OtherName,
    EndsSoon,
    EndsNow,
}

/// The behaviour of port 80.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    Redirects,
    Served,
    Silent,
}

pub struct Message {
    /// Method and target, or the status.
    pub first: Vec<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Message {
    pub fn read(stream: &mut impl Read, whole: bool) -> Option<Self> {
        let (mut bytes, mut buffer) = (Vec::new(), [0_u8; 16 * 1024]);
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(read) => bytes.extend(&buffer[..read]),
            }
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let first = lines
            .next()
            .unwrap()
            .split(' ')
            .map(str::to_owned)
            .collect();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut message = Self {
            first,
            headers,
            body: bytes.split_off(end + 4),
        };
        let length = message
            .header("content-length")
            .map_or(if whole { usize::MAX } else { 0 }, |length| {
                length.parse().unwrap()
            });
        while message.body.len() < length {
            match stream.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(read) => message.body.extend(&buffer[..read]),
            }
        }
        Some(message)
    }

    pub fn answer(status: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let mut headers: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        headers.push(("content-length".to_owned(), body.len().to_string()));
        Self {
            first: vec!["HTTP/1.1".to_owned(), status.to_owned(), "Word".to_owned()],
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    fn html(status: &str) -> Self {
        Self::answer(
            status,
            &[("content-type", "text/html")],
            "<html><center>nginx</center></html>",
        )
    }

    fn redirect(location: &str) -> Self {
        Self::answer(
            "301",
            &[("location", location), ("access-control-allow-origin", "*")],
            "",
        )
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    fn remove(&mut self, name: &str) {
        self.headers.retain(|(known, _)| known != name);
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut head = self.first.join(" ") + "\r\n";
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

struct Inner {
    mistake: Mutex<Mistake>,
    plain: Mutex<Plain>,
    service: u16,
    management: u16,
}

/// The proxy, until the test is over.
pub struct Proxy {
    inner: Arc<Inner>,
    pub certificates: Arc<Certificates>,
    pub port: u16,
    pub plain_port: u16,
}

impl Proxy {
    pub fn start(service: u16, management: u16) -> Self {
        let inner = Arc::new(Inner {
            mistake: Mutex::new(Mistake::None),
            plain: Mutex::new(Plain::Redirects),
            service,
            management,
        });
        let certificates = Arc::new(Certificates::make(&[
            "login.example.test",
            "example.test",
            "id.example.test",
            "as.example.test",
            "elsewhere.example.test",
        ]));
        let (kept, shown) = (Arc::clone(&inner), Arc::clone(&certificates));
        let port = listen(move |connection| {
            let acceptor = kept.acceptor(&shown);
            let Ok(mut stream) = acceptor.accept(connection) else {
                return;
            };
            if let Some(request) = Message::read(&mut stream, false) {
                let _ = stream.write_all(&kept.answer(request).bytes());
                let _ = stream.shutdown();
            }
        });
        let kept = Arc::clone(&inner);
        let plain_port = listen(move |mut connection| {
            let plain = *kept.plain.lock().unwrap();
            let Some(request) =
                Message::read(&mut connection, false).filter(|_| plain != Plain::Silent)
            else {
                return;
            };
            let answer = match plain {
                Plain::Served => pass(&request, kept.service),
                _ => Message::redirect(&format!(
                    "https://{}{}",
                    request.header("host").unwrap(),
                    request.first[1]
                )),
            };
            let _ = connection.write_all(&answer.bytes());
        });
        Self {
            inner,
            certificates,
            port,
            plain_port,
        }
    }

    /// Makes that mistake from now on.
    pub fn plant(&self, mistake: Mistake) {
        *self.inner.mistake.lock().unwrap() = mistake;
    }

    /// Has that on port 80 from now on.
    pub fn serve_plain(&self, plain: Plain) {
        *self.inner.plain.lock().unwrap() = plain;
    }
}

pub fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || serve(connection));
        }
    });
    port
}

impl Inner {
    fn acceptor<'a>(&self, certificates: &'a Certificates) -> &'a SslAcceptor {
        match *self.mistake.lock().unwrap() {
            Mistake::NoIntermediate => &certificates.alone,
            Mistake::OtherName => &certificates.other_name,
            Mistake::EndsSoon => &certificates.ends_soon,
            Mistake::EndsNow => &certificates.over,
            _ => &certificates.whole,
        }
    }

    /// Returns the answer to a request: the mistaken one, or the one of the service, changed on both ways.
    fn answer(&self, mut request: Message) -> Message {
        let mistake = *self.mistake.lock().unwrap();
        self.instead(mistake, &request).unwrap_or_else(|| {
            on_the_way(mistake, &mut request);
            let mut answer = pass(&request, self.service);
            on_the_way_back(mistake, &request, &mut answer);
            answer
        })
    }

    fn instead(&self, mistake: Mistake, request: &Message) -> Option<Message> {
        let (method, target) = (request.first[0].as_str(), request.first[1].as_str());
        let (host, path) = (
            request.header("host").unwrap(),
            target.split('?').next().unwrap(),
        );
        let webfinger = path == "/.well-known/webfinger";
        match mistake {
            Mistake::SlashAdded if path.ends_with("/register") => {
                Some(Message::redirect(&format!("https://{host}{path}/")))
            }
            Mistake::Www if !webfinger => Some(Message::redirect(&format!(
                "https://www.login.example.test{target}"
            ))),
            Mistake::Loop if host == "login.example.test" => Some(Message::redirect(&format!(
                "https://login.example.test{target}"
            ))),
            Mistake::StaticFiles if path.starts_with("/.well-known/") => Some(Message::html("404")),
            Mistake::CaddyEmpty if path.starts_with("/.well-known/") => {
                Some(Message::answer("200", &[], ""))
            }
            Mistake::QueryDropped if host.starts_with("example.test") => Some(Message::redirect(
                &format!("https://login.example.test{path}"),
            )),
            Mistake::RedirectToPlain if host.starts_with("example.test") => Some(
                Message::redirect(&format!("http://login.example.test{target}")),
            ),
            Mistake::HostReflected if !host.ends_with("example.test") => {
                Some(Message::redirect(&format!("https://{host}{target}")))
            }
            Mistake::Down => Some(Message::html("502")),
            Mistake::ManagementExposed if path == "/metrics" => {
                Some(pass(request, self.management))
            }
            Mistake::StaleDocument if path.contains("openid-configuration") => {
                let mut other = Message {
                    first: request.first.clone(),
                    headers: request.headers.clone(),
                    body: Vec::new(),
                };
                "/.well-known/openid-configuration".clone_into(&mut other.first[1]);
                Some(pass(&other, self.service))
            }
            Mistake::NoMethods if matches!(method, "PUT" | "DELETE") => Some(Message::html("405")),
            Mistake::ShortBodies if request.body.len() > 16 * 1024 => Some(Message::html("413")),
            Mistake::OwnLogin if path.contains("/register") && method != "OPTIONS" => {
                Some(Message::answer(
                    "401",
                    &[
                        ("www-authenticate", "Basic realm=\"intranet\""),
                        ("content-type", "text/html"),
                    ],
                    "<html></html>",
                ))
            }
            Mistake::NoWso2 if path.contains("/oauth2/") || path.contains("/identity/") => {
                Some(Message::html("404"))
            }
            Mistake::NoPreflight if method == "OPTIONS" => Some(Message::html("405")),
            _ => None,
        }
    }
}

/// Sends a request to a port.
fn pass(request: &Message, port: u16) -> Message {
    let mut service = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let _ = service.write_all(&request.bytes()); // an answer may come before the whole body was read
    Message::read(&mut service, request.first[0] != "HEAD").unwrap()
}

fn on_the_way(mistake: Mistake, request: &mut Message) {
    let target = request.first[1].clone();
    match mistake {
        Mistake::PrefixStripped => target
            .strip_prefix("/t/acme")
            .unwrap_or(&target)
            .clone_into(&mut request.first[1]),
        Mistake::PathPrefixed => request.first[1] = format!("/frontdesk{target}"),
        Mistake::QueryDecoded => {
            request.first[1] = target
                .replace("%3A", ":")
                .replace("%2B", "+")
                .replace("%40", "@")
                .replace("%2F", "/")
                .replace("%25", "%");
        }
        Mistake::HostRewritten => request.set("host", "127.0.0.1:9443"),
        Mistake::NoAuthorization => request.remove("authorization"),
        Mistake::NotModifiedUnknown => request.remove("if-none-match"),
        _ => {}
    }
}

fn on_the_way_back(mistake: Mistake, request: &Message, answer: &mut Message) {
    let document = answer.header("etag").is_some();
    match mistake {
        Mistake::CorsTwice if answer.header("access-control-allow-origin").is_some() => {
            answer
                .headers
                .push(("access-control-allow-origin".to_owned(), "*".to_owned()));
        }
        Mistake::ContentType if document => answer.set("content-type", "text/plain; charset=utf-8"),
        Mistake::OldDocument if document && answer.body.starts_with(b"{\"issuer\"") => {
            let text = String::from_utf8(answer.body.clone())
                .unwrap()
                .replace("as.example.test", "id.example.test");
            answer.body = text.into_bytes();
        }
        Mistake::NoEtag => answer.remove("etag"),
        Mistake::WeakEtag if document => {
            let tag = format!("W/{}", answer.header("etag").unwrap());
            answer.set("etag", &tag);
        }
        Mistake::CompressedUnderOneTag
            if request
                .header("accept-encoding")
                .is_some_and(|told| told.contains("gzip"))
                && document =>
        {
            answer.set("content-encoding", "gzip");
        }
        Mistake::Expires if document => answer.set("cache-control", "max-age=31536000"),
        Mistake::NoChallenge => answer.remove("www-authenticate"),
        _ => {}
    }
}
