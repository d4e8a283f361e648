"""The audit trail, which has one row for each change that happened and none for one that did not."""

from collections import Counter

REGISTERED, UPDATED, REISSUED, DELETED = (f"client {what}" for what in ("registered", "updated", "reissued", "deleted"))

ITSELF = "client itself"
"""How the trail calls the holder of a registration access token."""

WHO = {REGISTERED: (None, "127.0.0.1"), UPDATED: (ITSELF, "127.0.0.1"), REISSUED: (None, None), DELETED: (ITSELF, "127.0.0.1")}
"""With which token each of them is done here, and from where: the command line has neither."""


def due(ledger, here):
    """What must have a row, and how many: what was promised, and the registrations nobody was told of that are there."""
    rows = Counter({(name, REGISTERED): 1 for name in here})
    for client in ledger.clients:
        rows[client.id, REGISTERED] = 1
        rows[client.id, UPDATED] = client.updates
        rows[client.id, REISSUED] = client.reissued
        rows[client.id, DELETED] = int(client.gone)
    return rows


def trail(ledger, told, here):
    """The rows against the changes. `told` is what the trail tells, `here` the identifiers of the clients that are there."""
    told = [row for row in told if (row["event"] or "").startswith("client ")]
    expected, found = due(ledger, here), Counter((row["client_id"], row["event"]) for row in told)
    wrong = [
        f"the trail tells {found[key]} times that {key[0]} was {key[1].removeprefix('client ')}, which happened {expected[key]} times"
        for key in sorted(expected.keys() | found.keys(), key=str)
        if found[key] != expected[key]
    ]
    for row in told:
        who = (row["token"], row["address"])
        # What else there is was found already: it is due to nobody.
        if who != WHO.get(row["event"], who):
            wrong.append(f"the trail says of {row['client_id']} that {row['event']} was done with {who[0]} from {who[1]}")
    with ledger.lock:
        ledger.counts["rows of the trail compared"] += len(told)
    return wrong
