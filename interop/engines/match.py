"""The judged forms of patterns, matched by Python: one line in, one line out, as interop/patterns.py sends them."""

import re
import sys


def text(field):
    return bytes.fromhex(field).decode()


for line in sys.stdin:
    pattern, *candidates = map(text, line.rstrip("\n").split("\t"))
    compiled = re.compile(pattern)
    print("".join("01"[bool(re.fullmatch("[!-~]*", one) and compiled.search(one))] for one in candidates))
