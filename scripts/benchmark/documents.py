"""Documents and WebFinger beside bare actix-web with the same bytes: under load, and counted in instructions."""

import contextlib
import pathlib

from benchmark import instructions, load, processes, stores
from benchmark.processes import DISCOVERY

WEBFINGER = "/.well-known/webfinger?resource=acct%3Aalice%40localhost&rel=http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer"


@contextlib.contextmanager
def documents(options, before=lambda _: (), processor=0):
    """The service and bare actix-web: each case is a process, the folder for what it is run below, a URL and headers."""
    with stores.folder() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        processes.service(options.built / "frontdesk", folder).stop()
        for place in ("service", "bare"):
            (folder / place).mkdir()
        ours = stack.enter_context(processes.service(options.built / "frontdesk", folder, None, processor, before(folder / "service")))
        _, headers, body = processes.fetch(ours.base + DISCOVERY)
        (folder / "document").write_bytes(body)
        bare = [options.built / "bare", folder / "document"]
        bare = stack.enter_context(processes.Process(bare, {}, processor, before(folder / "bare")))
        yield {
            "bare": (bare, folder / "bare", bare.base + "/", {}),
            "discovery": (ours, folder / "service", ours.base + DISCOVERY, {}),
            "discovery_304": (ours, folder / "service", ours.base + DISCOVERY, {"If-None-Match": headers["ETag"]}),
            "webfinger": (ours, folder / "service", ours.base + WEBFINGER, {}),
        }


def http(options):
    runs = {}
    with documents(options) as cases:
        for _ in range(options.rounds):
            for name, (process, _, url, headers) in cases.items():
                header = {"HEADER": f"{key}: {value}" for key, value in headers.items()}
                runs.setdefault(name, []).append(load.wrk({"server": [process.pid]}, url, 32, options.seconds, **header))
    return {"http/" + name: load.median(found) for name, found in runs.items()}


def counted(options):
    with documents(options, instructions.under, None) as cases:
        counts = {"instructions/" + name: instructions.count(*case) for name, case in cases.items()}
        process, folder, _, _ = cases["discovery"]
        register = load.endpoint(process.base)
        return counts | {"instructions/register": instructions.registrations(process, folder, register, load.BODY.read_text())}
