"""The judged forms of `regexp=` patterns in other engines: the vectors of patterns.json, and patterns that are generated."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from steps import run

HERE = Path(__file__).parent
ENGINES = HERE / "engines"

GENERATED = os.environ["PATTERNS"]
"""A file with what fuzz/examples/patterns.rs prints."""

ASKED = {
    "Python": [sys.executable, "-W", "error", ENGINES / "match.py"],
    "JavaScript": ["node", ENGINES / "match.mjs"],
    "JavaScript with u": ["node", ENGINES / "match.mjs", "u"],
    "Perl": ["perl", ENGINES / "match.pl"],
    "Go": ["go", "run", ENGINES / "match.go"],
    "Java": ["java", ENGINES / "Match.java"],
}


def vectors():
    for vector in json.loads((HERE / "patterns.json").read_text()):
        matched, others = vector["match"], vector["no_match"]
        for candidate in matched:
            assert candidate.startswith(tuple(f"{origin}/" for origin in vector["origins"])), candidate
        yield vector["pattern"], matched + others, [True] * len(matched) + [False] * len(others)


def generated():
    with open(GENERATED) as lines:
        for line in map(json.loads, lines):
            yield line["pattern"], line["candidates"], line["expected"]


def ask(engine, cases):
    """What the engine says of every candidate of every case."""
    lines = "".join("\t".join(text.encode().hex() for text in [pattern, *candidates]) + "\n" for pattern, candidates, _ in cases)
    told = subprocess.run(ASKED[engine], input=lines, capture_output=True, text=True)
    if told.returncode != 0:
        raise AssertionError(f"it ended with {told.returncode}: {told.stderr[-500:]}")
    answers = told.stdout.splitlines()
    if len(answers) != len(cases):
        raise AssertionError(f"it gave {len(answers)} answers to {len(cases)} questions")
    for (pattern, _, _), answer in zip(cases, answers):
        if answer == "refused":
            raise AssertionError(f"it does not compile {pattern}")
    return [[one == "1" for one in answer] for answer in answers]


def compare(engine, cases):
    """Compares the engine's answers with Rust's, and says how many there were."""
    cases = list(cases)
    answers = ask(engine, cases)
    for (pattern, candidates, expected), answer in zip(cases, answers):
        if len(answer) != len(expected):
            raise AssertionError(f"it left candidates of {pattern} out")
        for candidate, found, wanted in zip(candidates, answer, expected):
            if found != wanted:
                raise AssertionError(f"{pattern} and {candidate!r}: {found}, and Rust says {wanted}")
    matched, compared = sum(map(sum, answers)), sum(map(len, answers))
    told = f"{len(cases)} patterns, {compared} candidates, {matched} matched"
    if not 0 < matched < compared:
        raise AssertionError(told)
    return told


def journey(engine):
    def go(step):
        for what, cases in {"vectors": vectors(), "generated patterns": generated()}.items():
            with step(what):
                print(f"     {engine}, {what}: {compare(engine, cases)}", flush=True)

    return go


def installed(engine):
    if shutil.which(str(ASKED[engine][0])):
        return True
    print(f"skip patterns: {engine} is not installed", flush=True)
    return False


run("patterns", {engine: journey(engine) for engine in ASKED if installed(engine)})
