"""PostgreSQL stopped and started under load."""

import time

from torture.ledger import Ledger
from torture.load import Load
from torture.probe import Probe
from torture.verify import verify


def outage(site, ledger: Ledger):
    """Takes the database away, in good order and by a crash, and gives it back; the service is never restarted for it."""
    server = site.server()
    cluster = site.clusters[0]
    server.start()
    probe = Probe(server, ledger)
    slowest = 0.0
    with Load(ledger, [server.port], site.options.clients) as load:
        for mode in ("fast", "immediate") * site.options.outages:
            time.sleep(site.options.every / 2)
            cluster.stop(mode)
            ledger.count("outages")
            probe.away(site.options.away)
            cluster.start()
            slowest = max(slowest, probe.back(time.monotonic()))
    # Not because it would need it: so that nothing is still under way, and only what is stored counts.
    server.stop()
    server.start()
    verify(ledger, server)
    return {"slowest recovery s": round(slowest, 2), "longest time without a write s": round(load.outage.longest, 2), **probe.figures()}
