"""A replica that reads a request and closes without an answer; prints the method of each."""

import socket

listener = socket.create_server(("0.0.0.0", 9443), backlog=64)
while True:
    connection, _ = listener.accept()
    head = connection.recv(65536)
    if head:
        print(head.split(b" ", 1)[0].decode(), flush=True)
    connection.close()
