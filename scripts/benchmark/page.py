"""docs/performance.md, from the figures."""

import os
import pathlib
import platform
import re

from benchmark.goals import GOALS, holds

HEAD = """# Performance

Measured by `make bench`, which rewrites this page. The service is the optimised build as it ships: logging, headers, limits, metrics,
`synchronous=FULL` on SQLite, `synchronous_commit=on` and `fsync=on` on PostgreSQL; only the throttle is off, which would refuse the load.
The service is pinned to one processor and wrk to another. CPU is user and system time of the whole process per request; it and the
instruction counts are what to compare, since requests per second follow whatever else the machine does. `built as` names the cargo profile:
`release` is what ships, and anything else was compiled faster and counts some instructions more.
"""

FLOOR = """
`handler without store` is actix-web reading a registration into a struct, looking at its addresses, drawing randomness, digesting and
answering; `group commit in process` is the bare insert of such a row, 64 to a transaction, without HTTP: together they are the floor.
`pool and block` is that handler with a pool of 8 connections and a transaction for each registration. None of the three judges what is
registered, seals, writes an audit row, logs, limits or counts."""

PEERS = """
All run on one processor, in turns, under the same load with the same registration; no two at a time. Failed answers count in a
peer's figures as if they were good ones.
"""

OVERLOAD = """More registrations at once than the writer's queue holds, while another program keeps SQLite's write lock until all of them
are answered for which the queue has no place."""

HOP = """
An authorization request of a client that is known, without provisioning, on connections that stay open: first straight to a server
that answers with a page, then to the hop and on to that server, in turns."""

PROVISION = """
`ready = "wait"` at one connection, against a scripted server that takes 5 ms for a create, asked by turns: each registration is two
commits here, the server's create between them, and a connection of its own to the server."""

GROWTH = """
A store of each size, measured in turns. Insert and read are the process's own CPU without HTTP, 64 inserts under way at a time, over
2000 clients from all over the store. What PostgreSQL writes is its log; the CPU is the service's."""


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return (f"{os.cpu_count()} processors ({model.group(1) if model else platform.machine()}), "
            f"{int(memory.group(1)) / 1e6:.0f} GB, Linux {platform.release().split('-')[0]}")


def number(value):
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


class Noted(dict):
    """Figures that note which parts of the run are asked for."""

    def __init__(self, figures):
        super().__init__(figures)
        self.parts = {}

    def __getitem__(self, name):
        self.parts[name.split("/")[0]] = True
        return super().__getitem__(name)


def goals(figures):
    yield "## Goals\n"
    yield "| | goal | measure | limit | measured | | command |\n|---:|---|---|---|---:|---|---|"
    for place, goal, checks in GOALS:
        for measure, of, word, limit in checks:
            noted = Noted(figures)
            try:
                value = of(noted)
                said = f"{number(value)} | {'holds' if holds(value, word, limit) else '**missed**'}"
            except KeyError:
                said = "not measured | "
            yield f"| {place} | {goal} | {measure} | {word} {number(limit)} | {said} | {', '.join(asked(figures, part) for part in noted.parts)} |"
            place = goal = ""


def asked(figures, part):
    return f"`{figures.get(f'command/{part}', f'scripts/bench {part}')}`"


def command(figures, part):
    busy = figures.get(f"busy/{part}")
    return asked(figures, part) + (f"; other work took {busy:.2f} of the machine's processors meanwhile" if busy is not None else "")


def section(figures, part, title, columns, rows):
    """A table of runs: `columns` are pairs of a measure and its title."""
    if rows:
        yield f"\n## {title}\n\n{command(figures, part)}\n"
        yield "| | " + " | ".join(title for _, title in columns) + " |"
        yield "|---|" + "---:|" * len(columns)
    for name, run in rows.items():
        yield f"| {name} | " + " | ".join(number(run[key]) if key in run else "" for key, _ in columns) + " |"


def runs(figures, part):
    return {name.split("/", 1)[1].replace("_", " "): run for name, run in figures.items() if name.startswith(part + "/")}


CPU = ("server_cpu_us", "service's CPU, µs")
LOAD = [("req_s", "requests/s"), ("p50_us", "p50, µs"), ("p99_us", "p99, µs"), ("most_mb", "memory at most, MB")]


