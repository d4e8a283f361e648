"""SQLite on a disk that is full for a while."""

import os
import resource
import signal
import subprocess
import time

from torture.ledger import Ledger
from torture.load import Load
from torture.probe import Probe
from torture.verify import verify
from torture.wire import Wire


class SmallDisk:
    """A file system of our own, in a mount namespace of our own."""

    says = "a tmpfs of 96 MiB"
    preexec = None

    def __init__(self, site):
        self.folder = os.path.join(site.folder, "disk")
        os.makedirs(self.folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "torture", self.folder], check=True)

    def fill(self, _):
        """Takes what space there is."""
        with open(os.path.join(self.folder, "filler"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass

    def empty(self, _):
        """Gives it back."""
        os.remove(os.path.join(self.folder, "filler"))

    def remove(self):
        """Unmounts it."""
        subprocess.run(["umount", "--lazy", self.folder], check=False)


class SmallFiles:
    """No file of the service may grow: what an ordinary user can do to a disk."""

    says = "a limit on the size of files"

    def __init__(self, site):
        self.folder = site.folder

    @staticmethod
    def preexec():
        """A write beyond the limit is to fail, not to end the process."""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill(self, server):
        """Lets nothing grow beyond half of the log that SQLite is writing."""
        size = os.path.getsize(os.path.join(self.folder, "torture.db-wal")) // 2
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def empty(self, server):
        """Lets everything grow again."""
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def remove(self):
        """There is nothing to remove."""


def full(site, ledger: Ledger):
    """Fills the disk under load and empties it again; reads go on, and what was promised stays."""
    disk = (SmallDisk if site.options.own_mounts else SmallFiles)(site)
    try:
        server = site.server(f"sqlite://{disk.folder}/torture.db")
        server.start(disk.preexec)
        probe = Probe(server, ledger)
        slowest = 0.0
        with Load(ledger, [server.port], site.options.clients) as load:
            for _ in range(site.options.outages):
                time.sleep(site.options.every / 2)
                answer, _ = probe.register()
                if answer is None or answer.status != 201:
                    raise RuntimeError("the disk was full before it was filled")
                known = answer.json()
                disk.fill(server)
                ledger.count("times full")
                before = ledger.counts["refused meanwhile"]
                # What fits in space that the database has already may still be promised.
                probe.away(site.options.away, strictly=False)
                if ledger.counts["refused meanwhile"] == before:
                    ledger.lose("the disk was full and nobody was refused")
                answer = Wire(server.port).ask("GET", f"/register/{known['client_id']}", None, known["registration_access_token"])
                if answer.status != 200 or answer.json() != known:
                    ledger.lose(f"a read from a full disk: {answer.status}")
                disk.empty(server)
                slowest = max(slowest, probe.back(time.monotonic()))
        server.stop()
        server.start(disk.preexec)
        verify(ledger, server)
        server.kill()
    finally:
        disk.remove()
    return {"disk": disk.says, "slowest recovery s": round(slowest, 2), "longest time without a write s": round(load.outage.longest, 2)}
