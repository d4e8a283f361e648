"""The service and the peers in turns: the same processor, the same load, the same registration, no two at a time."""

import contextlib
import pathlib
import sys

from benchmark import load, processes, stores
from benchmark.peer import PEERS, Missing

# So many clients are read in turn.
READ = 500


def peers(options):
    figures, starts = {}, {}
    with stores.folder() as name, contextlib.ExitStack() as stack:
        for peer, prepare in {"frontdesk": lambda place: ours(options, place), **PEERS}.items():
            place = pathlib.Path(name) / peer
            place.mkdir()
            try:
                figures[f"called/{peer}"], starts[peer] = prepare(place)
            except Missing as why:
                figures[f"called/{peer}"] = f"left out: {why}"
                print(f"{peer} is left out: {why}", file=sys.stderr)
        runs = {}
        for _ in range(options.rounds):
            for peer, start in starts.items():
                with start() as process:
                    runs.setdefault(f"{peer}/start", []).append(processes.started(process))
        cases = {peer: prepared(stack.enter_context(start()), pathlib.Path(name) / peer / "clients") for peer, start in starts.items()}
        for _ in range(options.rounds):
            for case in ("discovery", "register_1", "register_64", "read"):
                for peer, (process, urls, clients) in cases.items():
                    connections = {"register_1": 1, "register_64": 64}.get(case, 32)
                    said = {"CLIENTS": str(clients)} if case == "read" else {} if case == "discovery" else {"BODY": str(load.BODY)}
                    run = load.wrk({"server": [process.pid]}, urls[case], connections, options.seconds, peer != "frontdesk", **said)
                    runs.setdefault(f"{peer}/{case}", []).append(run)
    return figures | {f"peers/{case}": load.median(found) for case, found in runs.items()}


def ours(options, place):
    """The service on SQLite, with a store and keys that are there already."""
    service = lambda: processes.service(options.built / "frontdesk", place)
    service().stop()
    return "this service, SQLite with `synchronous=FULL`", service


def prepared(process, clients):
    """A process with what it is asked for, and the file of its clients."""
    register = load.endpoint(process.base)
    load.clients_file(register, READ, clients)
    urls = {"discovery": process.base + processes.DISCOVERY, "register_1": register, "register_64": register, "read": process.base}
    return process, urls, clients
