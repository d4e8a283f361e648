"""Every promise, held against what the service has."""

from concurrent.futures import ThreadPoolExecutor
from threading import local

from torture.ledger import whole
from torture.trail import trail
from torture.wire import Unanswered, Wire


def verify(ledger, server, readers=8):
    """Reads every client there is or was, counts the rows, holds the audit trail against both, and compares the keys.

    Nothing else may be asked of the service meanwhile.
    """
    mine = local()

    def read(client):
        if not hasattr(mine, "wire"):
            mine.wire = Wire(server.port)
        try:
            answer = mine.wire.ask("GET", client.path, None, client.token)
        except Unanswered as error:
            return f"verification of {client.id} was not answered: {error}"
        if answer.status not in (200, 401):
            return f"verification of {client.id}: {answer.status}"
        return client.settle(answer.json() if answer.status == 200 else None)

    with ThreadPoolExecutor(readers) as pool:
        found = [sentence for sentence in pool.map(read, ledger.clients) if sentence]
    listed = server.rows("client", "list")
    found += rows(ledger, listed)
    found += trail(ledger, server.rows("audit"), {row["client_id"] for row in listed})
    found += keys(ledger, server)
    for sentence in found:
        ledger.lose(sentence)
    ledger.count("verifications")
    ledger.count("verified", len(ledger.clients))


def rows(ledger, listed):
    """The rows against the promises: none too few, and none too many but whole ones nobody was told of."""
    here = {row["client_id"]: row for row in listed}
    alive = {client.id: client for client in ledger.clients if not client.gone}
    found = [f"lost: {name} has no row" for name in alive.keys() - here.keys()]
    for name, row in here.items():
        metadata = row["metadata"]
        tag = metadata.get("client_name")
        if name in alive:
            if not whole(metadata, alive[name].shown["client_name"]):
                found.append(f"torn: the row of {name}")
        elif tag not in ledger.unanswered:
            found.append(f"resurrected: {name} has a row nobody asked for")
        elif not whole(metadata, tag):
            found.append(f"torn: the row of {name}, which nobody was told of")
    strangers = [row["metadata"].get("client_name") for name, row in here.items() if name not in alive]
    if len(strangers) != len(set(strangers)):
        found.append("one registration has two rows")
    with ledger.lock:
        ledger.counts["rows nobody was told of"] = len(strangers)
    return found


def keys(ledger, server):
    """The signing keys, which no crash may change."""
    kids = sorted(key["kid"] for key in Wire(server.port).ask("GET", "/jwks").json()["keys"])
    if not hasattr(ledger, "kids"):
        ledger.kids = kids
    return [] if kids == ledger.kids else [f"the keys changed: {ledger.kids} became {kids}"]
