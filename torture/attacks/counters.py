"""The counters of a service, read from /metrics."""

import re

from torture.wire import Wire

LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.M)


class Counters:
    """Counters at one moment; empty when the service did not tell them."""

    def __init__(self, server):
        self.rows = []
        wire = Wire(server.management)
        try:
            wire.patience = 5.0
            text = wire.ask("GET", "/metrics").text.decode()
            self.rows = [(name, labels, float(value)) for name, labels, value in LINE.findall(text)]
        except Exception:  # an attacked service may be gone, or have no descriptor left for this connection
            pass
        finally:
            wire.close()

    def sum(self, name, label=""):
        """Returns the sum of a metric's values whose labels contain a text; None when there is no such metric."""
        values = [value for known, labels, value in self.rows if known == name and label in labels]
        return sum(values) if values else None


def growth(before, after, name, label=""):
    """Returns by how much a counter grew; None when it is not there."""
    last = after.sum(name, label)
    return None if last is None else last - (before.sum(name, label) or 0.0)
