"""The place of one attack: a service with the default limits and the environment that is shipped, and an observer beside it."""

import json
import os
import resource
import subprocess
import sys
import time

from torture.attacks import asked, shipped
from torture.attacks.counters import Counters
from torture.attacks.crowd import room

DOCUMENT = asked.request("GET", "/.well-known/openid-configuration")
"""The request of an observer that says nothing else."""


class Stage:
    """The services of one attack, and its figures."""

    def __init__(self, site, ledger):
        self.site, self.ledger, self.quick = site, ledger, site.options.quick
        self.figures = {}
        room(0)

    def start(self, tls=False, limits=None, environment=None, **settings):
        """Starts a service: `settings` without their prefix, `limits` of the process by their names."""
        server = self.site.server()
        kept = {name: value for name, value in server.settings.items() if not name.startswith("FRONTDESK_LIMITS_")}
        server.settings = {
            **kept,
            **(shipped.environment() if environment is None else environment),
            "FRONTDESK_LOG": "info",
            "FRONTDESK_ISSUER": "https://localhost:9443" if tls else "http://localhost:9443",
            "FRONTDESK_TLS": "self-signed" if tls else "off",
            "FRONTDESK_ADMIN_PASSWORD": asked.PASSWORD,
            **{f"FRONTDESK_{name}": str(value) for name, value in settings.items()},
        }
        server.tls = tls
        server.start(limits and (lambda: [resource.setrlimit(getattr(resource, name), pair) for name, pair in limits.items()]))
        return server

    def watch(self, server, **plan):
        """Watches a service during the block."""
        return Watch(self, server, plan)


class Watch:
    """An observer beside an attack; its figures are the stage's when the block is over."""

    def __init__(self, stage, server, plan):
        self.stage, self.server = stage, server
        plan = {"request": DOCUMENT, "status": 200, "every": 0.1, "once": {}, "address": asked.OBSERVER, **plan}
        singles = {name: {"opened": False, "address": asked.OBSERVER, **single} for name, single in plan["once"].items()}
        self.plan = {**plan, "once": singles, "port": server.port, "pid": server.process.pid, "tls": server.tls}

    def __enter__(self):
        self.child = subprocess.Popen(
            [sys.executable, "-B", "-m", "torture.attacks.observer"],
            cwd=shipped.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.tell(json.dumps(self.plan, default=lambda data: data.decode("latin-1")))
        self.child.stdout.readline()
        self.logged = os.path.getsize(self.server.log)
        self.before = Counters(self.server)
        self.tell("begin")
        self.begun = time.monotonic()
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.finish()
        finally:
            self.child.kill()
            self.child.wait()

    def tell(self, line):
        """Writes a line to the observer."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def seconds(self):
        """Returns the seconds since the attack began."""
        return time.monotonic() - self.begun

    def hold(self, until):
        """Waits until that many seconds after the beginning."""
        time.sleep(max(0.0, until - self.seconds()))

    def finish(self):
        """Reads what was observed, once the memory had time to be given back."""
        self.tell("over")
        self.stage.figures["attack s"] = round(self.seconds(), 1)
        self.child.stdout.readline()
        time.sleep(1.5 if self.stage.quick else 10.0)
        self.after = Counters(self.server)
        self.tell("end")
        seen = json.loads(self.child.stdout.readline())
        for name, (status, took) in seen.pop("once").items():
            seen |= {name: status, f"{name} s": took}
        seen["grown MB"] = seen["MB at most"] - seen["MB before"]
        seen["kept MB"] = None if seen["MB after"] is None else seen["MB after"] - seen["MB before"]
        lines = self.server.said(self.logged).splitlines()
        seen |= {"log lines": len(lines), "log KB": sum(len(line) + 1 for line in lines) / 1024}
        self.stage.figures |= {name: round(value, 2) if isinstance(value, float) else value for name, value in seen.items()}
