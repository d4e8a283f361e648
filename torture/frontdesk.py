"""The program under torture: started, killed, stopped, and started again with the same store."""

import json
import os
import signal
import socket
import subprocess
import time

SEALING_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
START_SECONDS = 60


def free_port():
    """A port nobody listens on at the moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Frontdesk:
    """One replica: a folder, a database, a port that stays the same."""

    def __init__(self, binary, folder, database=None, prefix=()):
        os.makedirs(folder, exist_ok=True)
        self.binary, self.folder, self.prefix = binary, folder, list(prefix)
        self.port, self.management = free_port(), free_port()
        self.process = None
        self.log = os.path.join(folder, "log")
        self.settings = {
            "PATH": os.environ.get("PATH", ""),
            "FRONTDESK_ISSUER": "http://localhost:9443",
            "FRONTDESK_TLS": "off",
            "FRONTDESK_REGISTRATION": "open",
            "FRONTDESK_LISTEN": f"127.0.0.1:{self.port}",
            "FRONTDESK_MANAGEMENT_LISTEN": f"127.0.0.1:{self.management}",
            "FRONTDESK_LIMITS_REGISTRATIONS_PER_MINUTE": "0",
            "FRONTDESK_LIMITS_UPDATES_PER_MINUTE": "0",
            "FRONTDESK_LIMITS_CONNECTIONS_PER_ADDRESS": "0",
            "FRONTDESK_LOG_FORMAT": "json",
            "FRONTDESK_LOG": "info,registration=warn",
        }
        if database:
            self.settings |= {"FRONTDESK_DATABASE": database, "FRONTDESK_SEALING_KEY": SEALING_KEY}

    def launch(self, preexec=None):
        """Starts the process and does not wait for it."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, self.binary, "serve"],
                cwd=self.folder,
                env=self.settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                preexec_fn=preexec,
            )

    def start(self, preexec=None):
        """Starts it and waits until it serves; the seconds that took."""
        begun = time.monotonic()
        told = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        self.launch(preexec)
        while '"message":"serving"' not in self.said(told):
            if self.process.poll() is not None or time.monotonic() - begun > START_SECONDS:
                raise RuntimeError(f"the service did not start: {self.said(told)}")
            time.sleep(0.01)
        return time.monotonic() - begun

    def said(self, since=0):
        """What it logged, from that byte on."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            log.seek(since)
            return log.read()

    def kill(self):
        """Ends it without a word of warning, at whatever it was doing."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self):
        """Asks it to stop; its exit code, and the seconds that took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()
            code = None
        return code, time.monotonic() - begun

    def command(self, *arguments, typed=None):
        """Another command of the program with the same settings, and with something on its standard input."""
        return subprocess.run(
            [*self.prefix, self.binary, *arguments],
            cwd=self.folder,
            env=self.settings,
            input=typed or "",
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def rows(self, *arguments):
        """What a command prints with --json, one object a line."""
        done = self.command(*arguments, "--json")
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def complaints(self):
        """Lines of its log that should never be there: panics, and failures that are neither the store's being away nor a head that is no HTTP."""
        lines = [line for line in self.said().splitlines() if "request parse error" not in line]
        return [line for line in lines if "panicked" in line or '"level":"ERROR"' in line]
