"""F12: more connections than there are descriptors, each address within its own limit."""

from torture.attacks.asked import addresses, registration
from torture.attacks.counters import growth
from torture.attacks.crowd import Held
from torture.attacks.handshakes import REFUSED
from torture.attacks.stage import DOCUMENT

HELD = 480
SOFT, HARD = 400, 4096


def soft(stage):
    """Started at 400 of 4096 descriptors: it may take what the hard limit allows."""
    return full(stage, HARD)


def hard(stage):
    """Started at 400 of 400 descriptors: what is open already goes on."""
    return full(stage, SOFT)


def total(stage):
    """Started with limits.connections at 300."""
    return full(stage, HARD, LIMITS_CONNECTIONS=300)


def full(stage, most, **settings):
    """Holds 480 connections of four addresses, and registers on one that was open before."""
    server = stage.start(limits={"RLIMIT_NOFILE": (SOFT, most)}, REGISTRATION="open", **settings)
    own = {"at": 2.0, "opened": True, "request": registration("on-an-open-connection")}
    with stage.watch(server, once={"registration": own}) as watch:
        with Held(server.port, addresses(4) * (HELD // 4), DOCUMENT) as held:
            watch.hold(4.0 if stage.quick else 8.0)
            left, taken = held.open_now(), limit(server.process.pid)
    said = server.said(watch.logged).splitlines()
    return {
        "connections": HELD,
        "left open": left,
        "soft limit": taken,
        "refused": growth(watch.before, watch.after, REFUSED, 'reason="total"'),
        "lines of too many files": sum("Too many open files" in line or "os error 24" in line for line in said),
    }


def limit(process):
    """Returns the number of files that a process may have open."""
    with open(f"/proc/{process}/limits", encoding="ascii") as file:
        return next(int(line.split()[3]) for line in file if line.startswith("Max open files"))
