"""Whether the unit's filters let the program do what it does: a whole life under strace, against the lists of systemd-analyze."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from commands import Failed, must, run, say, until

UNIT = os.path.join(os.path.dirname(__file__), "../../docs/systemd/frontdesk.service")
SEALING = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
NOBODY = 65534


def calls(name):
    """The system calls of a group such as @system-service, groups within it too."""
    if not name.startswith("@"):
        return {name}
    words = [line.strip() for line in run("systemd-analyze", "syscall-filter", name).splitlines()[1:]]
    return set().union(*(calls(word) for word in words if word and not word.startswith("#")))


def unit(key):
    """The values of a key of the unit, in order; a key may stand there several times."""
    with open(UNIT, encoding="utf-8") as file:
        return re.findall(rf"^{key}=(.*)$", file.read(), re.M)


def traced(binary, folder):
    """Starts, is asked for its health, is travelled through, stops; gives what strace saw."""
    settings = {
        "PATH": os.environ["PATH"],
        "FRONTDESK_ISSUER": "https://localhost:9443",
        "FRONTDESK_LISTEN": "localhost:9443",
        "FRONTDESK_ADMIN_PASSWORD": "correct horse",
        "FRONTDESK_SEALING_KEY": SEALING,
        "FRONTDESK_DATA": folder,
    }
    trace = f"{folder}/trace"
    # strace stands aside: the service's own process is the one started here.
    command = ["strace", "--daemonize", "-f", "-qq", "-o", trace, binary, "serve"]
    with open(f"{folder}/log", "w", encoding="utf-8") as log:
        served = subprocess.Popen(command, cwd=folder, env=settings, stdout=log, stderr=log, user=NOBODY, group=NOBODY, extra_groups=[])

    def healthy():
        must(served.poll() is None, "the service does not start under strace")
        return subprocess.run([binary, "health"], env=settings, capture_output=True, check=False).returncode == 0

    until("the service under strace is ready", healthy, 60)
    journey = [binary, "try", "acct:alice@localhost:9443", "--register", "--account", "admin:correct horse", "--ca", f"{folder}/ca.pem"]
    run(*journey, env=settings)
    served.terminate()
    must(served.wait(20) == 0, "the service under strace did not stop well")
    with open(trace, encoding="utf-8", errors="replace") as file:
        return file.read()


def main():
    with tempfile.TemporaryDirectory(prefix="frontdesk-unit.") as folder:
        # Where it was built nobody else may be able to look.
        binary = shutil.copy2(sys.argv[1], folder)
        os.chown(folder, NOBODY, NOBODY)
        seen = traced(binary, folder)
    allowed = calls("@default")
    for words in unit("SystemCallFilter"):
        named = set().union(*(calls(word) for word in words.removeprefix("~").split()))
        allowed = allowed - named if words.startswith("~") else allowed | named
    used = set(re.findall(r"^\d+ +([a-z_0-9]+)\(", seen, re.M))
    must(len(used) > 30, f"strace saw {len(used)} system calls")
    must(not used - allowed, f"the unit's filter refuses {sorted(used - allowed)}")
    families = set(re.findall(r"socket\((AF_\w+)", seen))
    granted = set(unit("RestrictAddressFamilies")[0].split())
    must(families and not families - granted, f"the unit refuses sockets of {sorted(families - granted)}")
    must("PROT_WRITE|PROT_EXEC" not in seen, "the program makes memory that is written and executed")
    say(f"systemd unit: its filters let {len(used)} system calls and sockets of {', '.join(sorted(families))} through, all it used")


try:
    main()
except Failed as failed:
    sys.exit(f"compose-check: {failed}")
