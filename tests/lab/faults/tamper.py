"""A proxy in front of dhcpd's OMAPI port that spoils its answers: `tamper.py PORT TARGET_PORT MODE_FILE`.

Standard library only: it runs inside a lab server. The mode is read for each answer:
pass, half, garbage, other, huge, drop, or close.
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

HEADER = 24
CHUNK = 65536


def read(path: str) -> str:
    """The mode now; while it is being written it is `pass`."""
    return Path(path).read_text().strip() or "pass"


def upward(client: socket.socket, server: socket.socket) -> None:
    """Questions pass untouched."""
    with suppress(OSError):
        while data := client.recv(CHUNK):
            server.sendall(data)
    for each in (client, server):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def spoiled(mode: str, answer: bytes, last: bytes) -> bytes:
    """What the console gets in place of an answer; `last` is the one before it."""
    if mode == "half":
        return answer[: max(1, len(answer) // 2)]
    if mode == "garbage":
        return bytes((7 * at + 13) % 256 for at in range(400))
    if mode == "other":
        return last
    if mode == "huge":  # a value of almost 4 GiB is announced, and a good deal of it comes
        return answer[:HEADER] + b"\0\x04name" + b"\xff\xff\xff\xf0" + b"x" * 2_000_000
    return b""


def downward(server: socket.socket, client: socket.socket, mode_file: str) -> None:
    """Answers, as the mode says. Once half of one was sent the connection stays silent."""
    last, silent = b"", False
    with suppress(OSError):
        while data := server.recv(CHUNK):
            mode = read(mode_file)
            if mode == "close":
                break
            if mode == "pass" and not silent:
                client.sendall(data)
                last = data
            elif not silent:
                client.sendall(spoiled(mode, data, last))
                silent = mode == "half"
    for each in (client, server):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def serve(client: socket.socket, target: int, mode_file: str) -> None:
    """One connection to its end."""
    with client:
        try:
            server = socket.create_connection(("127.0.0.1", target), 5)
        except OSError:
            return
        with server:
            server.settimeout(None)
            back = threading.Thread(target=downward, args=(server, client, mode_file), daemon=True)
            back.start()
            upward(client, server)
            back.join()


def main(port: str, target: str, mode_file: str) -> None:
    """Until killed."""
    listener = socket.create_server(("127.0.0.1", int(port)))
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, int(target), mode_file), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
