"""That broken promises are found: each kind is broken behind the service's back, and has to be reported, exactly and alone."""

import base64
import hashlib
import os
import sqlite3
import time

from torture.ledger import Ledger, metadata
from torture.load import Load
from torture.trail import DELETED, REGISTERED, UPDATED
from torture.verify import verify

REQUESTS = 400
"""How much load there is before anything is broken."""


def self_check(site, ledger: Ledger):
    """Breaks one promise after the other, and mends it before the next."""
    path = os.path.join(site.folder, "torture.db")
    server = site.server(f"sqlite://{path}")
    server.start()
    with Load(ledger, [server.port], site.options.clients):
        until = time.monotonic() + 60
        while ledger.counts["requests"] < REQUESTS or not wanted(ledger):
            if time.monotonic() > until:
                raise RuntimeError("the service is too slow to check anything")
            time.sleep(0.05)
    verify(ledger, server)
    if ledger.losses:
        return {}
    store = sqlite3.connect(path, isolation_level=None, timeout=30)
    try:
        for what, statements, expected in breakages(*wanted(ledger)):
            with kept(store):
                for statement, values in statements:
                    if store.execute(statement, values).rowcount < 1:
                        raise RuntimeError(f"{what}: nothing was broken")
                reported(ledger, server, what, expected)
        # A service that runs has read its keys, so this one is found by the next.
        server.stop()
        store.execute("DELETE FROM signing_key")
        server.start()
        reported(ledger, server, "other keys", ["the keys changed"])
    finally:
        store.close()
    # And nothing is reported once everything is as it was, but for the keys.
    del ledger.kids
    verify(ledger, server)
    return {}


def reported(ledger, server, what, expected):
    """Verifies, and wants these sentences, by their beginnings, and no other."""
    verify(ledger, server)
    found, ledger.losses = ledger.losses, []
    missing = [beginning for beginning in expected if not any(sentence.startswith(beginning) for sentence in found)]
    if missing or len(found) != len(expected):
        ledger.lose(f"{what}: reported was {found}, and not {expected}")
    else:
        ledger.count("broken promises found")


class kept:
    """The tables before and after, so that what is broken is mended. Not a transaction: the service has to see what is broken."""

    TABLES = ("client", "audit")

    def __init__(self, store):
        self.store = store

    def __enter__(self):
        for table in self.TABLES:
            self.store.execute(f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM main.{table}")

    def __exit__(self, *_):
        self.store.execute("BEGIN IMMEDIATE")
        for table in self.TABLES:
            self.store.execute(f"DELETE FROM main.{table}")
            self.store.execute(f"INSERT INTO main.{table} SELECT * FROM kept_{table}")
            self.store.execute(f"DROP TABLE kept_{table}")
        self.store.execute("COMMIT")


def wanted(ledger):
    """Two clients that are there, the first of which was replaced, and one that is gone; nothing before there are such."""
    with ledger.lock:
        clients = list(ledger.clients)
    there = [client for client in clients if not client.gone and client.certain]
    replaced = [client for client in there if client.updates]
    gone = [client for client in clients if client.gone]
    others = [client for client in there if client is not (replaced or [None])[0]]
    return (replaced[0], others[0], gone[0]) if replaced and others and gone else None


def digest(token):
    """A registration access token as the store keeps it."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def breakages(client, other, gone):
    """What is broken, with which statements, and what has to be reported."""
    named = client.shown["client_name"]
    copied = (
        "INSERT INTO client (client_id, provider, metadata, token_digest, secret_sealed, issued_at, secret_expires_at, expires_at, revision)"
        " SELECT ?, provider, {}, ?, NULL, issued_at, NULL, NULL, 1 FROM client WHERE client_id = ?"
    )
    told = "INSERT INTO audit (id, event, provider, client_id, token, address, times) SELECT 'f', ?, provider, ?, ?, ?, 1 FROM client LIMIT 1"
    untold = "DELETE FROM audit WHERE client_id = ? AND event = ?"

    def tells(times, who, what, happened):
        return f"the trail tells {times} times that {who} was {what}, which happened {happened} times"

    yield (
        "a client that is lost",
        [("DELETE FROM client WHERE client_id = ?", [client.id])],
        [f"lost: {client.id} was promised", f"lost: {client.id} has no row"],
    )
    yield (
        "a mixture of two requests",
        [("UPDATE client SET metadata = json_set(metadata, '$.client_uri', 'https://rp.example/torn') WHERE client_id = ?", [client.id])],
        [f"changed: {client.id}", f"torn: the row of {client.id}"],
    )
    yield (
        "an update that is lost, whole as it is",
        [("UPDATE client SET metadata = replace(metadata, ?, ?) WHERE client_id = ?", [named, "c-before", client.id])],
        [f"changed: {client.id}", f"torn: the row of {client.id}"],
    )
    yield (
        "a row that is another client's",
        [
            (
                "UPDATE client SET (metadata, token_digest) = (SELECT metadata, token_digest FROM client WHERE client_id = ?) WHERE client_id = ?",
                [other.id, client.id],
            )
        ],
        [f"lost: {client.id} was promised", f"torn: the row of {client.id}"],
    )
    yield (
        "a token that is worth nothing",
        [("UPDATE client SET token_digest = ? WHERE client_id = ?", [digest("another"), client.id])],
        [f"lost: {client.id} was promised"],
    )
    yield (
        "a deletion that is undone",
        [(copied.format("metadata"), [gone.id, digest(gone.token), client.id])],
        [f"resurrected: {gone.id} was deleted", f"resurrected: {gone.id} has a row"],
    )
    yield (
        "a client nobody asked for",
        [(copied.format("metadata"), ["nobody", digest("nobody"), client.id])],
        ["resurrected: nobody has a row", tells(0, "nobody", "registered", 1)],
    )
    for what, who, event in (("registration", other, REGISTERED), ("update", client, UPDATED), ("deletion", gone, DELETED)):
        happened = client.updates if event == UPDATED else 1
        verb = event.removeprefix("client ")
        yield f"the trail without a {what}", [(untold, [who.id, event])], [tells(0, who.id, verb, happened)]
        more = [event, who.id, None if event == REGISTERED else "client itself", "127.0.0.1"]
        yield f"the trail with one {what} more", [(told, more)], [tells(happened + 1, who.id, verb, happened)]
    yield (
        "the trail with a client there never was",
        [(told, [REGISTERED, "never", None, "127.0.0.1"])],
        [tells(1, "never", "registered", 0)],
    )
    yield (
        "the trail with another address",
        [("UPDATE audit SET address = '192.0.2.1' WHERE client_id = ? AND event = ?", [other.id, REGISTERED])],
        [f"the trail says of {other.id} that {REGISTERED} was done with None from 192.0.2.1"],
    )
