"""F1 to F4: HTTP/2. Today's rule is that ALPN chooses http/1.1; the frames are sent all the same."""

from torture.attacks import frames
from torture.attacks.asked import addresses, request
from torture.attacks.raw import Raw

BOTH = ("h2", "http/1.1")
HELD = 4.0
"""The seconds for which the connections stay open behind what was sent."""


def attack(stage, makers, limits=None):
    """Sends the frames of each maker on a connection of its own, and holds all of them for a while."""
    server = stage.start(tls=True, limits=limits, REGISTRATION="open")
    connections = []
    with stage.watch(server) as watch:
        for maker, address in zip(makers, addresses(len(makers))):
            if server.process.poll() is not None:
                break
            try:
                connections.append(Raw(server, address, BOTH))
            except OSError:
                break
            connections[-1].push(maker())
        until = watch.seconds() + HELD
        for connection in connections:
            connection.wait_for_end(max(0.0, until - watch.seconds()))
            connection.close()
    return {
        "HTTP/2 chosen": sum(connection.alpn == "h2" for connection in connections),
        "not refused": sum(not connection.refused for connection in connections) + len(makers) - len(connections),
        "MB sent": round(sum(connection.sent for connection in connections) / 10**6, 1),
    }


def empty_data(stage):
    """F1: empty frames of a body."""
    return attack(stage, [lambda: frames.empty_data(10 if stage.quick else 49)])


def endless_head(stage):
    """F2: header blocks that do not end."""
    return attack(stage, [frames.endless_head] * (4 if stage.quick else 8))


def field_names(stage):
    """F3: more field names than a map takes."""
    return attack(stage, [frames.field_names])


def heads(stage):
    """F4: many requests that wait for their bodies."""
    return attack(stage, [frames.heads])


def preface(stage):
    """ALPN that offers both, the preface where HTTP/2 was not agreed on, with 16 MB of frames behind it, and the upgrade that RFC 9113 removed."""
    figures = {"HTTP/2 chosen": 0, "ways refused": 0, "not ended": 0, "MB sent": 0.0, "upgraded": 0, "grown MB": 0.0, "kept MB": 0.0}
    for tls, alpns in ((True, ((), ("http/1.1",))), (False, ((),))):
        server = stage.start(tls=tls, REGISTRATION="open")
        with stage.watch(server):
            for alpn, address in zip(alpns, addresses(2)):
                connection = Raw(server, address, alpn)
                connection.push([frames.OPENING])
                connection.wait_for_end(HELD)
                figures["ways refused"] += connection.refused
                connection.close()
                connection = Raw(server, address, alpn)
                connection.push(frames.empty_data(16), heeding=False)
                connection.wait_for_end(HELD)
                figures["not ended"] += not connection.ended
                figures["MB sent"] += round(connection.sent / 10**6, 1)
                connection.close()
            connection = Raw(server, "127.1.0.8", BOTH)
            figures["HTTP/2 chosen"] += connection.alpn != ("http/1.1" if tls else None)
            connection.close()
            connection = Raw(server, "127.1.0.9")
            connection.push([UPGRADE])
            connection.wait_for_end(1.0)
            figures["upgraded"] += connection.said.startswith(b"HTTP/1.1 101") or not connection.said.startswith(b"HTTP/1.1 ")
            connection.close()
        for name in ("grown MB", "kept MB"):
            figures[name] = max(figures[name], stage.figures[name] or 0.0)
    return figures


UPGRADE = request("GET", "/jwks").replace(
    b"\r\n\r\n", b"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
)
