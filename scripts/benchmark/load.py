"""Load through wrk, and what the processes under it spent."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from benchmark import processes

HERE = pathlib.Path(__file__).resolve().parent
LOAD_PROCESSOR = max(os.sched_getaffinity(0))


def wrk(processes_under_load, url, connections, seconds, **environment):
    """One run. `processes_under_load` maps a name to the process ids whose time is measured under it."""
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing; run: scripts/install-missing bench")
    before = {name: processes.cpu(pids) for name, pids in processes_under_load.items()}
    command = ["taskset", "-c", str(LOAD_PROCESSOR), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s",
               "-s", str(HERE / "load.lua"), url]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    after = {name: processes.cpu(pids) for name, pids in processes_under_load.items()}
    found = [line for line in done.stdout.splitlines() if line.startswith("FIGURES ")]
    if not found:
        raise SystemExit(f"wrk failed: {done.stdout[-400:]}{done.stderr[-400:]}")
    figures = json.loads(found[0].removeprefix("FIGURES "))
    if figures["errors"]:
        raise SystemExit(f"{figures['errors']} of {figures['requests']} requests to {url} failed; the figures would mean nothing")
    run = {"req_s": figures["requests"] / figures["seconds"], "p50_us": figures["p50_us"], "p99_us": figures["p99_us"]}
    for name in before:
        run[f"{name}_cpu_us"] = (after[name] - before[name]) / max(1, figures["requests"]) * 1e6
    run["rss_mb"] = processes.rss(processes_under_load["server"])
    return run


def median(runs):
    """The median of every figure."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def clients_file(base, count, path):
    """Registers clients one after another and writes a line with path and token for each."""
    import urllib.request
    lines = []
    body = (HERE / "registration.json").read_bytes()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(count):
        request = urllib.request.Request(base + "/register", body, {"Content-Type": "application/json"})
        with opener.open(request, timeout=60) as answer:
            client = json.loads(answer.read())
        lines.append("/register/" + client["client_id"] + " " + client["registration_access_token"] + "\n")
    pathlib.Path(path).write_text("".join(lines))
