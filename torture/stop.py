"""SIGTERM under load: what is under way is finished, what was promised stays, and the end comes in time."""

import json
import time

from torture.ledger import Ledger, metadata, whole
from torture.load import Load
from torture.verify import verify
from torture.wire import Unanswered, Wire

AT_MOST = 15.0
"""Seconds from the signal to the end."""


def stop(site, ledger: Ledger):
    """Stops the service some times under load, each time with idle connections and with requests half sent."""
    server = site.server()
    server.start()
    slowest = 0.0
    for number in range(site.options.stops):
        idle = [Wire(server.port) for _ in range(16)]
        for wire in idle:
            wire.ask("GET", "/jwks")
        with Load(ledger, [server.port], site.options.clients):
            time.sleep(site.options.every / 2)
            halves = [Half(server.port, f"half-{number}-{at}") for at in range(8)]
            begun = time.monotonic()
            server.process.terminate()
            time.sleep(0.5)
            for half in halves:
                half.finish(ledger)
            ended(ledger, idle)
            code, _ = server.stop()
            took = time.monotonic() - begun
        slowest = max(slowest, took)
        ledger.count("stops")
        if code != 0 or took > AT_MOST:
            ledger.lose(f"the service ended with {code} after {took:.1f} s")
        server.start()
        verify(ledger, server)
    return {"slowest end s": round(slowest, 2)}


def ended(ledger, idle):
    """Connections that wait for nothing are closed."""
    for wire in idle:
        try:
            wire.socket.settimeout(AT_MOST)
            if wire.socket.recv(1) == b"":
                ledger.count("idle connections closed")
                continue
            ledger.lose("an idle connection was sent something")
        except ConnectionResetError:
            ledger.count("idle connections closed")
        except TimeoutError:
            ledger.lose("an idle connection was left open")


class Half:
    """A registration whose last byte comes after the signal."""

    def __init__(self, port, tag):
        self.tag, self.wire = tag, Wire(port)
        text = json.dumps(metadata(tag)).encode()
        self.last = text[-1:]
        head = f"POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n"
        self.wire.connect()
        self.wire.socket.sendall(head.encode() + b"Expect: 100-continue\r\n\r\n")
        # The service says so when it has begun to read the body.
        while b"\r\n\r\n" not in self.wire.pending:
            self.wire.more()
        self.wire.pending = self.wire.pending.split(b"\r\n\r\n", 1)[1]
        self.wire.socket.sendall(text[:-1])

    def finish(self, ledger):
        """Sends the rest, and wants the 201."""
        ledger.count("requests under way at the signal")
        try:
            self.wire.socket.sendall(self.last)
            answer = self.wire.answer()
        except (OSError, Unanswered) as error:
            ledger.lose(f"a request that was under way was not answered: {error}")
            return
        if answer.status != 201 or not whole(answer.json(), self.tag):
            ledger.lose(f"a request that was under way: {answer.status} {answer.text[:200]!r}")
            return
        ledger.registered(answer.json())
