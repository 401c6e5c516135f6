"""A stranger on the OMAPI port of a dead dhcpd: it says for ever what dhcpd said last. Keyless, so anybody can."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from .net import thread_in
from .omapi import Pairs, _pack
from .server import Server, plain_python
from .texts import OMAPI_PORT

_SCRIPT = """
import socket, struct, sys, threading
answer = bytes.fromhex(sys.argv[2])
def pairs(f):
    found = {}
    while size := struct.unpack("!H", f.read(2))[0]:
        name = f.read(size)
        found[name] = f.read(struct.unpack("!I", f.read(4))[0])
    return found
def talk(sock):
    f = sock.makefile("rwb")
    f.write(struct.pack("!II", 100, 24)); f.flush(); f.read(8)
    while head := f.read(24):
        _, _, opcode, handle, number, _ = struct.unpack("!6I", head)
        message = pairs(f); pairs(f)
        if message.get(b"type") == b"failover-state":
            f.write(struct.pack("!6I", 0, 0, 3, 1, number, number) + b"\\0\\0" + answer)
        else:
            said = struct.pack("!H", 6) + b"result" + struct.pack("!II", 4, 23)
            f.write(struct.pack("!6I", 0, 0, 5, 0, number, number) + said + b"\\0\\0" + b"\\0\\0")
        f.flush()
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as door:
    while True:
        threading.Thread(target=talk, args=(door.accept()[0],), daemon=True).start()
"""


def take_over(server: Server, said: Pairs) -> int:
    """Answer every question for the failover state with `said`; returns the stranger's pid once it listens."""
    script = server.root / "tmp" / "stranger.py"
    script.write_text(_SCRIPT)
    command = f"setsid {plain_python()} /tmp/stranger.py {OMAPI_PORT} {_pack(said).hex()} </dev/null >/dev/null 2>&1 & echo $!"
    pid = int(server.run("sh", "-c", command).stdout)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with suppress(OSError), thread_in(server.space):
            socket.create_connection(("127.0.0.1", OMAPI_PORT), 1).close()
            return pid
        threading.Event().wait(0.05)
    raise AssertionError("the stranger does not listen")
