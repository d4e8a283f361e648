"""Where a scenario takes place: a folder, a database, and everything that was started there."""

import os
import shutil
import tempfile

from torture.frontdesk import Frontdesk
from torture.postgres import Cluster


class Site:
    """Everything a scenario starts, ended and removed when it is over."""

    def __init__(self, options, kind):
        self.options, self.kind = options, kind
        self.servers, self.clusters = [], []

    def __enter__(self):
        # TMPDIR may be closed to PostgreSQL's account.
        self.folder = tempfile.mkdtemp(prefix="frontdesk-torture.", dir="/tmp")
        os.chmod(self.folder, 0o755)
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
        for cluster in self.clusters:
            cluster.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def cluster(self, primary=None):
        """A PostgreSQL server, not yet started."""
        cluster = Cluster(self.options.postgres, os.path.join(self.folder, f"postgres-{len(self.clusters)}"), primary)
        self.clusters.append(cluster)
        return cluster

    def server(self, database=None, prefix=()):
        """A Frontdesk, not yet started: at that database, or at one of the site's kind."""
        if not database and self.kind == "postgresql":
            if not self.clusters:
                self.cluster().start()
            database = self.clusters[0].url
        server = Frontdesk(self.options.binary, os.path.join(self.folder, f"frontdesk-{len(self.servers)}"), database, prefix)
        self.servers.append(server)
        return server
