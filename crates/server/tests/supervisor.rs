//! The notifications for a supervisor that waits at `NOTIFY_SOCKET`. `sd_notify(3)`.

#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

mod support;

use std::os::unix::net::UnixDatagram;
use std::sync::Arc;

use support::{PATIENCE, Setup};
use tempfile::TempDir;

fn socket(folder: &TempDir) -> (UnixDatagram, Setup) {
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    (
        socket,
        Setup::new().with("NOTIFY_SOCKET", path.to_str().unwrap()),
    )
}

/// The next word; there must be one.
fn heard(socket: &UnixDatagram) -> String {
    let mut buffer = [0; 256];
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8(buffer.get(..length).unwrap().to_vec()).unwrap()
}

/// Returns true if the socket has no further message.
fn silent(socket: &UnixDatagram) -> bool {
    socket.set_nonblocking(true).unwrap();
    socket
        .recv(&mut [0; 256])
        .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

/// The supervisor is notified once that the service is ready and once that it stops.
#[test]
fn ready_and_stopping_are_sent_once() {
    let folder = TempDir::new().unwrap();
    let (socket, setup) = socket(&folder);
    let mut server = setup.start();
    assert_eq!(heard(&socket), "READY=1\n");
    assert_eq!(server.get("/jwks").status(), 200);
    assert_eq!(server.managed("/readyz").status(), 200);
    server.signal("-TERM");
    assert_eq!(heard(&socket), "STOPPING=1\n");
    assert_eq!(server.wait().code(), Some(0));
    assert!(silent(&socket));
}

/// A supervisor with a watchdog is notified until the service stops.
#[test]
fn watchdog_is_notified_until_the_end() {
    let folder = TempDir::new().unwrap();
    let (socket, setup) = socket(&folder);
    let mut server = setup.with("WATCHDOG_USEC", "200000").start();
    assert_eq!(heard(&socket), "READY=1\n");
    for _ in 0..3 {
        assert_eq!(heard(&socket), "WATCHDOG=1\n");
    }
    server.signal("-TERM");
    while heard(&socket) == "WATCHDOG=1\n" {}
    assert_eq!(server.wait().code(), Some(0));
}

/// A start that fails never reports the service as ready.
#[test]
fn failed_start_is_never_ready() {
    let folder = Arc::new(TempDir::new().unwrap());
    let (socket, setup) = socket(&folder);
    let refused = setup
        .with("FRONTDESK_DATABASE", "sqlite://nowhere/frontdesk.db")
        .refused(folder.path(), &["serve"]);
    assert!(
        refused.contains("the folder nowhere does not exist"),
        "{refused}"
    );
    assert!(silent(&socket));
}

/// A notification socket without a reader does not prevent the start.
#[test]
fn unread_socket_does_not_block_start() {
    let server = Setup::new()
        .with("NOTIFY_SOCKET", "/nowhere/notify")
        .start();
    assert_eq!(server.get("/jwks").status(), 200);
    server.logs("the supervisor cannot be told READY=1");
}
