"""What the service says while its database is away, and when it is back."""

import time

from torture.ledger import metadata, whole
from torture.wire import Unanswered, Wire

DOCUMENTS = (
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/jwks",
    "/.well-known/webfinger?resource=acct:alice@localhost:9443",
)
"""What needs no database."""

BACK_AT_MOST = 15.0
"""Seconds after which it registers again, counted from when a database does."""

REFUSED_AT_MOST = 16.0
"""Seconds a registration may wait for its 503: `limits.handler_seconds` and a little."""

READ_AT_MOST = 5.0
"""Seconds a document may take on a machine that is busy with the load."""


class Probe:
    """Somebody who asks again and again."""

    def __init__(self, server, ledger):
        self.server, self.ledger = server, ledger
        self.number = 0
        self.slowest_document = self.slowest_refusal = 0.0

    def register(self):
        """Registers once: the answer, or nothing; and the seconds it took."""
        self.number += 1
        tag = f"probe-{self.server.port}-{self.number}"
        with self.ledger.lock:
            self.ledger.unanswered.add(tag)
        begun = time.monotonic()
        wire = Wire(self.server.port)
        try:
            answer = wire.ask("POST", "/register", metadata(tag))
        except Unanswered as error:
            self.ledger.lose(f"a registration was not answered at all: {error}")
            return None, time.monotonic() - begun
        finally:
            wire.close()
        if answer.status == 201:
            if not whole(answer.json(), tag):
                self.ledger.lose(f"torn: a 201 for {tag} shows something else")
            self.ledger.registered(answer.json())
        return answer, time.monotonic() - begun

    def documents(self):
        """Reads what needs no database."""
        for path in DOCUMENTS:
            begun = time.monotonic()
            status = Wire(self.server.port).ask("GET", path).status
            took = time.monotonic() - begun
            self.slowest_document = max(self.slowest_document, took)
            self.ledger.count("documents read meanwhile")
            if status != 200 or took > READ_AT_MOST:
                self.ledger.lose(f"GET {path} while the database was away: {status} after {took:.1f} s")

    def away(self, seconds, strictly=True):
        """For so many seconds registrations are refused as they should be; strictly: every one of them."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.02)
            self.documents()
            answer, took = self.register()
            if answer is None:
                continue
            if answer.status != 503:
                if strictly or answer.status != 201:
                    self.ledger.lose(f"a registration while the database was away: {answer.status}")
                continue
            self.ledger.count("refused meanwhile")
            self.slowest_refusal = max(self.slowest_refusal, took)
            wait = answer.headers.get("retry-after", "")
            if not wait.isdigit() or int(wait) >= 10 or took > REFUSED_AT_MOST:
                self.ledger.lose(f"a 503 with Retry-After {wait!r} after {took:.1f} s")

    def back(self, since):
        """Waits for a registration that succeeds; the seconds since then."""
        while True:
            answer, _ = self.register()
            took = time.monotonic() - since
            if answer is not None and answer.status == 201:
                if took > BACK_AT_MOST:
                    self.ledger.lose(f"the service registers again only after {took:.1f} s")
                return took
            if took > 6 * BACK_AT_MOST:
                self.ledger.lose("the service does not register again")
                return took
            time.sleep(0.1)

    def figures(self):
        """What it measured."""
        return {"slowest document s": round(self.slowest_document, 2), "slowest refusal s": round(self.slowest_refusal, 2)}
