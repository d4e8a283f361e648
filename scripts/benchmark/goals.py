"""The goals: one row each, with the figures that decide it. A figure is named part/measure, as the parts of the run name them."""

# Each check: a name, a function of the figures, and the limit it must not exceed (or, with "at least", must reach).
GOALS = [
    ("1", "discovery, 200", [
        ("bare actix-web's CPU over ours", lambda f: f["http/bare"]["server_cpu_us"] / f["http/discovery"]["server_cpu_us"], "at least", 0.90),
        ("instructions", lambda f: f["instructions/discovery"], "at most", 22_000),
        ("oidc-provider's CPU over ours", lambda f: over_ours(f, "oidc-provider/discovery", "server_cpu_us"), "at least", 12),
        ("glewlwyd's CPU over ours", lambda f: over_ours(f, "glewlwyd/discovery", "server_cpu_us"), "at least", 5),
    ]),
    ("2", "discovery, 304", [
        ("CPU over that of the 200", lambda f: f["http/discovery_304"]["server_cpu_us"] / f["http/discovery"]["server_cpu_us"], "at most", 1.0),
    ]),
    ("3", "WebFinger", [
        ("CPU over discovery's", lambda f: f["http/webfinger"]["server_cpu_us"] / f["http/discovery"]["server_cpu_us"], "at most", 1.1),
        ("instructions", lambda f: f["instructions/webfinger"], "at most", 30_000),
    ]),
    ("4", "register, SQLite, 64 connections", [
        ("CPU, µs", lambda f: f["sqlite/register_64"]["server_cpu_us"], "at most", 35),
        ("CPU of the floor over ours", lambda f: (f["floor/handler_without_store"]["server_cpu_us"] + f["floor/group_commit_in_process"]["server_cpu_us"]) / f["floor/service"]["server_cpu_us"], "at least", 0.7),
        ("requests/s over those of a pool and `web::block`", lambda f: f["floor/service"]["req_s"] / f["floor/pool_and_block"]["req_s"], "at least", 2.5),
        ("p99, ms", lambda f: f["sqlite/register_64"]["p99_us"] / 1000, "at most", 50),
    ]),
    ("5", "register, beside oidc-provider", [
        ("64 connections: its CPU over ours", lambda f: over_ours(f, "oidc-provider/register_64", "server_cpu_us"), "at least", 10),
        ("64 connections: our requests/s over its", lambda f: 1 / over_ours(f, "oidc-provider/register_64", "req_s"), "at least", 6),
        ("64 connections: our p99 over its", lambda f: 1 / over_ours(f, "oidc-provider/register_64", "p99_us"), "at most", 0.1),
        ("1 connection: its CPU over ours", lambda f: over_ours(f, "oidc-provider/register_1", "server_cpu_us"), "at least", 4),
    ]),
    ("6", "register, PostgreSQL, 64 connections", [
        ("requests/s over pgbench's", lambda f: f["postgres/register_64"]["req_s"] / f["postgres/pgbench_insert"]["req_s"], "at least", 0.8),
        ("PostgreSQL's CPU over pgbench's", lambda f: f["postgres/register_64"]["postgres_cpu_us"] / f["postgres/pgbench_insert"]["postgres_cpu_us"], "at most", 0.35),
        ("CPU of both, µs", lambda f: f["postgres/register_64"]["server_cpu_us"] + f["postgres/register_64"]["postgres_cpu_us"], "at most", 60),
    ]),
    ("7", "read", [
        ("SQLite, CPU, µs", lambda f: f["sqlite/read"]["server_cpu_us"], "at most", 30),
        ("PostgreSQL, the service's CPU, µs", lambda f: f["postgres/read"]["server_cpu_us"], "at most", 32),
        ("PostgreSQL's CPU over pgbench's", lambda f: f["postgres/read"]["postgres_cpu_us"] / f["postgres/pgbench_select"]["postgres_cpu_us"], "at most", 1.2),
        ("oidc-provider's CPU over ours", lambda f: over_ours(f, "oidc-provider/read", "server_cpu_us"), "at least", 10),
    ]),
    ("8", "growth, 10 000 to 1 000 000 clients", [
        ("SQLite, insert in the process, CPU", lambda f: grown(f, "sqlite", "insert_cpu_us"), "at most", 1.15),
        ("SQLite, register over HTTP, CPU", lambda f: grown(f, "sqlite", "http_register_cpu_us"), "at most", 1.15),
        ("SQLite, written per client, KB", lambda f: f["growth/sqlite/1000000"]["bytes_written_each"] / 1000, "at most", 6),
        ("SQLite, read in the process, CPU", lambda f: grown(f, "sqlite", "read_cpu_us"), "at most", 1.5),
        ("SQLite, read over HTTP, CPU", lambda f: grown(f, "sqlite", "http_read_cpu_us"), "at most", 1.1),
        ("PostgreSQL, register over HTTP, the service's CPU", lambda f: grown(f, "postgres", "http_register_cpu_us"), "at most", 1.15),
        ("PostgreSQL, read over HTTP, the service's CPU", lambda f: grown(f, "postgres", "http_read_cpu_us"), "at most", 1.1),
    ]),
    ("9", "memory, MB", [
        ("idle", lambda f: f["sqlite/start"]["rss_mb"], "at most", 20),
        ("after 10 000 clients", lambda f: f["sqlite/after_10000"]["rss_mb"], "at most", 48),
        ("most while 64 connections register", lambda f: f["sqlite/register_64"]["most_mb"], "at most", 48),
        ("most on a store of 1 000 000", lambda f: f["growth/sqlite/1000000"]["most_mb"], "at most", 64),
    ]),
    ("10", "start-up to the first answer", [
        ("ms, a store that is there", lambda f: f["sqlite/start"]["start_ms"], "at most", 50),
        ("ms, a store of 1 000 000", lambda f: f["growth/sqlite/1000000"]["start_ms"], "at most", 50),
        ("oidc-provider's time over ours", lambda f: over_ours(f, "oidc-provider/start", "start_ms"), "at least", 10),
    ]),
    ("11", "no registration is lost", [
        ("64 connections: failed, %", lambda f: f["sqlite/register_64"]["failed_percent"], "at most", 0),
        ("the queue is full: refused with 503 and Retry-After", lambda f: f["overload/answers"]["of them because the queue was full"], "at least", 1),
        ("the queue is full: answered otherwise or not at all", lambda f: f["overload/answers"]["answered otherwise or not at all"], "at most", 0),
        ("the queue is full: rows without an answered client, or the reverse", lambda f: abs(f["overload/answers"]["rows in the store"] - f["overload/answers"]["registered"]), "at most", 0),
    ]),
    ("12", "authorization hop", [
        ("a registered client: added p50, ms", lambda f: f["hop/registered client"]["added_ms"], "at most", 0.5),
        ("a client with a document: added p50, ms", lambda f: f["hop/client with a document"]["added_ms"], "at most", 0.5),
    ]),
    ("13", "a registration that waits for the authorization server", [
        ("median beyond the server's own create, ms", lambda f: f["provision/registration"]["over_create_ms"], "at most", 10),
    ]),
    ("14", "lookup of a client among 1 000 000", [
        ("CPU, µs", lambda f: f["lookup/1000000"]["server_cpu_us"], "at most", 30),
        ("32 connections: p99, ms", lambda f: f["lookup/1000000"]["p99_us"] / 1000, "at most", 1),
    ]),
]


def over_ours(figures, run, measure):
    """A peer's figure over that of the service under the same load."""
    return figures[f"peers/{run}"][measure] / figures[f"peers/frontdesk/{run.split('/')[1]}"][measure]


def grown(figures, kind, measure):
    """A figure with 1 000 000 clients over that with 10 000."""
    return figures[f"growth/{kind}/1000000"][measure] / figures[f"growth/{kind}/10000"][measure]


def holds(value, word, limit):
    return value >= limit if word == "at least" else value <= limit
