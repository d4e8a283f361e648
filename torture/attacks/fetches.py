"""F5 and F23: documents that the service is told to fetch, refused at once or never sent."""

import asyncio
import os
import socket
import ssl
import threading
import time

from torture.attacks.asked import ADMINISTRATOR, PASSWORD, addresses, basic, registration, update
from torture.attacks.clients import register
from torture.attacks.crowd import Connection, at_once, room
from torture.ledger import metadata

REFUSED = {"subject_type": "pairwise", "sector_identifier_uri": "https://10.0.0.1/sector.json"}
"""A document at an address that is refused before anything is sent."""


def refused(stage):
    """6000 connections that register with refused documents as fast as they are answered; all limits that count are off."""
    server = stage.start(
        REGISTRATION="open", LIMITS_CONNECTIONS_PER_ADDRESS=0, LIMITS_REGISTRATIONS_PER_MINUTE=0, LIMITS_UPDATES_PER_MINUTE=0
    )
    count, seconds = room(6000), 5.0 if stage.quick else 12.0
    sources = addresses(30)
    statuses = {}

    async def one(number):
        connection = Connection(server.port, sources[number % 30])
        data = registration(f"refused-{number}", **REFUSED)
        while time.monotonic() < until:
            reply = await connection.ask(data)
            statuses[reply.status] = statuses.get(reply.status, 0) + 1
            if reply.status == 0:
                await asyncio.sleep(0.5)
        connection.close()

    async def all_of_them():
        await asyncio.gather(*map(one, range(count)))

    administrator = registration("admin-{number}", basic(ADMINISTRATOR, PASSWORD))
    with stage.watch(server, request=administrator, status=201):
        until = time.monotonic() + seconds
        asyncio.run(all_of_them())
    requests = sum(statuses.values())
    return {"connections": count, "requests": requests, "answered otherwise": requests - statuses.get(400, 0)}


class Documents:
    """An HTTPS server that has every sector document, under the certificate of a Frontdesk; and one that answers nothing."""

    def __init__(self, data, listed):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(os.path.join(data, "server.pem"), os.path.join(data, "server.key"))
        self.context, self.body = context, listed
        self.live, self.dead = socket.create_server(("127.0.0.1", 0), backlog=256), socket.create_server(("127.0.0.1", 0), backlog=256)
        threading.Thread(target=self.serve, daemon=True).start()

    def uri(self, server, path):
        """Returns the address of a document at one of the two."""
        return f"https://127.0.0.1:{server.getsockname()[1]}/{path}"

    def serve(self):
        """Answers one connection after the other."""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: {len(self.body)}\r\n\r\n"
        while True:
            try:
                connection, _ = self.live.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(head.encode() + self.body)
            except OSError:
                pass

    def close(self):
        """Ends both."""
        self.live.close()
        self.dead.close()


TAGS = ("first", "second", "third")
"""The clients that register while another client's documents never come."""


def dead_server(stage):
    """32 updates of one client at once, whose documents never come; others register meanwhile, with documents that do."""
    # The certificate that one Frontdesk made for itself serves the documents that the other one fetches.
    maker = stage.start(tls=True)
    data = os.path.join(maker.folder, "frontdesk-data")
    maker.stop()
    text = ",".join(f'"{uri}"' for tag in TAGS for uri in metadata(tag)["redirect_uris"])
    documents = Documents(data, f"[{text}]".encode())
    allowed = ",".join(f"127.0.0.1:{server.getsockname()[1]}" for server in (documents.live, documents.dead))
    server = stage.start(REGISTRATION="open", OUTBOUND_ALLOW=allowed, OUTBOUND_CA=os.path.join(data, "ca.pem"))
    [client] = register(server, 1)
    [here] = addresses(1)
    never = [
        (here, update(client, f"never-{number}", subject_type="pairwise", sector_identifier_uri=documents.uri(documents.dead, str(number))))
        for number in range(32)
    ]
    others = {
        f"{tag} fetch": {
            "at": 0.5 * (at + 1),
            "address": address,
            "request": registration(tag, subject_type="pairwise", sector_identifier_uri=documents.uri(documents.live, tag)),
        }
        for at, (tag, address) in enumerate(zip(TAGS, addresses(3, network=3)))
    }
    try:
        with stage.watch(server, once=others) as watch:
            replies = at_once(server.port, never)
            watch.hold(2.0)
    finally:
        documents.close()
    return {"updates": len(replies), "updates refused with 429": sum(reply.status == 429 for reply in replies)}
