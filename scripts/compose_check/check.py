"""Everything the Dockerfile and the compose file ask of an engine, done without one; numbers at the end, exit 1 at a failure."""

import argparse
import os
import sys
import tempfile
import time

import invariants
import scale
import single
from commands import Failed, say
from stage import FOLDER, Stage


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--postgres", required=True)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--seconds", type=int, default=45)
    arguments = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="frontdesk-compose.") as scratch:
        os.chmod(scratch, 0o755)
        try:
            say(f"compose file: {invariants.check(FOLDER)} sentences about services, profiles and networks hold")
            stage = Stage(arguments, scratch)
            single.single(stage, "sqlite", "alone")
            single.single(stage, None, "frontdesk")
            single.mcp(stage)
            single.tailscale(stage)
            scale.scale(stage, arguments.seconds)
        except Failed as failed:
            print(f"compose-check: {failed}", file=sys.stderr)
            return 1
        for what, number in stage.numbers.items():
            say(f"{number} {what}")
        say(f"all of it without a container engine, in {time.monotonic() - begun:.0f} seconds")
    return 0


sys.exit(main())
