"""Two replicas behind nginx, and what happens to them."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from commands import must, run, say, until
from journeys import Loop
from stage import PASSWORD

CUTTER = os.path.join(os.path.dirname(__file__), "cutter.py")


def scale(stage, seconds):
    """Two replicas behind nginx, while each is killed and stopped in turn, and the database is restarted."""
    engine = stage.project("scale", "scale")
    engine.up()
    stage.rights(engine)
    for name in ("replica-1", "replica-2"):
        environment = engine.containers[name].about["environment"]
        must(environment["FRONTDESK_PROXIES"] == engine.addresses["nginx", "proxied"][0], "the replicas believe another proxy")
    travellers = [f"traveller-{number}" for number in range(1, 7)]
    for name in travellers:
        added = engine.containers["replica-1"].execute("frontdesk", "account", "add", name, "--role", "registrar", input=PASSWORD + "\n")
        must(added.returncode == 0, f"docker compose exec: frontdesk account add ended with {added.returncode}: {added.stderr}")
    credentials = [["--account", f"{name}:{PASSWORD}"] for name in travellers]
    traveller = stage.traveller(engine, "nginx", f"{engine.scratch}/volumes/tls/certificate.pem")
    believed(engine)
    windows = []
    with Loop(traveller, credentials) as loop:
        calm(loop, 3)
        for what, name, number in (
            ("replica-1 killed", "replica-1", signal.SIGKILL),
            ("replica-2 stopped", "replica-2", signal.SIGTERM),
            ("replica-2 killed", "replica-2", signal.SIGKILL),
            ("replica-1 stopped", "replica-1", signal.SIGTERM),
            ("the database restarted", "db", signal.SIGINT),
        ):
            before, begun = loop.well(), time.monotonic()
            engine.containers[name].kill(number)
            until(f"{name} is gone", lambda name=name: not engine.containers[name].running(), 20)
            gone = loop.well()
            if name != "db":
                # What nobody answers for is answered by the other.
                until("journeys go on beside the other replica", lambda gone=gone: loop.well() >= gone + 3, 60)
            engine.start(name).reach("service_healthy")
            windows.append((what, begun, time.monotonic()))
            calm(loop, 3)
            say(f"scale: {what}, {loop.well() - before} journeys meanwhile")
        until("the time is over", lambda: time.monotonic() - windows[0][1] > seconds, seconds + 5)
    judge(stage, engine, loop, windows, credentials[0])
    sent_once(engine)
    engine.down()
    stage.clean(engine)


def believed(engine):
    """The replicas take the proxy's word for what a request is called, and nobody else's; nginx passes no stranger's on."""

    def named(name, asked, *before):
        scheme = "https" if name == "nginx" else "http"
        place = f"{scheme}://{engine.addresses[name, 'proxied'][0]}:9443/jwks"
        answer = run(*before, "curl", "-sS", "--fail", "--insecure", "--head", "-H", f"X-Request-Id: {asked}", place).lower()
        return re.search(r"^x-request-id: (\S+)", answer, re.M).group(1)

    for name in ("nginx", "replica-1", "replica-2"):
        told = named(name, "stranger")
        must(re.fullmatch(r"[0-9a-f]{32}", told), f"a stranger's request to {name} is called {told}")
    for name in ("replica-1", "replica-2"):
        told = named(name, "proxy", "ip", "netns", "exec", "nginx")
        must(told == "proxy", f"the proxy's request to {name} is called {told}")


def calm(loop, journeys):
    """Some more journeys that go all the way."""
    enough = loop.well() + journeys
    until("journeys go all the way", lambda: loop.well() >= enough, 120)


def judge(stage, engine, loop, windows, credentials):
    """No journey failed but those whose connection was cut, nginx's to a replica or a replica's to the database (503), and each
    of them goes well when tried again."""
    cut = engine.log_of("nginx").count("prematurely closed connection") + engine.log_of("nginx").count("reset by peer")
    strange, under_way = [], {}
    for begun, end, said in loop.failed():
        # The last thing that happened before it broke.
        what = next((what for what, start, stop in reversed(windows) if begun < stop and end > start), None)
        if what is None or ("database" in what and " is 503 (temporarily_unavailable" not in said):
            strange.append((what, said))
        else:
            under_way.setdefault(what, []).append(said)
    must(not strange, f"{len(strange)} journeys failed for which there is no reason: {strange[:3]}")
    replicas = [said for what, failed in under_way.items() if "replica" in what for said in failed]
    must(len(replicas) <= cut, f"{len(replicas)} journeys failed with the replicas, and nginx saw {cut} connections cut: {replicas}")
    for what, failed in under_way.items():
        for said in failed:
            say(f"scale: cut off while {what}: {said}")
        stage.count("journeys cut off, each tried again and gone well", loop.traveller.must(credentials, len(failed)))
    for name in ("replica-1", "replica-2"):
        metrics = run("ip", "netns", "exec", name, "curl", "-sS", "--fail", "http://127.0.0.1:9444/metrics")
        answered = sum(float(line.split()[-1]) for line in metrics.splitlines() if line.startswith("frontdesk_requests_total{"))
        must(answered > 10, f"{name} answered {answered} requests: they are not spread")
        say(f"scale: {name} answered {answered:.0f} requests since its last start")
    # A POST that nginx sent twice would leave a client that no journey deletes.
    listed = engine.containers["replica-1"].execute("frontdesk", "client", "list", "--json")
    must(listed.returncode == 0, f"docker compose exec: frontdesk client list ended with {listed.returncode}: {listed.stderr}")
    left = len(listed.stdout.splitlines())
    must(left <= len(loop.failed()), f"{left} clients are left of {len(loop.failed())} journeys that were cut off")
    stage.count("clients left behind by journeys that were cut off", left)
    stage.count("journeys through nginx that went all the way", loop.well())
    stage.count("connections to replicas that nginx saw cut", cut)


def sent_once(engine):
    """nginx before replicas that take every request and answer none: a POST arrives once, what only reads at both."""
    replicas = ("replica-1", "replica-2")
    for name in replicas:
        engine.containers[name].stop()
    cutters = [
        subprocess.Popen(["ip", "netns", "exec", name, sys.executable, CUTTER], stdout=subprocess.PIPE, text=True) for name in replicas
    ]
    arrived = []

    def listen(cutter):
        arrived.extend(line.strip() for line in cutter.stdout)

    for cutter in cutters:
        threading.Thread(target=listen, args=(cutter,), daemon=True).start()
    try:
        for method, times in (("GET", 2), ("POST", 1), ("GET", 2), ("POST", 1)):
            for name in replicas:
                place = (engine.addresses[name, "proxied"][0], 9443)
                until(f"{name} is replaced", lambda place=place: reachable(place), 10)
            arrived.clear()
            address = engine.addresses["nginx", "proxied"][0]
            ask = ["curl", "-sS", "--insecure", "--output", "/dev/null", "--write-out", "%{http_code}", "-X", method]
            status = run(*ask, *(["-d", "{}"] if method == "POST" else []), f"https://{address}:9443/register")
            until(f"{method} arrives", lambda times=times: arrived.count(method) >= times, 5)
            must(status == "502" and arrived.count(method) == times, f"{method} arrived {arrived.count(method)} times, and is {status}")
    finally:
        for cutter in cutters:
            cutter.kill()
    say("scale: a POST that no replica answered arrived once, a GET at both")


def reachable(place):
    """Whether somebody listens there."""
    try:
        socket.create_connection(place, 1).close()
        return True
    except OSError:
        return False
