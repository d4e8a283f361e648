"""The attacks, one row each, in the order in which they are run."""

import os

from torture.attacks import address_space, descriptors, each_address, fetches, handshakes, http2, passwords, refusals, updates
from torture.attacks.bounds import Attack, exactly, judge_log, least, most
from torture.attacks.stage import Stage

SMALL = most({"grown MB": 16, "kept MB": 16})
NO_HTTP2 = {**SMALL, **most({"HTTP/2 chosen": 0, "not refused": 0})}

KINDS = most({"log lines": 1100, "log KB": 400})
"""The bounds of a log where refusals are of many kinds: 1024 are told apart, and each has a line."""

CROWD = most({"grown MB": 128, "kept MB": 128})
"""The bounds of memory with 3000 connections at once: the usual ones, and 16 KB for each connection."""

LOGINS = {
    **CROWD,
    **exactly({f"{name}'s log-in": 201 for name in passwords.LOGINS}),
    **most({f"{name}'s log-in s": 2.0 for name in passwords.LOGINS}),
    **least({"% in 6 s": 95.0}),
    **most({"refused without Retry-After": 0, "let in": 0}),
    # limits.passwords_waiting, and one to see that there is such a metric.
    "most waiting": (1, 64 * (os.cpu_count() or 1)),
    **KINDS,
}

SHARE = {**least({"accepted": 55}), **most({"beyond the limit": 0, "answered otherwise": 0})}
WRITTEN = most({"rows amiss": 0, "revisions amiss": 0, "rows of the trail": 70})
FETCHES = [f"{tag} fetch" for tag in fetches.TAGS]
FULL = {**exactly({"registration": 201}), **most({"registration s": 1.5, "lines of too many files": 0})}
EACH = exactly({"most of an address": 32, "least of an address": 32})
TRAIL = most({"refusals not in the trail": 0, "other answers": 0})

ATTACKS = {
    "http2-empty-data": Attack(http2.empty_data, NO_HTTP2),
    "http2-endless-head": Attack(http2.endless_head, NO_HTTP2),
    "http2-field-names": Attack(http2.field_names, NO_HTTP2),
    "http2-heads": Attack(http2.heads, NO_HTTP2),
    "http2-preface": Attack(http2.preface, {**SMALL, **exactly({"ways refused": 3}), **most({"HTTP/2 chosen": 0, "not ended": 0, "upgraded": 0})}),
    "passwords": Attack(passwords.many, LOGINS),
    "passwords-abandoned": Attack(passwords.abandoned, {**CROWD, **KINDS, **exactly({"admin's log-in": 201}), **most({"admin's log-in s": 2.0})}),
    "passwords-memory": Attack(passwords.memory, KINDS),
    "passwords-one-address": Attack(passwords.one_address, most({"log lines": 250, "log KB": 80})),
    "passwords-in-sequence": Attack(passwords.in_sequence, most({"log lines": 700, "log KB": 200})),
    "updates": Attack(
        updates.one_client,
        {**SHARE, **WRITTEN, **exactly({"deletion": 429, "client after the deletion": 200, "another's update": 200})},
    ),
    "updates-six-clients": Attack(updates.six_clients, {**SHARE, **WRITTEN}),
    "updates-load": Attack(
        updates.load, {**SHARE, **WRITTEN, **most({"rows of the trail": 150, "log lines": 150, "log KB": 75, "database KB": 2048})}
    ),
    "updates-equal": Attack(updates.equal, {**exactly({"answered 200": 20}), **most({"rows of the trail": 0, "revisions": 0, "log lines": 0})}),
    "deletions": Attack(updates.deletions, {**SHARE, "clients gone": (55, 65)}),
    "fetches-refused": Attack(
        # A line for each registration of the administrator is the service's own.
        fetches.refused,
        most({"slowest answer s": 1.0, "answered otherwise": 0, "grown MB": 250, "kept MB": 250, "log lines": 300, "log KB": 100}),
    ),
    "fetches-dead-server": Attack(
        fetches.dead_server,
        {
            **exactly({name: 201 for name in FETCHES}),
            **most({f"{name} s": 1.5 for name in FETCHES}),
            **least({"updates refused with 429": 1}),
        },
    ),
    "silent-connections": Attack(handshakes.silent, least({"refused": 2000})),
    "slow-handshakes": Attack(handshakes.slow, least({"refused": 1})),
    "descriptors-soft": Attack(descriptors.soft, {**FULL, **exactly({"soft limit": 4096, "left open": 480})}),
    "descriptors-hard": Attack(descriptors.hard, {**FULL, **least({"refused": 1}), "failed answers": None}),
    "connections-total": Attack(
        descriptors.total, {**FULL, **most({"left open": 300}), **least({"refused": 150}), "failed answers": None}
    ),
    "each-address-requests": Attack(
        each_address.requests,
        {
            **least({f"{name}: least of an address": share for name, share in each_address.MINUTE.items()}),
            **most({f"{name}: addresses beyond their share": 0 for name in each_address.MINUTE}),
            **most({f"{name}: answered otherwise": 0 for name in each_address.MINUTE}),
            # Each registration and each update is a line, and so is each kind of refusal.
            **most({"log lines": 4500, "log KB": 1500}),
        },
    ),
    "each-address-connections": Attack(each_address.connections, {**EACH, **least({"refused": 30 * 8})}),
    "each-address-handshakes": Attack(each_address.handshakes, {**EACH, **least({"refused": 30 * 8})}),
    "refusals": Attack(refusals.kinds, {**TRAIL, **most({"rows": 200, "log lines": 250, "log KB": 100})}),
    "refusals-malformed": Attack(refusals.malformed, most({"other answers": 0})),
    "refusals-networks": Attack(refusals.networks, {**TRAIL, **KINDS, **most({"without an address": 0, "rows": 1100})}),
    "address-space-http2": Attack(address_space.heads, NO_HTTP2),
    "address-space-passwords": Attack(address_space.guesses, LOGINS),
}


def scenario(name):
    """Returns the attack of that name as a scenario."""

    def act(site, ledger):
        attack, stage = ATTACKS[name], Stage(site, ledger)
        figures = {}
        try:
            own = attack.act(stage)
        finally:
            figures |= {"alive": all(server.process.poll() in (None, 0) for server in site.servers), **judge_log(site.servers)}
        figures |= {**stage.figures, **own}
        for sentence in attack.judge(figures):
            ledger.lose(sentence)
        return figures

    return act
