"""kill -9 under load, and after each restart every promise."""

import random
import time

from torture.ledger import Ledger
from torture.load import Load
from torture.verify import verify


def crash(site, ledger: Ledger):
    """Registers, reads, replaces and deletes while the service is killed every few seconds."""
    server = site.server()
    # On an empty database too, in the middle of its migrations and of making its keys.
    for _ in range(site.options.starts):
        server.launch()
        time.sleep(random.uniform(0.0, 0.25))
        server.kill()
        ledger.count("starts cut short")
    longest = server.start()
    loaded = 0.0
    while loaded < site.options.seconds:
        with Load(ledger, [server.port], site.options.clients):
            span = min(random.uniform(0.5, 1.5) * site.options.every, max(site.options.seconds - loaded, 0.5))
            time.sleep(span)
            server.kill()
        loaded += span
        ledger.count("kills")
        orphans = [(cluster, cluster.backends()) for cluster in site.clusters]
        longest = max(longest, server.start())
        # What was sent before the kill may still happen until then, and what is verified must not change meanwhile.
        for cluster, backends in orphans:
            cluster.let_go(backends)
        verify(ledger, server)
    return {"seconds of load": round(loaded), "slowest restart s": round(longest, 2)}
