"""The two servers that are recorded: a simulated account, and a host that is not the vendor's."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from attrs import evolve

from campaign_fsm.simulator import Simulator
from campaign_fsm.simulator.replies import Reply


class StoryAccount(Simulator):
    """A simulated account that treats some campaigns as other servers would.

    Its clock runs, because recorders without times of their own keep the Date of the answers.

    Attributes:
        zipped: Their answers are compressed for whoever takes that.
        closing: Their answers end the connection. Some clients send a request again by themselves when a connection
            that they had used before ends without an answer, and record one of the two.
    """

    def __init__(self) -> None:
        super().__init__(now=datetime.now(UTC), live=True)
        self.zipped: set[str] = set()
        self.closing: set[str] = set()

    def handle(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> Reply:
        headers = list(headers)
        reply = super().handle(method, target, headers, body)
        campaign = target.rpartition("/")[2]
        if campaign in self.closing:
            reply = evolve(reply, headers=(*reply.headers, ("Connection", "close")))
        takes = ",".join(value for name, value in headers if name.lower() == "accept-encoding")
        if campaign in self.zipped and "gzip" in takes:
            packed = gzip.compress(reply.body, mtime=0)
            reply = evolve(reply, headers=(*reply.headers, ("Content-Encoding", "gzip")), body=packed)
        return reply


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = b"\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(5))) + chunk(b"IEND", b"")


_ANSWERS = {
    "/picture.png": (200, "image/png", _png()),
    "/upload": (200, "application/octet-stream", bytes(range(256))),
    "/latin": (200, "text/plain; charset=iso-8859-1", "über\xa0all".encode("latin-1")),
    "/moved": (302, "text/html", b""),
}


class _Elsewhere(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/gone":
            self.close_connection = True
            return
        code, kind, body = _ANSWERS.get(self.path, (204, "", b""))
        if self.command == "OPTIONS":
            # A browser asks before it sends something to another host.
            code, kind, body = 204, "", b""
        self.send_response(code)
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin") or "*")
        self.send_header("Access-Control-Allow-Headers", "*")
        self.send_header("Access-Control-Allow-Methods", "*")
        if kind:
            self.send_header("Content-Type", kind)
        if code == 302:
            self.send_header("Location", "/latin")
        if code != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = do_OPTIONS = _answer  # noqa: N815 (the base class looks for these)


@contextmanager
def elsewhere() -> Iterator[str]:
    """A host that has nothing to do with campaigns; gives its URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
