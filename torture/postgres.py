"""PostgreSQL servers of our own, durable as shipped, that may be stopped, killed, frozen and promoted."""

import os
import pwd
import shutil
import signal
import subprocess
import time

from torture.frontdesk import free_port


def account():
    """Who runs the server, which refuses to run as root; nothing when we are nobody special."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as")


class Cluster:
    """A server in a folder of its own."""

    def __init__(self, programs, folder, primary=None):
        self.programs, self.folder, self.port = programs, folder, free_port()
        self.account = account()
        os.makedirs(folder)
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        if primary:
            self.run("pg_basebackup", "-D", "data", "-R", "-X", "stream", "-c", "fast", "-d", primary.conninfo("standby"))
        else:
            self.run("initdb", "-D", "data", "-A", "trust", "-U", "postgres", "--no-locale", "-E", "UTF8")
        # Later lines win, so a standby's port replaces its primary's.
        self.configure(f"port = {self.port}", "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "fsync = on")

    def configure(self, *lines):
        """Appends settings; they count from the next start or reload."""
        with open(os.path.join(self.folder, "data", "postgresql.conf"), "a", encoding="utf-8") as file:
            file.write("\n".join(["", *lines, ""]))

    def conninfo(self, name="torture"):
        """How PostgreSQL's own programs reach it."""
        return f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres application_name={name}"

    @property
    def url(self):
        """How the service reaches it."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def program(self, name):
        """Where that program is: in the folder of the server's programs, where that leads to, or on PATH."""
        linked = os.path.dirname(os.path.realpath(os.path.join(self.programs, "initdb")))
        for folder in (self.programs, linked, *os.environ.get("PATH", "").split(os.pathsep)):
            if os.access(os.path.join(folder, name), os.X_OK):
                return os.path.join(folder, name)
        raise RuntimeError(f"PostgreSQL's {name} was not found beside {self.programs}; Debian's package is postgresql-client")

    def run(self, program, *arguments, check=True):
        """Runs one of PostgreSQL's programs as the server's account; what it printed."""
        who = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []} if self.account else {}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
        path = os.path.join(self.folder, "said")
        with open(path, "w+", encoding="utf-8") as said:  # no pipe: a server that is started would keep it open
            done = subprocess.run(
                [self.program(program), *arguments],
                cwd=self.folder,
                env=clean,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                timeout=120,
                check=False,
                **who,
            )
            said.seek(0)
            text = said.read()
        if check and done.returncode:
            raise RuntimeError(f"{program} {' '.join(arguments)}: {text}")
        return text

    def start(self):
        """Starts it and waits until it answers."""
        self.run("pg_ctl", "start", "-D", "data", "-w", "-t", "60", "-l", "server.log")

    def stop(self, mode="fast"):
        """Stops it under whoever is connected; `immediate` is its crash."""
        self.run("pg_ctl", "stop", "-D", "data", "-m", mode, "-t", "60")

    def reload(self):
        """Reads the settings again."""
        self.run("pg_ctl", "reload", "-D", "data")

    def promote(self):
        """Makes a standby the primary."""
        self.run("pg_ctl", "promote", "-D", "data", "-w", "-t", "60")

    def ask(self, statement):
        """One value."""
        return self.run("psql", "-XAt", "-d", self.conninfo(), "-c", statement).strip()

    def backends(self):
        """Who is connected at the moment: the processes that serve them."""
        mine = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
        return set(self.ask(f"SELECT pid FROM pg_stat_activity WHERE {mine}").split())

    def let_go(self, backends):
        """Waits until those are gone. One whose client was killed still commits what it was sent."""
        until = time.monotonic() + 30
        while backends & self.backends():
            if time.monotonic() > until:
                raise RuntimeError("PostgreSQL still serves a client that was killed")
            time.sleep(0.05)

    def processes(self):
        """The server and its children."""
        with open(os.path.join(self.folder, "data", "postmaster.pid"), encoding="utf-8") as file:
            postmaster = int(file.readline())
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
        return [postmaster] + [pid for pid, parent in pairs if parent == postmaster]

    def signal(self, what):
        """Sends every process of it a signal, the postmaster first, so that nothing takes its children's place."""
        reached = set()
        while missing := [pid for pid in self.processes() if pid not in reached]:
            for pid in missing:
                reached.add(pid)
                try:
                    os.kill(pid, what)
                except ProcessLookupError:
                    pass
            if what == signal.SIGKILL:
                break

    def remove(self):
        """Ends it, whatever state it is in, and leaves nothing behind."""
        try:
            self.signal(signal.SIGCONT)
            self.run("pg_ctl", "stop", "-D", "data", "-m", "immediate", "-t", "20", check=False)
        except (OSError, RuntimeError, subprocess.SubprocessError, ValueError):
            pass
        for _ in range(50):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not os.path.exists(self.folder):
                return
            time.sleep(0.1)
