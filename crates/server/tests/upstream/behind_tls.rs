//! TLS in front of a server on loopback, with a certificate authority of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;

use protocol::Clock;
use server::tls;
use tempfile::TempDir;

pub struct TlsFront {
    pub port: u16,
    /// The certificate authority, PEM.
    pub ca: PathBuf,
    _folder: TempDir,
}

impl TlsFront {
    /// Starts it in front of a port of loopback; the certificate is for `localhost`.
    pub fn start(behind: u16) -> Self {
        let folder = TempDir::new().unwrap();
        let names = ["localhost".to_owned()];
        let now = Clock::system().now();
        let made = tls::development_certificates(folder.path(), &names, now).unwrap();
        let acceptor = tls::acceptor(&made.certificate, &made.key).unwrap().build();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A client that does not trust the authority ends the handshake.
                let Ok(mut stream) = acceptor.accept(stream) else {
                    continue;
                };
                let mut inner = TcpStream::connect(("127.0.0.1", behind)).unwrap();
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.extend(byte);
                }
                inner.write_all(&head).unwrap();
                let mut answer = Vec::new();
                inner.read_to_end(&mut answer).unwrap();
                let _ = stream.write_all(&answer);
                let _ = stream.shutdown();
            }
        });
        Self {
            port,
            ca: folder.path().join("ca.pem"),
            _folder: folder,
        }
    }
}
