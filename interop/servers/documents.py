"""documents.py FOLDER CALLBACK…: serves a client ID metadata document over TLS on localhost, with these redirect URIs. FOLDER gets the
certificate, and the document's address in a file `url`. `/count` tells how often the document was asked for."""

import json
import pathlib
import ssl
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder, callbacks = pathlib.Path(sys.argv[1]), sys.argv[2:]
subprocess.run(
    ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
     "-keyout", folder / "key.pem", "-out", folder / "ca.pem"], check=True, capture_output=True)
asked = 0


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        if self.path == "/count":
            body = {"count": asked}
        else:
            asked += 1
            body = {
                "client_id": url, "client_name": "An MCP client", "redirect_uris": callbacks, "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            }
        sent = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
url = f"https://localhost:{server.server_address[1]}/client.json"
(folder / "url.part").write_text(url)
(folder / "url.part").rename(folder / "url")
server.serve_forever()
