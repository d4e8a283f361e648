"""Bounds of figures: a row with its attack, and the judgement of what was measured."""

import json
from dataclasses import dataclass, field
from typing import Callable

CALM_TIMES = 3.0
"""The factor by which an answer may take longer than before the attack, where that is more than its bound: other programs may use the machine too."""


def most(bounds):
    """Returns upper bounds."""
    return {name: (None, bound) for name, bound in bounds.items()}


def least(bounds):
    """Returns lower bounds."""
    return {name: (bound, None) for name, bound in bounds.items()}


def exactly(bounds):
    """Returns bounds that leave no choice."""
    return {name: (bound, bound) for name, bound in bounds.items()}


USUAL = {
    **most({"slowest answer s": 1.5, "failed answers": 0}),
    **most({"grown MB": 80, "kept MB": 80}),
    **most({"log lines": 100, "log KB": 50, "panics": 0, "lines that are no JSON": 0}),
    **exactly({"alive": True, "answered afterwards": True}),
}
"""The bounds of every attack that does not say otherwise: the least and the most."""


@dataclass(frozen=True)
class Attack:
    """One attack and its bounds."""

    act: Callable
    bounds: dict = field(default_factory=dict)
    """The bounds of its own figures, and those that replace a usual one; None for none."""

    def judge(self, figures):
        """Returns a sentence for each figure that is out of its bounds or was not measured."""
        found = []
        for name, bound in {**USUAL, **self.bounds}.items():
            if bound is None:
                continue
            (lower, upper), value = bound, figures.get(name)
            if name == "slowest answer s":
                upper = max(upper, CALM_TIMES * figures.get("calm answer s", 0.0))
            if value is None:
                found.append(f"{name}: not there to be measured")
            elif lower is not None and value < lower:
                found.append(f"{name}: {value}, at least {lower} was promised")
            elif upper is not None and value > upper:
                found.append(f"{name}: {value}, at most {upper} was promised")
        return found


def judge_log(servers):
    """Returns the figures of logs that must be free of panics and of lines in another form."""
    lines = [line for server in servers for line in server.said().splitlines()]
    return {"panics": sum("panicked" in line for line in lines), "lines that are no JSON": sum(not is_json(line) for line in lines)}


def is_json(line):
    """Returns True for a line that is a JSON object."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
