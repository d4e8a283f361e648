"""Processes under measurement: starting them, and what they cost."""

import base64
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def family(pids):
    """The processes and all their descendants."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(pid)] = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def cpu(pids):
    """Seconds of processor time, user and system, of the processes, their descendants and the children they reaped."""
    total = 0
    for pid in family(pids):
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(map(int, fields[11:15]))
        except OSError:
            pass
    return total / TICK


def elsewhere(pids):
    """Seconds of processor time that the machine has spent on anything but this run, its ended children and these processes."""
    _, user, nice, system, _, _, irq, soft, *_ = pathlib.Path("/proc/stat").read_text().split("\n")[0].split()
    return sum(map(int, (user, nice, system, irq, soft))) / TICK - sum(os.times()[:4]) - cpu(pids)


def rss(pids):
    """Resident memory in megabytes."""
    pages = 0
    for pid in family(pids):
        try:
            pages += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            pass
    return pages * PAGE / 1e6


ISSUER = "http://localhost:9443"
DISCOVERY = "/.well-known/openid-configuration"


def forget_most(pids):
    """What `most` counts begins anew."""
    for pid in family(pids):
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def most(pids):
    """The most resident memory in megabytes since then, each process by itself."""
    statuses = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in family(pids)]
    return sum(int(size) for status in statuses for size in re.findall(r"^VmHWM:\s*(\d+) kB", status, re.M)) * 1024 / 1e6


class Process:
    """A server, pinned to one processor. It says on standard output or in its log where it listens, or listens `at` the address
    given and is there once it answers at `path`."""

    def __init__(self, command, environment, processor, before=(), at=None, path=DISCOVERY):
        self.begun = time.monotonic()
        pinned = ["taskset", "-c", str(processor)] if processor is not None else []
        # A file, not a pipe: what is logged under load is part of the work, and nobody reads it.
        self.log = tempfile.TemporaryFile("w+")
        self.child = subprocess.Popen(
            [*pinned, *before, *map(str, command)], env={"PATH": os.environ["PATH"], **environment}, stdout=self.log, stderr=self.log)
        self.pid = self.child.pid
        self.base = self.answering(at, path) if at else self.listening()

    def answering(self, base, path):
        while time.monotonic() < self.begun + 120:
            try:
                if fetch(base + path)[0] == 200:
                    return base
            except OSError:
                pass
            if self.child.poll() is not None:
                break
            time.sleep(0.001)
        self.child.kill()
        raise SystemExit(f"{self.child.args[-1]} does not answer: " + pathlib.Path(f"/proc/self/fd/{self.log.fileno()}").read_text()[-800:])

    def listening(self):
        while time.monotonic() < self.begun + 120:
            said = pathlib.Path(f"/proc/self/fd/{self.log.fileno()}").read_text()
            for line in said.splitlines(keepends=True):
                if line.startswith("http://") and line.endswith("\n"):
                    return line.strip().rstrip("/")
                if '"listen":' in line and line.endswith("\n"):
                    said = json.loads(line)["fields"]
                    if "management" not in said:
                        self.lookup = "http://" + said["listen"].split()[0]
                        continue
                    self.management = "http://" + said["management"]
                    return "http://" + said["listen"].split()[0]
            if self.child.poll() is not None:
                raise SystemExit("the process ended: " + said[-800:])
            time.sleep(0.001)
        raise SystemExit("the process does not listen: " + said[-800:])

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def sealing_key(folder):
    """PostgreSQL's is never made by itself."""
    if not (folder / "sealing.key").exists():
        (folder / "sealing.key").write_text(base64.b64encode(secrets.token_bytes(32)).decode())


def service(binary, folder, database=None, processor=0, before=(), settings=None):
    """The service as it ships with these settings, but for the throttle, which would refuse the load."""
    environment = {
        "FRONTDESK_DATA": str(folder), "FRONTDESK_TLS": "off", "FRONTDESK_LOG_FORMAT": "json",
        "FRONTDESK_ISSUER": ISSUER, "FRONTDESK_REGISTRATION": "open",
        "FRONTDESK_LISTEN": "127.0.0.1:0", "FRONTDESK_MANAGEMENT_LISTEN": "127.0.0.1:0",
        "FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE": "0", "FRONTDESK_LIMITS_UPDATES_PER_MINUTE": "0",
        "FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS": "0",
        "FRONTDESK_SEALING_KEY_FILE": str(folder / "sealing.key"), **(settings or {}),
    }
    sealing_key(folder)
    if database:
        environment["FRONTDESK_DATABASE"] = database
    return Process([str(binary), "serve"], environment, processor, before)


def fetch(url, headers={}, body=None):
    """Status, headers and body."""
    request = urllib.request.Request(url, headers=headers, data=body)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        return answer.status, answer.headers, answer.read()


def started(process):
    """When it first answered, in milliseconds, and its memory a second later."""
    while fetch(process.base + DISCOVERY)[0] != 200:
        pass
    took = (time.monotonic() - process.begun) * 1000
    time.sleep(1)
    return {"start_ms": took, "rss_mb": rss([process.pid])}
