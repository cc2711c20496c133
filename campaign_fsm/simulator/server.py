"""The simulator on a real socket, so that faults of the socket are real too."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from campaign_fsm.simulator.access import Access, host_names
from campaign_fsm.simulator.answers import OWN
from campaign_fsm.simulator.control import ROOT, ControlAnswer, control
from campaign_fsm.simulator.faults import UNANSWERED, Fault
from campaign_fsm.simulator.forks import Forked, watch
from campaign_fsm.simulator.replies import Reply
from campaign_fsm.simulator.simulator import Simulator

_MOST_BODY: Final = 4 * 2**20
# Seconds between two looks of the listening thread whether it is to stop, where nothing can wake it.
_LOOK: Final = 0.05


class _BadBody(ValueError):
    pass


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60  # an idle connection does not hold its thread for ever
    error_message_format = f"%(message)s {OWN}\n"  # of what is no HTTP
    error_content_type = "text/plain;charset=utf-8"
    server: _Server

    def __getattr__(self, name: str) -> Callable[[], None]:
        # Every method arrives, also one that the standard library has never heard of.
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name in the base class)
        """Nothing: the journal is the log."""

    def _serve(self) -> None:
        if self.server.closing.is_set():
            # A connection that was kept alive does not outlive the server.
            self.close_connection = True
            return
        try:
            body = self._body()
        except (_BadBody, ValueError) as problem:
            self.close_connection = True
            self._send(400, (("Content-Type", "application/json"),), json.dumps({"error": f"{problem} {OWN}"}).encode())
            return
        if f"{self.path.partition('?')[0]}/".startswith(f"{ROOT}/"):
            self._control(body)
            return
        self._leave(self.server.simulator.handle(self.command, self.path, list(self.headers.items()), body))

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= _MOST_BODY:
            raise _BadBody(f"a body is at most {_MOST_BODY} bytes")
        return self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        # A request whose sender died half way has not arrived.
        data = self.rfile.read(length)
        if len(data) < length:
            raise _BadBody("the body is shorter than announced")
        return data

    def _chunks(self) -> bytes:
        chunks: list[bytes] = []
        length = 0
        while size := int(self.rfile.readline(100).split(b";")[0], 16):
            length += size
            if size < 0 or length > _MOST_BODY:
                raise _BadBody(f"a body is at most {_MOST_BODY} bytes")
            chunks.append(self._exactly(size))
            self.rfile.readline(100)
        while self.rfile.readline(1000).strip():
            pass
        return b"".join(chunks)

    def _control(self, body: bytes) -> None:
        problem = self.server.access.problem(self.headers.get_all("Host", ()), self.headers.get("Origin"))
        if problem is None:
            answer = control(self.server.simulator, self.command, self.path, body)
        else:
            answer = ControlAnswer(403, {"error": problem})
        headers = (("Content-Type", "application/json"), *answer.headers)
        self._send(answer.status_code, headers, json.dumps(answer.document, indent=1).encode() + b"\n")

    def _leave(self, reply: Reply) -> None:
        kind = reply.fault.kind if reply.fault else None
        if reply.fault and kind is Fault.STALL:
            self.server.closing.wait(reply.fault.seconds)
        if kind in UNANSWERED:
            self.close_connection = True
            if kind in (Fault.RESET, Fault.RESET_AFTER):
                self._reset()
            return
        if kind is Fault.TRUNCATED:
            self.close_connection = True
            self._send(reply.status_code, reply.headers, reply.body[: len(reply.body) // 2], announced=len(reply.body))
            return
        self._send(reply.status_code, reply.headers, reply.body)

    def _send(
        self, status_code: int, headers: tuple[tuple[str, str], ...], body: bytes, announced: int | None = None
    ) -> None:
        # Whoever hung up has had enough; the request is in the journal all the same.
        with contextlib.suppress(OSError):
            self.send_response_only(status_code)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if announced is None else announced))
            if self.close_connection:
                self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.wfile.flush()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The socket really closes, and so resets, only when its files do.
        self.rfile.close()
        self.wfile.close()
        self.connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, simulator: Simulator, host: str, port: int, allow_hosts: frozenset[str]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.simulator = simulator
        self.closing = threading.Event()
        self._connections: set[socket.socket] = set()
        super().__init__((host, port), _Handler)
        self.access = Access(self.server_name, allow_hosts | host_names([host] if host else []))

    def server_bind(self) -> None:
        # The base class looks up the host's name, which may take seconds and is used for nothing here.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind(self.server_address)
        except (UnicodeError, TypeError):
            raise OSError(errno.EINVAL, "that is no host name") from None
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def close_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().close_request(request)

    def wake(self) -> None:
        """Let the thread that listens look at once whether it is to stop."""
        # What only Linux does to a socket that listens; elsewhere it is an error, or nothing.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def let_go(self) -> None:
        """Give up what another process serves; none of its connections ends by that."""
        for own in (self.socket, *self._connections.copy()):
            with contextlib.suppress(OSError):
                os.close(own.detach())  # to close it is too little while a thread that is no more has a file of it
        self._connections.clear()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that breaks its connection is part of the game."""


class SimulatorServer(Forked):
    """A `Simulator` behind a real HTTP server; a context manager that listens in a thread of its own.

    After a fork only the parent serves.

    Args:
        simulator: The account to serve.
        host: The address or name to listen on; loopback by default.
        port: The port; 0 picks a free one.
        allow_hosts: Names and addresses by which it may be driven (``/_simulator/``), besides those of loopback and
            `host`; where that is every address (``0.0.0.0``) any address may, and any name without a dot or under
            ``.internal`` or ``.local``.

    Raises:
        OSError: The address cannot be listened on.
        ValueError: One of `allow_hosts` is no host.
    """

    def __init__(
        self, simulator: Simulator, host: str = "127.0.0.1", port: int = 0, *, allow_hosts: Iterable[str] = ()
    ) -> None:
        self.simulator = simulator
        self._server = _Server(simulator, host, port, host_names(allow_hosts))
        self._thread: threading.Thread | None = None
        watch(self)

    @property
    def base_url(self) -> str:
        """Where it listens, without credentials."""
        host = self._server.server_name
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.server_port}"

    def start(self) -> Self:
        """Serve in a thread of its own, and return the server; entering it as a context manager does the same."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_LOOK,), daemon=True)
        self._thread.start()
        return self

    def after_fork(self, *, in_child: bool) -> None:
        """A child neither holds connections of its parent open nor waits for a thread that it does not have."""
        if in_child and self._thread is not None:
            self._thread = None
            self._server.let_go()

    def close(self) -> None:
        """Stop serving; stalled answers are dropped."""
        self._server.closing.set()
        if self._thread is not None:
            self._server.wake()
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()
