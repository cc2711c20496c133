"""Small servers on real sockets, which know nothing of the package and keep every byte that arrives."""

import json
import socket
import threading
from contextlib import suppress

from attrs import frozen
from wires import ID

OTHER = "1" * 32
DEST = {"pause": "paused", "resume": "in-progress", "complete": "completed", "archive": "archived"}


@frozen
class Arrived:
    """One request: when its last byte was there."""

    connection: int
    method: str
    path: str
    headers: dict
    body: bytes

    @property
    def brief(self):
        """The method and the last part of the path."""
        return f"{self.method} {self.path.rpartition('/')[2]}"


class _Server:
    """Accepts connections, each in a thread; subclasses say what is done with one."""

    def __init__(self, tls=None):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._tls = tls
        self._sockets, self._threads = [], []
        self._guard = threading.Lock()
        self.port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}" if tls else f"http://127.0.0.1:{self.port}"
        self._start(self._accept)

    def _start(self, work, *args):
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection = self._listener.accept()[0]
                with self._guard:
                    self._sockets.append(connection)
                    number = len(self._sockets)
                self._start(self._run, connection, number)

    def _run(self, connection, number):
        with suppress(OSError), connection:
            if self._tls:
                with self._tls.wrap_socket(connection, server_side=True) as tunnel:
                    self.serve(tunnel, number)
            else:
                self.serve(connection, number)

    def serve(self, connection, number):
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *args):
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)


class _Account(_Server):
    """Campaigns, what was asked of them, and hooks for tests.

    Attributes:
        statuses: The status of each campaign.
        received: The bytes of each read of a socket, in order.
        requests: What they hold.
        before_answer: Called with each request, in the server's thread, before it is answered.
        failures: Status codes that the next writes are answered with, unapplied.
        release: Lets go of the answer for ``/held``.
    """

    def __init__(self, tls=None):
        self.statuses = {ID: "in-progress", OTHER: "paused"}
        self.received, self.requests, self.failures = [], [], []
        self.before_answer = lambda arrived: None
        self.release = threading.Event()
        super().__init__(tls)

    @property
    def briefs(self):
        return [request.brief for request in self.requests]

    @property
    def writes(self):
        return [request for request in self.requests if request.method not in ("GET", "CONNECT")]

    def __exit__(self, *args):
        self.release.set()
        super().__exit__(*args)

    def answer(self, arrived):
        """Status code and body; an HTTP/1.1 server also takes headers after them."""
        campaign = arrived.path.rpartition("/")[2].removesuffix("?")
        if campaign not in self.statuses:
            return 200, b"{}"
        if arrived.method != "GET":
            if self.failures:
                return self.failures.pop(0), b"{}"
            self.statuses[campaign] = DEST[json.loads(arrived.body)["action"]]
        data = {"sid": campaign, "status": self.statuses[campaign]}
        return 200, json.dumps({"response": {"code": 200, "status": "success", "data": data}}).encode()


class Server(_Account):
    """Speaks HTTP/1.1."""

    def serve(self, connection, number):
        file = connection.makefile("rb")

        def line():
            got = file.readline()
            self.received.append(got)
            return got

        def exactly(size):
            got = file.read(size)
            self.received.append(got)
            return got

        with file:
            while first := line().split():
                headers = {}
                while field := line().strip():
                    name, _, value = field.decode("latin-1").partition(":")
                    headers[name.lower()] = value.strip()
                body = exactly(int(headers.get("content-length", 0)))
                if headers.get("transfer-encoding") == "chunked":
                    while size := int(line(), 16):
                        body += exactly(size)
                        line()
                    line()
                target = first[1].decode("latin-1")
                # A forward proxy is asked for the whole URL.
                path = target if target.startswith("/") else "/" + target.split("/", 3)[3]
                arrived = Arrived(number, first[0].decode(), path, headers, body)
                self.requests.append(arrived)
                self.before_answer(arrived)
                if path == "/held":
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{")
                    self.release.wait(30)
                    connection.sendall(b"}")
                    continue
                code, answer, *more = self.answer(arrived)
                extra = b"".join(b"%b: %b\r\n" % header for header in more)
                connection.sendall(
                    b"HTTP/1.1 %d X\r\n%bContent-Length: %d\r\n\r\n%b" % (code, extra, len(answer), answer)
                )


class Http2Server(_Account):
    """Speaks HTTP/2, without an upgrade ("prior knowledge").

    Attributes:
        goaways: How many of the next writes are answered with GOAWAY, as "not processed".
    """

    goaways = 0

    def serve(self, connection, number):
        import h2.config
        import h2.connection
        import h2.events

        state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        state.initiate_connection()
        connection.sendall(state.data_to_send())
        heads, bodies, closing = {}, {}, False
        while chunk := connection.recv(65536):
            self.received.append(chunk)
            if closing:
                continue
            for event in state.receive_data(chunk):
                if isinstance(event, h2.events.RequestReceived):
                    heads[event.stream_id], bodies[event.stream_id] = dict(event.headers), b""
                elif isinstance(event, h2.events.DataReceived):
                    bodies[event.stream_id] += event.data
                    state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    stream, head = event.stream_id, heads[event.stream_id]
                    arrived = Arrived(number, head[":method"], head[":path"], head, bodies[stream])
                    self.requests.append(arrived)
                    self.before_answer(arrived)
                    if arrived.method != "GET" and self.goaways:
                        self.goaways -= 1
                        state.close_connection(last_stream_id=stream - 2)
                        closing = True
                        break
                    code, answer = self.answer(arrived)
                    state.send_headers(stream, [(":status", str(code))])
                    state.send_data(stream, answer, end_stream=True)
            connection.sendall(state.data_to_send())


class Proxy(_Server):
    """Passes everything on to one server, after a CONNECT or as it comes.

    Attributes:
        lines: The first line that came on each connection.
    """

    def __init__(self, port):
        self._to = port
        self.lines = []
        super().__init__()

    def serve(self, connection, number):
        head = b""
        while b"\r\n\r\n" not in head and (chunk := connection.recv(65536)):
            head += chunk
        if not head:
            return
        self.lines.append(head.split(b"\r\n")[0].decode())
        with socket.create_connection(("127.0.0.1", self._to)) as below:
            with self._guard:
                self._sockets.append(below)
            if head.startswith(b"CONNECT "):
                connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                below.sendall(head)
            self._start(self._pump, below, connection)
            self._pump(connection, below)

    @staticmethod
    def _pump(source, sink):
        with suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
