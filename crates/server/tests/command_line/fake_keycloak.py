"""The Admin REST API of a realm with some copies of clients, for docs/recipes/keycloak/clients.py.

fake_keycloak.py CLIENTS.PY COPIES [ARGUMENT…]: COPIES is the number of copies in the realm, named client-1 and so on. Runs the
program with the arguments, and prints the names of the clients that it deleted. A command `frontdesk` is found in PATH.
"""

import http.server
import json
import subprocess
import sys
import threading

program, copies, *arguments = sys.argv[1:]
clients = {f"id-{number}": f"client-{number}" for number in range(1, int(copies) + 1)}
changes = []


class Realm(http.server.BaseHTTPRequestHandler):
    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        listed = [{"id": own, "clientId": name, "attributes": {"frontdesk.revision": "1"}} for own, name in clients.items()]
        self.answer([*listed, {"id": "id-0", "clientId": "entered", "attributes": {}}])

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.path.endswith("/token"):
            changes.append("made " + json.loads(asked)["clientId"])
        self.answer({"access_token": "token"})

    def do_DELETE(self):
        changes.append("deleted " + clients[self.path.rsplit("/", 1)[1]])
        self.answer(None)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Realm)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
done = subprocess.run(
    [sys.executable, program, "--provider", "https://login.example.com/realms/main", "--keycloak", address, *arguments],
    capture_output=True,
    text=True,
    check=False,
)
print(json.dumps({"code": done.returncode, "changes": sorted(changes), "error": done.stderr}))
