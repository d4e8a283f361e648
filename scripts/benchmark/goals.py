"""The goals: one row each, with the figures that decide it. A figure is named part/measure, as the parts of the run name them."""

# Each check: a name, a function of the figures, and the limit it must not exceed (or, with at_least, must reach).
GOALS = [
    ("discovery, 200", [
        ("bare actix-web's CPU over ours", lambda f: f["http/bare"]["server_cpu_us"] / f["http/discovery"]["server_cpu_us"], "at least", 0.90),
        ("instructions", lambda f: f["instructions/discovery"], "at most", 22_000),
    ]),
    ("discovery, 304", [
        ("CPU over that of the 200", lambda f: f["http/discovery_304"]["server_cpu_us"] / f["http/discovery"]["server_cpu_us"], "at most", 1.0),
    ]),
    ("WebFinger", [
        ("CPU over discovery's", lambda f: f["http/webfinger"]["server_cpu_us"] / f["http/discovery"]["server_cpu_us"], "at most", 1.1),
        ("instructions", lambda f: f["instructions/webfinger"], "at most", 30_000),
    ]),
    ("register, SQLite, 64 connections", [
        ("CPU, µs", lambda f: f["sqlite/register_64"]["server_cpu_us"], "at most", 35),
        ("p99, ms", lambda f: f["sqlite/register_64"]["p99_us"] / 1000, "at most", 50),
    ]),
    ("register, PostgreSQL, 64 connections", [
        ("requests/s over pgbench's", lambda f: f["postgres/register_64"]["req_s"] / f["postgres/pgbench_insert"]["req_s"], "at least", 0.8),
        ("PostgreSQL's CPU over pgbench's", lambda f: f["postgres/register_64"]["postgres_cpu_us"] / f["postgres/pgbench_insert"]["postgres_cpu_us"], "at most", 0.35),
        ("CPU of both, µs", lambda f: f["postgres/register_64"]["server_cpu_us"] + f["postgres/register_64"]["postgres_cpu_us"], "at most", 60),
    ]),
    ("read", [
        ("SQLite, CPU, µs", lambda f: f["sqlite/read"]["server_cpu_us"], "at most", 30),
        ("PostgreSQL, the service's CPU, µs", lambda f: f["postgres/read"]["server_cpu_us"], "at most", 32),
        ("PostgreSQL's CPU over pgbench's", lambda f: f["postgres/read"]["postgres_cpu_us"] / f["postgres/pgbench_select"]["postgres_cpu_us"], "at most", 1.2),
    ]),
    ("growth, 10 000 to 1 000 000 clients, SQLite", [
        ("insert, CPU", lambda f: f["growth/sqlite/1000000"]["insert_cpu_us"] / f["growth/sqlite/10000"]["insert_cpu_us"], "at most", 1.15),
        ("written per client, KB", lambda f: f["growth/sqlite/1000000"]["bytes_written_each"] / 1000, "at most", 6),
        ("read in the process, CPU", lambda f: f["growth/sqlite/1000000"]["read_cpu_us"] / f["growth/sqlite/10000"]["read_cpu_us"], "at most", 1.5),
        ("read over HTTP, CPU", lambda f: f["growth/sqlite/1000000"]["http_read_cpu_us"] / f["growth/sqlite/10000"]["http_read_cpu_us"], "at most", 1.1),
    ]),
    ("memory, MB", [
        ("idle", lambda f: f["sqlite/start"]["rss_mb"], "at most", 20),
        ("after 10 000 clients", lambda f: f["sqlite/after_10000"]["rss_mb"], "at most", 48),
        ("on a store of 1 000 000", lambda f: f["growth/sqlite/1000000"]["rss_mb"], "at most", 64),
    ]),
    ("start-up to the first answer, ms", [
        ("a store that is there", lambda f: f["sqlite/start"]["start_ms"], "at most", 50),
        ("a store of 1 000 000", lambda f: f["growth/sqlite/1000000"]["start_ms"], "at most", 50),
    ]),
]


def holds(value, word, limit):
    return value >= limit if word == "at least" else value <= limit
