"""Runs the scenarios one after another, and says in numbers what was done and what was lost."""

import argparse
import random
import signal
import sys
import time
import traceback

from torture.attacks.table import ATTACKS, scenario
from torture.crash import crash
from torture.failover import frozen, killed
from torture.full import full
from torture.ledger import Ledger
from torture.outage import outage
from torture.race import race
from torture.self_check import self_check
from torture.site import Site
from torture.stop import stop

SCENARIOS = {
    "self-check": (self_check, ("sqlite",)),
    "crash": (crash, ("sqlite", "postgresql")),
    "stop": (stop, ("sqlite", "postgresql")),
    "outage": (outage, ("postgresql",)),
    "race": (race, ("postgresql",)),
    "failover": (killed, ("postgresql",)),
    "hang": (frozen, ("postgresql",)),
    "full": (full, ("sqlite",)),
    **{name: (scenario(name), ("sqlite",)) for name in ATTACKS},
}
"""What is done, and on which databases."""

ALL_ATTACKS = "attacks"
"""The name of all attacks together."""


def options():
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="scripts/torture", description=__import__("torture").__doc__)
    parser.add_argument("scenario", nargs="*", help=f"only these: {ALL_ATTACKS}, {', '.join(SCENARIOS)}")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="only this one")
    parser.add_argument("--seconds", type=float, default=60.0, help="seconds of load in crash (60)")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between kills, about (4)")
    parser.add_argument("--clients", type=int, default=16, help="clients at a time (16)")
    parser.add_argument("--seed", type=int, default=None, help="for the choices of the clients and of the moments")
    parser.add_argument("--quick", action="store_true", help="everything once and briefly: about six minutes in all")
    parser.add_argument("--self-check", action="store_true", help="only see that broken promises are found: a few seconds")
    parser.add_argument("--own-mounts", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--binary", required=True, help="another binary than the one that is built from here")
    parser.add_argument("--postgres", required=True, help=argparse.SUPPRESS)
    read = parser.parse_args()
    if read.self_check:
        read.scenario = ["self-check"]
    for name in read.scenario:
        if name not in SCENARIOS and name != ALL_ATTACKS:
            parser.error(f"{name} is no scenario; there are {ALL_ATTACKS} and {', '.join(SCENARIOS)}")
    if ALL_ATTACKS in read.scenario:
        read.scenario += ATTACKS
    read.starts, read.stops, read.outages, read.away, read.races = (2, 1, 1, 4.0, 10) if read.quick else (6, 4, 2, 8.0, 60)
    if read.quick:
        read.seconds, read.every = min(read.seconds, 6.0), min(read.every, 2.0)
    read.seed = random.randrange(10**6) if read.seed is None else read.seed
    random.seed(read.seed)
    return read


def run(read, name, kind):
    """One scenario on one database: whether everything was kept."""
    act, _ = SCENARIOS[name]
    ledger = Ledger()
    begun = time.monotonic()
    figures = {}
    with Site(read, kind) as site:
        try:
            figures = act(site, ledger)
        except Exception:
            ledger.lose(f"the scenario broke off: {traceback.format_exc()}")
        for server in site.servers:
            for line in server.complaints():
                ledger.lose(f"the log has: {line[:400]}")
    counts = ledger.counts
    figures = {"seconds": round(time.monotonic() - begun), **dict(sorted(counts.items())), **figures}
    figures["promised"] = len(ledger.clients)
    figures["broken promises"] = len(ledger.losses)
    print(f"{'FAIL' if ledger.losses else 'ok  '} {name} on {kind}: " + ", ".join(f"{key} {value}" for key, value in figures.items()), flush=True)
    for sentence in ledger.losses[:20]:
        print(f"     {sentence}", flush=True)
    return not ledger.losses


def main():
    """All that was asked for; the exit code says whether every promise was kept."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    read = options()
    print(f"seed {read.seed}, {read.clients} clients", flush=True)
    wanted = [
        (name, kind)
        for name, (_, kinds) in SCENARIOS.items()
        for kind in kinds
        if (not read.scenario or name in read.scenario) and read.database in (None, kind)
    ]
    kept = [run(read, name, kind) for name, kind in wanted]
    print(f"{sum(kept)} of {len(kept)} scenarios kept every promise")
    sys.exit(0 if kept and all(kept) else 1)


main()
