"""What the service promised, to be held against what it has."""

import threading
from collections import Counter


def metadata(tag):
    """A client whose every member says which request it is from, so that a mixture shows."""
    return {
        "client_name": tag,
        "redirect_uris": [f"https://rp.example/{tag}/one", f"https://rp.example/{tag}/two"],
        "client_uri": f"https://rp.example/{tag}",
        "contacts": [f"{tag}@rp.example"],
        "software_id": tag,
        "software_version": tag,
    }


def whole(shown, tag):
    """Whether everything in there is from that request."""
    return all(shown.get(name) == value for name, value in metadata(tag).items())


class Client:
    """A client that was promised by a 201."""

    def __init__(self, shown):
        self.shown = shown
        """What the service last promised to have."""
        self.replacing = None
        """The tag of an update nobody answered."""
        self.deleting = False
        """Whether a deletion was asked for and not answered."""
        self.gone = False
        """Whether a 204 promised that it is gone."""
        self.updates = 0
        """How often it was replaced."""
        self.reissued = 0
        """How often the command line gave it another token."""

    @property
    def id(self):
        """Its client_id."""
        return self.shown["client_id"]

    @property
    def token(self):
        """Its registration access token."""
        return self.shown["registration_access_token"]

    @property
    def path(self):
        """Where it is managed."""
        return f"/register/{self.id}"

    @property
    def certain(self):
        """Whether the last thing asked of it was answered."""
        return self.replacing is None and not self.deleting

    def settle(self, shown):
        """Takes what is found for what is so, when a request about it was not answered; the reason why it cannot be so."""
        if shown is None:
            if self.gone:
                return None
            if self.deleting:
                self.gone, self.deleting = True, False
                return None
            return f"lost: {self.id} was promised and is not there"
        if self.gone:
            return f"resurrected: {self.id} was deleted and is there"
        old, self.deleting = self.shown, False
        tag, self.replacing = self.replacing, None
        if shown == old:
            return None
        if tag is None:
            return f"changed: {self.id} is not what was promised"
        if whole(shown, tag) and {**shown, **metadata("")} == {**old, **metadata("")}:
            self.shown = shown
            self.updates += 1
            return None
        return f"torn: {self.id} is neither the old nor the new"


class Ledger:
    """Everything that was promised, and everything that turned out not to be so."""

    def __init__(self):
        self.lock = threading.Lock()
        self.clients = []
        self.unanswered = set()
        """The tags of registrations nobody answered: each may be there, once and whole, or not."""
        self.losses = []
        self.counts = Counter()

    def count(self, name, number=1):
        """Counts something."""
        with self.lock:
            self.counts[name] += number

    def lose(self, sentence):
        """Writes a broken promise down."""
        with self.lock:
            self.losses.append(sentence)

    def registered(self, shown):
        """Writes a 201 down."""
        client = Client(shown)
        with self.lock:
            self.clients.append(client)
        return client
