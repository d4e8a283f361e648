"""A client's journeys, step by step: one line for each, `ok` or `FAIL` and why. A journey ends at its first broken step."""

import logging
import os
import sys
from contextlib import contextmanager

OPEN = os.environ["OPEN"]
"""The issuer of a server where anybody may register."""

PROTECTED = os.environ["PROTECTED"]
"""The issuer of a server that wants an initial access token."""

DOCUMENTS = os.environ["DOCUMENTS"]
"""The issuer of a server that takes documents of clients and redirects to a server behind."""

DOCUMENT = os.environ["DOCUMENT"]
"""The address of such a document."""

TOKEN = os.environ["TOKEN"]
"""An initial access token of the protected server."""


class Broken(Exception):
    """A step did not go as it should."""


def explain(error):
    """The sentences of an error and of what caused it, to the end."""
    told = f"{type(error).__name__}: {error}".replace("\n", " ")
    return f"{told} <- {explain(error.__cause__)}" if error.__cause__ else told


def run(client, journeys):
    """Runs the journeys of a client: each is given its way to open a step."""
    logging.disable()  # the libraries log what they are refused; the steps say whether that was right
    for title, journey in journeys.items():

        @contextmanager
        def step(what, title=title):
            try:
                yield
            except Exception as error:
                print(f"FAIL {client}: {title}: {what}: {explain(error)}", flush=True)
                raise Broken from error
            print(f"ok   {client}: {title}: {what}", flush=True)

        try:
            journey(step)
        except Broken:
            run.status = 1
    sys.exit(run.status)


run.status = 0


def same(found, expected):
    """Like assert, which says nothing of the values."""
    if found != expected:
        raise AssertionError(f"{found!r} is not {expected!r}")


def refusal(kind, act, *arguments, **named):
    """What `act` is refused with, an error of that kind."""
    try:
        act(*arguments, **named)
    except kind as error:
        return error
    raise AssertionError("the server did not refuse")