def load(figures):
    under_load = lambda part: {name: run for name, run in runs(figures, part).items() if "req_s" in run}
    yield from section(figures, "http", "Documents", [CPU, *LOAD], under_load("http"))
    yield from section(figures, "sqlite", "Registration on SQLite", [CPU, *LOAD], under_load("sqlite"))
    both = [CPU, ("postgres_cpu_us", "PostgreSQL's CPU, µs"), *LOAD]
    yield from section(figures, "postgres", "Registration on PostgreSQL", both, under_load("postgres"))


def floor(figures):
    yield from section(figures, "floor", "Registration, and the least it can cost", [CPU, *LOAD], runs(figures, "floor"))
    if runs(figures, "floor"):
        yield FLOOR


def peers(figures):
    ratios = {}
    for name, run in runs(figures, "peers").items():
        peer, case = name.split("/")
        ours = figures.get("peers/frontdesk/" + case.replace(" ", "_"), {})
        ratio = lambda key: {f"{key}_ratio": run[key] / ours[key]} if run.get(key) and ours.get(key) else {}
        ratios[f"{case}, {peer}"] = run | ratio("server_cpu_us") | ratio("req_s")
    columns = [("server_cpu_us", "CPU, µs"), ("server_cpu_us_ratio", "over ours"), ("req_s", "requests/s"), ("req_s_ratio", "over ours"),
               *LOAD[1:], ("failed_percent", "failed, %")]
    yield from section(figures, "peers", "Peers", columns, {name: run for name, run in sorted(ratios.items()) if "req_s" in run})
    starts = {name.split(", ")[1]: run for name, run in ratios.items() if "start_ms" in run}
    columns = [("start_ms", "start to the first answer, ms"), ("rss_mb", "memory idle, MB")]
    yield from section(figures, "peers", "Peers at their start", columns, starts)
    if starts:
        yield PEERS
        yield from (f"- {name.split('/')[1]}: {said}" for name, said in figures.items() if name.startswith("called/"))


def overload(figures):
    for answers in runs(figures, "overload").values():
        yield f"\n## A full queue\n\n{command(figures, 'overload')}\n\n{OVERLOAD}\n"
        yield from (f"- {what}: {number(value)}" for what, value in answers.items())


def hop(figures):
    columns = [("without_ms", "without the hop, p50, ms"), ("with_ms", "with it, p50, ms"), ("added_ms", "added, ms")]
    yield from section(figures, "hop", "The authorization hop", columns, runs(figures, "hop"))
    if runs(figures, "hop"):
        yield HOP


def provision(figures):
    columns = [("create_ms", "the server's create, ms"), ("register_ms", "registration, ms"), ("over_create_ms", "beyond, ms"), ("over_create_ratio", "over the create")]
    yield from section(figures, "provision", "Registration with provisioning, medians", columns, runs(figures, "provision"))
    if runs(figures, "provision"):
        yield PROVISION


def instructions(figures):
    rows = runs(figures, "instructions")
    columns = [("instructions", "instructions"), ("ratio", "over bare")]
    rows = {name: {"instructions": value, "ratio": value / rows["bare"]} for name, value in rows.items()}
    yield from section(figures, "instructions", "Instructions per request, counted with callgrind", columns, rows)


def growth(figures):
    columns = [("insert_cpu_us", "insert, µs"), ("bytes_written_each", "written each, bytes"), ("read_cpu_us", "read, µs"),
               ("http_read_cpu_us", "read over HTTP, µs"), ("http_register_cpu_us", "register over HTTP, µs"), ("start_ms", "start, ms"),
               ("rss_mb", "memory idle, MB"), ("most_mb", "at most, MB")]
    rows = {f"{kind} {int(size):,}".replace(",", " "): row for kind, size, row in ((*name.split("/"), row) for name, row in runs(figures, "growth").items())}
    yield from section(figures, "growth", "Growth", columns, rows)
    if rows:
        yield GROWTH


def lookup(figures):
    rows = {f"{int(size):,} clients".replace(",", " "): run for size, run in runs(figures, "lookup").items()}
    yield from section(figures, "lookup", "Lookup on SQLite, 32 connections", [CPU, *LOAD], rows)


def render(figures):
    remarks = (pathlib.Path(__file__).parent / "remarks.md").read_text()
    machine = f"Machine of the last run: {figures.get('machine', '')}.\n"
    parts = [goals(figures), instructions(figures), load(figures), floor(figures), peers(figures), overload(figures), hop(figures), provision(figures), growth(figures), lookup(figures)]
    return "\n".join([HEAD, machine, *(line for part in parts for line in part), "", remarks])
