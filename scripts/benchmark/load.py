"""Load through wrk, and what the processes under it spent."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import urllib.parse
import urllib.request

from benchmark import processes

HERE = pathlib.Path(__file__).resolve().parent
BODY = HERE / "registration.json"
LOAD_PROCESSOR = max(os.sched_getaffinity(0))


def wrk(processes_under_load, url, connections, seconds, may_fail=False, **environment):
    """One run. `processes_under_load` maps a name to the process ids whose time is measured under it."""
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing; run: scripts/install-missing bench")
    processes.forget_most(processes_under_load["server"])
    before = {name: processes.cpu(pids) for name, pids in processes_under_load.items()}
    command = ["taskset", "-c", str(LOAD_PROCESSOR), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s",
               "-s", str(HERE / "load.lua"), url]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    after = {name: processes.cpu(pids) for name, pids in processes_under_load.items()}
    found = [line for line in done.stdout.splitlines() if line.startswith("FIGURES ")]
    if not found:
        raise SystemExit(f"wrk failed: {done.stdout[-400:]}{done.stderr[-400:]}")
    figures = json.loads(found[0].removeprefix("FIGURES "))
    if figures["errors"] and not may_fail:
        raise SystemExit(f"{figures['errors']} of {figures['requests']} requests to {url} failed; the figures would mean nothing")
    run = {"req_s": figures["requests"] / figures["seconds"], "p50_us": figures["p50_us"], "p99_us": figures["p99_us"]}
    for name in before:
        run[f"{name}_cpu_us"] = (after[name] - before[name]) / max(1, figures["requests"]) * 1e6
    return run | {"most_mb": processes.most(processes_under_load["server"]), "failed_percent": 100 * figures["errors"] / max(1, figures["requests"])}


def median(runs):
    """The median of every figure, but for those of which one bad run is one too many."""
    return {name: (max if name in ("most_mb", "failed_percent") else statistics.median)(run[name] for run in runs) for name in runs[0]}


def endpoint(base):
    """Where clients register with a provider on this machine, by its document. Its issuer may name another port than it listens on."""
    document = json.loads(processes.fetch(base + processes.DISCOVERY)[2])
    place = urllib.parse.urlsplit(base)
    return f"{place.scheme}://{place.netloc}" + urllib.parse.urlsplit(document["registration_endpoint"]).path


def clients_file(register, count, path):
    """Registers clients one after another and writes a line with path and token for each."""
    lines = []
    body = BODY.read_bytes()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(count):
        request = urllib.request.Request(register, body, {"Content-Type": "application/json"})
        with opener.open(request, timeout=60) as answer:
            client = json.loads(answer.read())
        lines.append(urllib.parse.urlsplit(client["registration_client_uri"]).path + " " + client["registration_access_token"] + "\n")
    pathlib.Path(path).write_text("".join(lines))
