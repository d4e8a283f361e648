"""Many connections at once from chosen addresses, in one thread: plain sockets without blocking, and requests that are bytes."""

import asyncio
import json
import resource
import socket
import time
from dataclasses import dataclass

PATIENCE = 30.0
"""The seconds after which a connection counts as unanswered."""

IP_BIND_ADDRESS_NO_PORT = 24
"""Lets the kernel choose a port for each pair of addresses, so that one address may have more connections than there are ports."""

SPARE = 256
"""Descriptors that a crowd leaves to the rest of this process."""


@dataclass
class Reply:
    """An answer; the status is 0 where the connection ended or the time was up before an answer was there."""

    status: int
    seconds: float
    headers: dict
    text: bytes

    def json(self):
        """Returns the body as JSON."""
        return json.loads(self.text)


def room(wanted):
    """Raises the limit of descriptors as far as it goes; returns how many connections there may be, at most those wanted."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard - SPARE)


class Connection:
    """One connection from one address."""

    def __init__(self, port, address):
        self.port, self.address, self.socket, self.pending = port, address, None, b""

    async def open(self):
        """Connects."""
        self.close()
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        self.socket.bind((self.address, 0))
        await asyncio.get_running_loop().sock_connect(self.socket, ("127.0.0.1", self.port))

    async def send(self, data):
        """Sends bytes."""
        await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def read(self):
        """Returns the bytes that came, none at the end of the connection."""
        return await asyncio.get_running_loop().sock_recv(self.socket, 65536)

    def close(self):
        """Closes the connection, if it is open."""
        if self.socket:
            self.socket.close()
        self.socket, self.pending = None, b""

    async def ask(self, data):
        """Sends one request, on a new connection if there is none; returns the reply."""
        begun = time.monotonic()
        try:
            status, headers, text = await asyncio.wait_for(self.answer(data), PATIENCE)
        except (OSError, asyncio.TimeoutError):
            self.close()
            return Reply(0, time.monotonic() - begun, {}, b"")
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Reply(status, time.monotonic() - begun, headers, text)

    async def answer(self, data):
        """Sends one request and reads its answer."""
        if not self.socket:
            await self.open()
        await self.send(data)
        while b"\r\n\r\n" not in self.pending:
            await self.more()
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        first, *fields = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        length = int(headers.get("content-length", "0"))
        while len(self.pending) < length:
            await self.more()
        text, self.pending = self.pending[:length], self.pending[length:]
        return int(first.split(" ")[1]), headers, text

    async def more(self):
        """Reads on, and fails at the end of the connection."""
        read = await self.read()
        if not read:
            raise ConnectionResetError("the connection was closed")
        self.pending += read


async def each(port, asked):
    """Asks all at once, each pair of an address and a request on a connection of its own; returns the replies in that order."""

    async def one(address, data):
        connection = Connection(port, address)
        try:
            return await connection.ask(data)
        finally:
            connection.close()

    return await asyncio.gather(*(one(address, data) for address, data in asked))


async def in_turn(port, address, asked):
    """Asks one after the other on one kept connection; returns the replies."""
    connection = Connection(port, address)
    try:
        return [await connection.ask(data) for data in asked]
    finally:
        connection.close()


def at_once(port, asked):
    """Runs [`each`]."""
    return asyncio.run(each(port, asked))


def one_by_one(port, address, asked):
    """Runs [`in_turn`]."""
    return asyncio.run(in_turn(port, address, asked))


def side_by_side(port, groups):
    """Asks several groups of requests, each pair of an address and its requests one after the other; returns their replies."""

    async def all_groups():
        return await asyncio.gather(*(in_turn(port, address, asked) for address, asked in groups))

    return asyncio.run(all_groups())


BURST, PAUSE = 60, 0.05
"""The connections that are opened at once, and the seconds between them: what a full backlog drops looks open to its client for ever."""


class Held:
    """Connections that are open and stay so until the end of a block; each may send some bytes first and read an answer."""

    def __init__(self, port, sources, first=b""):
        self.port, self.sources, self.first = port, sources, first
        self.connections = []

    def __enter__(self):
        room(len(self.sources))
        self.connections = asyncio.run(self.open())
        return self

    def __exit__(self, *_):
        for connection in self.connections:
            connection.close()

    async def open(self):
        """Opens all of them; what the service closes or does not accept in time is kept as it is."""

        async def one(number, source):
            connection = Connection(self.port, source)
            await asyncio.sleep(number // BURST * PAUSE)
            try:
                await asyncio.wait_for(connection.open(), 5.0)
                if self.first:
                    await asyncio.wait_for(connection.answer(self.first), 5.0)
            except (OSError, asyncio.TimeoutError):
                pass
            return connection

        return await asyncio.gather(*(one(number, source) for number, source in enumerate(self.sources)))

    def open_now(self):
        """Returns the number of connections that the service has not closed."""
        return sum(map(is_open, self.connections))


def is_open(connection):
    """Returns False once the service has closed that connection."""
    if not connection.socket:
        return False
    try:
        return connection.socket.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
