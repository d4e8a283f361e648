"""Attacks of strangers on a service with its default limits: each has bounds for memory, for the latency of other clients and for the log."""
