"""Server-sent events by the WHATWG's rules: a parser and a client of our own, over bare sockets."""
import json
import select
import socket
import time
from collections import namedtuple

Event = namedtuple("Event", "name data id")
CONNECT_S = 20


class Parser:
    """Takes bytes, gives events; follows section 9.2.6 of the HTML standard to the letter."""

    def __init__(self, last_id=""):
        self.last_id = last_id  # Of the last event that was whole: what a client sends when it comes back.
        self.retry = None
        self.comments = 0
        self._rest = b""
        self._id, self._name, self._data = last_id, "", []

    def feed(self, data):
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        events = []
        for line in lines:
            assert b"\r" not in line, line
            text = line.decode("utf-8")
            if text:
                self._field(text)
                continue
            self.last_id = self._id
            if self._data:
                events.append(Event(self._name or "message", "\n".join(self._data), self._id))
            self._name, self._data = "", []
        return events

    def _field(self, text):
        if text.startswith(":"):
            self.comments += 1
            return
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            assert "\0" not in value
            self._id = value
        elif name == "retry":
            self.retry = int(value)
        else:
            raise AssertionError(f"a field that the standard does not know: {text!r}")


class Dechunker:
    """HTTP/1.1's chunked coding (RFC 9112 section 7.1), as it comes."""

    def __init__(self):
        self.ended = False
        self._raw = b""
        self._left = 0

    def feed(self, data):
        self._raw += data
        out = []
        while not self.ended:
            if self._left == 0:
                head, found, rest = self._raw.lstrip(b"\r\n").partition(b"\r\n")
                if not found:
                    break
                self._left = int(head.split(b";")[0], 16)
                self._raw = rest
                self.ended = self._left == 0
                continue
            taken = self._raw[:self._left]
            if not taken:
                break
            out.append(taken)
            self._raw = self._raw[len(taken):]
            self._left -= len(taken)
        return b"".join(out)


class Stream:
    """One open stream. `status` and `headers` are of its answer; `body` is what another status than 200 brought."""

    def __init__(self, port, target, last_id="", headers=(), receive_bytes=None, method="GET"):
        self.parser = Parser(last_id)
        self.events = []
        self.ended = False
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(CONNECT_S)
        self.socket.connect(("127.0.0.1", port))
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Accept: text/event-stream", *headers]
        lines += [f"Last-Event-ID: {last_id}"] if last_id else []
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            got = self.socket.recv(65536)
            assert got, f"the server hung up: {head!r}"
            head += got
        head, _, rest = head.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self._chunks = Dechunker() if self.headers.get("transfer-encoding") == "chunked" else None
        self.body = b""
        self._take(rest)

    def _take(self, data):
        if self._chunks is None:
            self.body += data
            return
        self.events += self.parser.feed(self._chunks.feed(data))
        self.ended = self.ended or self._chunks.ended

    @property
    def last_id(self):
        return self.parser.last_id

    def read(self, timeout_s=0.0):
        """Takes what is there, waiting for the first of it at most so long; False when nothing came."""
        if self.ended or not select.select([self.socket], [], [], timeout_s)[0]:
            return False
        try:
            data = self.socket.recv(262144)
        except ConnectionResetError:
            data = b""
        self.ended = self.ended or not data
        self._take(data)
        return True

    def read_until(self, condition, timeout_s, what):
        """Reads until condition() is true; `what`, or what it returns, says what is waited for."""
        end = time.monotonic() + timeout_s
        while not condition():
            said = what() if callable(what) else what
            assert not self.ended, f"the stream ended before {said}; it has {len(self.events)} events"
            left = end - time.monotonic()
            assert left > 0, f"not within {timeout_s} s: {said}; {self.status}, {len(self.events)} events {self.body!r}"
            self.read(min(left, 0.5))
        return self

    def named(self, name):
        return [json.loads(event.data) for event in self.events if event.name == name]

    def places(self, name="quote"):
        return [(one["position"]["partition"], one["position"]["offset"]) for one in self.named(name)]

    def close(self):
        self.socket.close()
