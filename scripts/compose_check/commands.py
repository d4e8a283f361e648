"""Commands of this machine, and patience."""

import shutil
import subprocess
import time


class Failed(Exception):
    """What does not hold, as a sentence."""


def run(*command, **more):
    """Runs a command that must succeed and gives what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def until(what, so, seconds):
    """Waits until it is so."""
    deadline = time.monotonic() + seconds
    while not so():
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} seconds")
        time.sleep(0.05)


def which(program):
    """Where a program of this machine is, for a call with another PATH."""
    return shutil.which(program) or program


def must(so, sentence):
    """Fails with the sentence unless it is so."""
    if not so:
        raise Failed(sentence)


def say(sentence):
    """One line of what was done."""
    print(f"  {sentence}", flush=True)
