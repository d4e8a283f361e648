"""Registered clients, from addresses of their own, so that they use up no attacker's share."""

from torture.attacks.asked import addresses, registration
from torture.attacks.crowd import at_once

EACH = 50
"""The number of registrations of one address: fewer than it may make in a minute."""


def register(server, count, **members):
    """Registers that many clients at an open provider; returns what the 201s showed."""
    sources = addresses(-(-count // EACH), network=100)
    replies = at_once(server.port, [(sources[number // EACH], registration(f"own-{number}", **members)) for number in range(count)])
    wrong = {reply.status for reply in replies if reply.status != 201}
    if wrong:
        raise RuntimeError(f"clients could not be registered: {wrong}")
    return [reply.json() for reply in replies]


REFUSALS = ("registration refused", "management refused", "log-in refused", "throttled", "more refused")
"""The events of refusals: alike ones share a row."""


class Written:
    """The rows of the audit trail and the revisions of clients at one moment."""

    def __init__(self, server):
        self.trail = server.rows("audit")
        self.revisions = {row["client_id"]: row["revision"] for row in server.rows("client", "list")}

    def events(self, name):
        """Returns the number of rows with that event."""
        return sum(row["event"] == name for row in self.trail)

    def refusals(self):
        """Returns the number of refusals, and the number of their rows."""
        rows = [row["times"] for row in self.trail if row["event"] in REFUSALS]
        return sum(rows), len(rows)
