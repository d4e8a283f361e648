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

PARTS = [("http", "Documents", "http"), ("sqlite", "Registration on SQLite", "sqlite"), ("postgres", "Registration on PostgreSQL", "postgres")]


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return (f"{os.cpu_count()} processors ({model.group(1) if model else platform.machine()}), "
            f"{int(memory.group(1)) / 1e6:.0f} GB, Linux {platform.release().split('-')[0]}")


def number(value):
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def goals(figures):
    yield "## Goals\n"
    yield "| goal | measure | limit | measured | |\n|---|---|---|---:|---|"
    for goal, checks in GOALS:
        for measure, of, word, limit in checks:
            try:
                value = of(figures)
            except KeyError:
                yield f"| {goal} | {measure} | {word} {number(limit)} | not measured | |"
                continue
            yield f"| {goal} | {measure} | {word} {number(limit)} | {number(value)} | {'holds' if holds(value, word, limit) else 'missed'} |"


def load(figures):
    for part, title, argument in PARTS:
        rows = {name.split("/", 1)[1]: run for name, run in figures.items() if name.startswith(part + "/") and "req_s" in run}
        if not rows:
            continue
        yield f"\n## {title}\n\n`scripts/bench {argument}`\n"
        database = any("postgres_cpu_us" in run for run in rows.values())
        yield "| | service's CPU, µs |" + (" PostgreSQL's CPU, µs |" if database else "") + " requests/s | p50, µs | p99, µs | RSS, MB |"
        yield "|---|---:|" + ("---:|" if database else "") + "---:|---:|---:|---:|"
        for name, run in rows.items():
            cells = [run.get("server_cpu_us")] + ([run.get("postgres_cpu_us")] if database else [])
            cells += [run.get(key) for key in ("req_s", "p50_us", "p99_us", "rss_mb")]
            yield f"| {name.replace('_', ' ')} | " + " | ".join("" if cell is None else number(cell) for cell in cells) + " |"


def instructions(figures):
    rows = {name.split("/", 1)[1]: value for name, value in figures.items() if name.startswith("instructions/")}
    if rows:
        yield "\n## Instructions per request\n\n`scripts/bench instructions`, which counts with callgrind\n"
        yield "| | instructions | over bare |\n|---|---:|---:|"
        for name, value in rows.items():
            yield f"| {name.replace('_', ' ')} | {number(value)} | {value / rows['bare']:.2f} |"


def growth(figures):
    rows = {name.split("/", 1)[1]: value for name, value in figures.items() if name.startswith("growth/")}
    if rows:
        columns = ["insert_cpu_us", "bytes_written_each", "read_cpu_us", "http_read_cpu_us", "http_register_cpu_us", "start_ms", "rss_mb"]
        yield "\n## Growth\n\n`scripts/bench growth`: inserts and reads in the process (CPU of the service's side), then over HTTP\n"
        yield "| store, clients | insert, µs | written each, bytes | read, µs | read over HTTP, µs | register over HTTP, µs | start, ms | RSS, MB |"
        yield "|---|---:|---:|---:|---:|---:|---:|---:|"
        for name, row in rows.items():
            yield f"| {name.replace('/', ', ')} | " + " | ".join(number(row[column]) if column in row else "" for column in columns) + " |"


MISSED = """
## Where a goal is missed, and what was tried

- **Registration**: the handler took 653 000 instructions and the writer 163 000 (callgrind, one at a time, built without link-time
  optimisation); a compiled router, plain host names read without a parser, statements that stay prepared and looks at single members in
  place of whole documents brought that to 479 000 and 91 000. What is left is spread out: the table takes each member out of the object by
  a look-up and moves the rest, values are hashed to find repetitions, the strict reader of JSON and the log line cost tens of thousands
  each. On PostgreSQL the audit row is a second statement of a batch, which pgbench's insert does not have.
- **Read**: 617 000 to 287 000 by the same changes. The stored metadata is read by the whole table each time, which finds a damaged row;
  a cheaper test for damage is the next thing to try.
- **WebFinger, memory, start**: near their goals; nothing was tried for memory and the start yet.
- **Growth** was measured to 100 000 clients only, so the rows for 1 000 000 are empty.
"""


def render(figures):
    described = figures.get("machine", "")
    lines = [HEAD, f"Machine of the last run: {described}.\n", *goals(figures), *instructions(figures), *load(figures), *growth(figures), MISSED.rstrip()]
    return "\n".join(lines) + "\n"
