"""HTTP/1.1 over a connection that is kept, and not a step beyond what the service answers."""

import json
import socket
from dataclasses import dataclass

PATIENCE = 30.0
"""Seconds without a byte after which a request counts as unanswered; longer than any time-out of the service."""


class Unanswered(Exception):
    """The connection ended, or nothing came, before the answer was whole."""


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict
    text: bytes

    def json(self):
        """The body as JSON."""
        return json.loads(self.text)


class Wire:
    """A connection to a port of this machine, made when it is needed."""

    def __init__(self, port, address=None):
        self.port, self.address, self.patience = port, address, PATIENCE
        self.socket = None
        self.pending = b""

    def close(self):
        """Forgets the connection."""
        if self.socket:
            self.socket.close()
        self.socket, self.pending = None, b""

    def connect(self):
        """Makes the connection, unless it stands."""
        if not self.socket:
            self.socket = socket.create_connection(("127.0.0.1", self.port), self.patience, self.address and (self.address, 0))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, method, path, body=None, token=None):
        """Sends one request and reads its answer."""
        text = json.dumps(body).encode() if body is not None else b""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(text)}"]
        try:
            self.connect()
            self.socket.sendall("\r\n".join([*lines, "", ""]).encode() + text)
            return self.answer()
        except OSError as error:
            self.close()
            raise Unanswered(str(error)) from error

    def answer(self):
        """Reads one answer to a request that was sent."""
        while b"\r\n\r\n" not in self.pending:
            self.more()
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        first, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        length = int(headers.get("content-length", "0"))
        while len(self.pending) < length:
            self.more()
        text, self.pending = self.pending[:length], self.pending[length:]
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(first.split(" ")[1]), headers, text)

    def more(self):
        """Reads what there is."""
        read = self.socket.recv(65536)
        if not read:
            raise ConnectionResetError("the connection was closed")
        self.pending += read
