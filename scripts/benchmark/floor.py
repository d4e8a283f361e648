"""Registration beside the least it can cost: a handler without a store, group commit without a handler, and the usual pool."""

import json
import os
import pathlib
import subprocess

from benchmark import load, processes, stores

# Rows of the in-process run.
COMMITTED = 20_000


def floor(options):
    runs = {}
    with stores.folder() as name:
        place = pathlib.Path(name)
        program = options.built / "floor"
        with (processes.service(options.built / "frontdesk", place) as ours,
              processes.Process([program, "handler"], {}, 0) as handler,
              processes.Process([program, "pooled", place / "pooled.db"], {}, 0) as pooled):
            for number in range(options.rounds):
                for case, process in {"service": ours, "handler_without_store": handler, "pool_and_block": pooled}.items():
                    under = {"server": [process.pid]}
                    run = load.wrk(under, process.base + "/register", 64, options.seconds, BODY=str(load.BODY))
                    runs.setdefault(case, []).append(run)
                command = ["taskset", "-c", "0", program, "commit", place / f"committed-{number}.db", str(COMMITTED)]
                environment = os.environ
                said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
                runs.setdefault("group_commit_in_process", []).append({"server_cpu_us": json.loads(said)["commit_cpu_us"]})
    return {f"floor/{case}": load.median(found) for case, found in runs.items()}
