"""One connection that is pushed full of bytes, and what comes back meanwhile."""

import select
import socket
import ssl
import time

STALLED = 5.0
"""The seconds without a byte in either direction after which a connection is left as it is."""


ANSWERED = 1.0
"""The seconds for which a first answer is waited for."""


class Raw:
    """A connection without a protocol, with or without TLS."""

    def __init__(self, server, address, alpn=()):
        self.said, self.ended, self.sent = b"", False, 0
        self.socket = socket.create_connection(("127.0.0.1", server.port), 20.0, (address, 0))
        self.alpn = None
        if server.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            if alpn:
                context.set_alpn_protocols(list(alpn))
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            self.alpn = self.socket.selected_alpn_protocol()
        self.socket.setblocking(False)

    def push(self, pieces, heeding=True):
        """Sends pieces until there are no more or the service closes the connection, and reads meanwhile.

        A client that heeds an answer waits for it behind the first piece: one that goes on sending may lose it to the reset that follows.
        """
        try:
            for piece in pieces:
                if not self.send(memoryview(piece)):
                    return
                if heeding:
                    select.select([self.socket], [], [], ANSWERED)
                    heeding = False
        except OSError:
            self.ended = True

    def send(self, piece):
        """Sends one piece; False when that is not possible any more."""
        moved = time.monotonic()
        while piece:
            self.read()
            if self.ended or time.monotonic() - moved > STALLED:
                return False
            try:
                sent = self.socket.send(piece)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                select.select([self.socket], [self.socket], [], 0.1)
                continue
            self.sent += sent
            piece, moved = piece[sent:], time.monotonic()
        return True

    def read(self):
        """Reads what there is; only its beginning is kept."""
        try:
            while True:
                read = self.socket.recv(65536)
                if not read:
                    self.ended = True
                    return
                self.said = (self.said + read)[:4096]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self.ended = True

    def wait_for_end(self, seconds):
        """Reads for so long, or until the service ends the connection."""
        until = time.monotonic() + seconds
        while not self.ended and time.monotonic() < until:
            self.read()
            select.select([self.socket], [], [], 0.05)

    @property
    def refused(self):
        """True for an answer of status 400 and an end."""
        return self.ended and self.said.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))

    def close(self):
        """Closes the connection."""
        self.socket.close()
