"""RLIMIT_AS: a process with 2.5 GB of address space goes on, and does not panic."""

from torture.attacks import frames, http2, passwords

LIMITS = {"RLIMIT_AS": (2_500_000_000, 2_500_000_000)}


def heads(stage):
    """F2: 41 header blocks that do not end."""
    return http2.attack(stage, [frames.endless_head] * 41, LIMITS)


def guesses(stage):
    """F7: wrong passwords of 30 addresses."""
    return passwords.many(stage, limits=LIMITS)
