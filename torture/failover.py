"""A primary that ends or freezes under load, and a standby that takes its place."""

import signal
import time

from torture.ledger import Ledger
from torture.load import Load
from torture.probe import Probe
from torture.verify import verify


def pair(site):
    """A primary whose commits wait for its standby, the standby, and the URL with both."""
    primary = site.cluster()
    primary.configure("wal_level = replica", "max_wal_senders = 4", "synchronous_commit = on")
    primary.start()
    standby = site.cluster(primary)
    standby.start()
    # The standby has no such line, since it was copied before: promoted it waits for nobody.
    primary.configure("synchronous_standby_names = 'standby'")
    primary.reload()
    until = time.monotonic() + 30
    while primary.ask("SELECT sync_state FROM pg_stat_replication") != "sync":
        if time.monotonic() > until:
            raise RuntimeError("the standby does not become synchronous")
        time.sleep(0.1)
    url = f"postgres://postgres@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres?target_session_attrs=read-write"
    return primary, standby, url


def killed(site, ledger: Ledger):
    """The primary is killed."""
    return failover(site, ledger, signal.SIGKILL)


def frozen(site, ledger: Ledger):
    """The primary does not answer any more, with its connections standing, as on a machine that hangs."""
    return failover(site, ledger, signal.SIGSTOP)


def failover(site, ledger, end):
    """Ends the primary under load, promotes the standby, and wants every promise and new ones soon."""
    primary, standby, url = pair(site)
    server = site.server(url)
    server.start()
    probe = Probe(server, ledger)
    with Load(ledger, [server.port], site.options.clients) as load:
        time.sleep(site.options.every)
        primary.signal(end)
        probe.away(site.options.away, strictly=False)
        standby.promote()
        ledger.count("promotions")
        took = probe.back(time.monotonic())
        # And goes on so, with nothing left that waits for the old primary.
        refused = ledger.counts["answered 503"]
        time.sleep(site.options.every)
        refused = ledger.counts["answered 503"] - refused
    # Nobody may wait for the old primary at the end either.
    code, stopped = server.stop()
    if code != 0 or stopped > 15:
        ledger.lose(f"the service ended with {code} after {stopped:.1f} s")
    # A primary that was replaced must never write again.
    primary.signal(signal.SIGKILL)
    server.start()
    verify(ledger, server)
    return {
        "recovery s": round(took, 2),
        "longest time without a write s": round(load.outage.longest, 2),
        "refused after the recovery": refused,
        "end s": round(stopped, 2),
        **probe.figures(),
    }
