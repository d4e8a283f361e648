"""Refusals as a load: the log and the audit trail grow with the kinds of refusals, and not with their number."""

from torture.attacks.asked import ADMINISTRATOR, addresses, basic, registration, request
from torture.attacks.clients import REFUSALS, Written
from torture.attacks.crowd import at_once, side_by_side
from torture.attacks.fetches import REFUSED as REFUSED_DOCUMENT


def kinds(stage):
    """Refusals of six kinds from 20 addresses, the throttle's among them; each is counted in the trail."""
    server = stage.start(REGISTRATION="open")
    before = Written(server)
    wrong = "Bearer rat_" + "a" * 43
    each = 20 if stage.quick else 40

    def of(at):
        return [
            *(request("GET", "/register/unknown", None, wrong) for _ in range(2 * each)),
            *(request("DELETE", "/register/unknown", None, wrong) for _ in range(each)),
            *(registration(f"refused-{at}-{number}", **REFUSED_DOCUMENT) for number in range(each)),
            *(registration(f"no-uri-{at}-{number}", redirect_uris=["http://rp.example/#fragment"]) for number in range(60)),
            *(registration("guess", basic(ADMINISTRATOR, "wrong")) for _ in range(15)),
        ]

    with stage.watch(server):
        groups = side_by_side(server.port, [(address, of(at)) for at, address in enumerate(addresses(20))])
    return told(server, before, groups)


def networks(stage):
    """F20: one refusal of each of 2000 networks of one /48, told by a proxy: more kinds than are told apart."""
    server = stage.start(REGISTRATION="open", PROXIES="127.0.0.0/8")
    before = Written(server)
    wrong = "Bearer rat_" + "a" * 43
    asked = [request("GET", "/register/unknown", None, wrong, [f"X-Forwarded-For: 2001:db8:0:{number:x}::1"]) for number in range(2000)]
    with stage.watch(server):
        groups = side_by_side(server.port, [(address, asked[at::20]) for at, address in enumerate(addresses(20))])
    figures, after = told(server, before, groups), Written(server)
    return {**figures, "without an address": sum(row["times"] for row in after.trail if row["event"] in REFUSALS and not row["address"])}


def malformed(stage):
    """Heads that are no HTTP/1.1, each on a connection of its own, from 30 addresses."""
    server = stage.start()
    count = 300 if stage.quick else 2000
    with stage.watch(server):
        replies = at_once(server.port, [(address, b"PRI * HTTP/2.0\r\n\r\n") for address in addresses(30) * (count // 30)])
    return {"refusals": sum(reply.status == 400 for reply in replies), "other answers": sum(reply.status != 400 for reply in replies)}


def told(server, before, groups):
    """Returns what the audit trail tells once the service has stopped, which writes what is still gathered."""
    statuses = [reply.status for group in groups for reply in group]
    server.stop()
    after = Written(server)
    refused, rows = (last - first for first, last in zip(before.refusals(), after.refusals()))
    return {
        "refusals": sum(400 <= status < 500 for status in statuses),
        "other answers": sum(status >= 500 or status == 0 for status in statuses),
        "refusals not in the trail": abs(sum(400 <= status < 500 for status in statuses) - refused),
        "rows": rows,
    }
