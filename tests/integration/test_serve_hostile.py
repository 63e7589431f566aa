"""The HTTP server against clients that mean no good: raw sockets, no Kafka needed."""
import json
import re
import socket
import time

import pytest
import requests

from support.process import Processes
from support.soglia import Soglia
from support.wait import until

WAIT_S = 20
TIMEOUT_S = 1.0  # Of the server, for slow clients.
AT_ONCE_S = 10  # On a busy machine, and less than the server's patience with idle connections.


def alive(soglia):
    try:
        return soglia.get("/healthz").status_code == 200
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def process_and_server(tmp_path_factory):
    """One server for all tests: each has to leave it as it was."""
    processes = Processes(tmp_path_factory.mktemp("hostile"))
    soglia = Soglia(processes, "127.0.0.1:1", "", "smtp://127.0.0.1:1")
    soglia.settings |= {"http.timeout": "1s", "http.per_address": "200", "state.map_bytes": "16MiB"}
    process = soglia.start("serve")
    until(lambda: alive(soglia) or not process.running, WAIT_S, "/healthz")
    assert process.running, process.tail()
    yield process, soglia
    began = time.monotonic()
    assert process.end() == 0, process.tail()
    assert time.monotonic() - began < 5
    processes.end()


@pytest.fixture
def server(process_and_server):
    process, soglia = process_and_server
    yield soglia
    until(lambda: alive(soglia) or not process.running, WAIT_S, "/healthz")
    assert process.running, process.tail()


def connect(server):
    host, port = server.listen.split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def talk(server, data):
    """Everything the server says to these bytes before it closes or falls silent."""
    with connect(server) as line:
        try:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # The server has had enough already.
        said = b""
        try:
            while chunk := line.recv(65536):
                said += chunk
        except OSError:
            pass
        return said


def status(said):
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", said)
    return int(found[1]) if found else None


def request(target, *headers, method="GET"):
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]).encode("latin-1")


@pytest.mark.parametrize("target, expected", [
    ("/healthz", 200), ("/nothing", 404), ("/v1/instruments/", 404), ("/v1//instruments", 404),
    ("/v1/instruments/a%", 400), ("/v1/instruments/a%4", 400), ("/v1/instruments/a%zz", 400),
    ("/v1/instruments/a%00b", 400), ("/v1/instruments/a%0d%0aX-Evil:%201", 400), ("/v1/instruments/%ff%fe", 400),
    ("/v1/instruments/%C0%AF", 400), ("/v1/instruments/fx:EUR/USD", 404), ("/v1/instruments/" + "a" * 200, 404),
    ("/../../etc/passwd", 404), ("/%2e%2e/%2e%2e/etc/passwd", 404), ("/healthz#x", 400), ("healthz", 400),
    ("/v1/instruments?limit=0", 400), ("/v1/instruments?limit=1001", 400), ("/v1/instruments?limit=1e2", 400),
    ("/v1/instruments?limit=9223372036854775808", 400), ("/v1/instruments?limit=1&limit=2", 400),
    ("/v1/instruments?colour=red", 400), ("/v1/instruments?cursor=AAAA", 400), ("/v1/instruments?cursor=", 400),
    ("/v1/instruments?" + "&".join(f"p{i}=1" for i in range(40)), 400), ("/" + "a/" * 100, 400),
    ("http://evil.example/healthz", 200), ("http://evil.example", 200), ("*", 400), ("/?a=%", 400),
    ("/" + "a" * 8300, 414),
])
def test_targets(server, target, expected):
    said = talk(server, request(target))
    assert status(said) == expected, said[:300]
    assert b"X-Evil" not in said.split(b"\r\n\r\n")[0]
    if expected >= 400:
        problem = json.loads(said.split(b"\r\n\r\n", 1)[1])
        assert problem["status"] == expected and problem["title"] and problem["detail"]


def test_an_unknown_parameter_is_named(server):
    assert '"colour"' in server.get("/v1/instruments?colour=red").json()["detail"]


@pytest.mark.parametrize("method, target, expected, allow", [
    ("POST", "/healthz", 405, "GET, HEAD, OPTIONS"), ("DELETE", "/v1/instruments", 405, "GET, HEAD, OPTIONS"),
    ("TRACE", "/healthz", 405, "GET, HEAD, OPTIONS"), ("BREW", "/healthz", 501, None), ("get", "/healthz", 501, None),
    ("POST", "/nothing", 404, None), ("OPTIONS", "/healthz", 204, "GET, HEAD, OPTIONS"),
    ("OPTIONS", "*", 204, "GET, HEAD, OPTIONS"), ("HEAD", "/healthz", 200, None)])
def test_methods(server, method, target, expected, allow):
    said = talk(server, request(target, method=method))
    head, _, body = said.partition(b"\r\n\r\n")
    assert status(said) == expected, said[:300]
    found = re.search(rb"^Allow: (.*)\r?$", head, re.M)
    assert (found[1].decode().strip() if found else None) == allow
    if method in ("HEAD", "OPTIONS"):
        assert body == b""


@pytest.mark.parametrize("accept, expected", [
    ("application/json", 200), ("*/*", 200), ("application/*;q=0.1", 200), ("text/html", 406), ("text/html, */*;q=0.1", 200),
    ("application/json;q=0, */*", 406), ("", 200), (";;;,,,=", 406)])
def test_accept(server, accept, expected):
    assert server.get("/healthz", headers={"Accept": accept}).status_code == expected


def test_bodies_are_refused_and_never_taken_for_requests(server):
    smuggled = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    for header in (f"Content-Length: {len(smuggled)}", "Transfer-Encoding: chunked", "Content-Length: 99999999999"):
        said = talk(server, request("/healthz", header).replace(b"Connection: close\r\n", b"") + smuggled)
        assert status(said) in (400, 413), said[:300]
        assert said.count(b"HTTP/1.") == 1
    assert status(talk(server, request("/healthz", "Content-Length: 0"))) == 200
    assert status(talk(server, request("/healthz", "Content-Length: -1"))) in (400, 413)


def test_headers_have_a_limit(server):
    assert status(talk(server, request("/healthz", "X-Big: " + "a" * 15_000))) == 200
    said = talk(server, request("/healthz", "X-Big: " + "a" * 17_000))
    assert status(said) == 431 and json.loads(said.split(b"\r\n\r\n", 1)[1])["status"] == 431
    assert status(talk(server, request("/healthz", *[f"X-{i}: {'b' * 100}" for i in range(1000)]))) in (413, 431)
    assert status(talk(server, request("/" + "a" * 1_000_000))) in (413, 414, 431)


def test_broken_bytes(server):
    for data in (b"\0\0\0\0\r\n\r\n", b"GET /healthz\0x HTTP/1.1\r\nHost: x\r\n\r\n", b"GET\r\n\r\n", b"\r\n" * 1000,
                 b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", b"GET /healthz HTTP/1.1\r\nHo\0st: x\r\n\r\n",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), b"GET /healthz HTTP/1.1\r\n\r\n",
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        said = talk(server, data)
        assert status(said) in (None, 200, 400, 505), (data[:40], said[:200])


def test_http_1_0_and_pipelining(server):
    said = talk(server, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert status(said) == 200 and said.endswith(b'{"status":"alive"}')
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    said = talk(server, one * 20 + request("/nothing"))
    assert len(re.findall(rb"HTTP/1\.1 200", said)) == 20
    assert len(re.findall(rb"HTTP/1\.1 404", said)) == 1


def test_slow_clients_are_cut(server):
    """A byte now and then keeps no connection open, nor does silence, before a request or between two."""
    began = time.monotonic()
    silent, slow, kept = connect(server), connect(server), connect(server)
    kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    lines = {"silent": silent, "slow": slow, "kept": kept}
    ended = {}
    message = iter(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-Slow: " + b"a" * 10_000)
    while lines and time.monotonic() - began < 10:
        for name, line in list(lines.items()):
            line.settimeout(0.02)
            try:
                if name == "slow":
                    line.sendall(bytes([next(message)]))
                over = line.recv(4096) == b""
            except TimeoutError:
                over = False
            except OSError:
                over = True
            if over:
                ended[name] = time.monotonic() - began
                lines.pop(name).close()
    assert set(ended) == {"silent", "slow", "kept"}
    assert all(TIMEOUT_S * 0.9 <= took < TIMEOUT_S + 4 for took in ended.values()), ended


def test_a_client_that_takes_nothing_is_cut(server):
    """Pipelined questions whose answers nobody reads."""
    with connect(server) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(10)
        one = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
        began = time.monotonic()
        with pytest.raises((ConnectionError, TimeoutError)) as cut:
            while time.monotonic() - began < 10:
                line.sendall(one * 100)
        assert cut.type is not TimeoutError
        assert time.monotonic() - began < 10


def test_too_many_connections_from_one_address(server):
    lines = []
    try:
        for _ in range(260):
            lines.append(connect(server))
    except OSError:
        pass
    for line in lines:
        line.close()

    until(lambda: alive(server), WAIT_S, "the server to answer again")


@pytest.mark.parametrize("count", [127, 128, 129, 256])
def test_requests_that_come_at_once_are_answered_at_once(processes, count):
    """On open connections, to one thread, while it is held up: as many as libmicrohttpd takes events at a time, and others."""
    soglia = Soglia(processes, "127.0.0.1:1", "", "smtp://127.0.0.1:1")
    soglia.settings |= {"http.threads": 1, "http.per_address": 400, "state.map_bytes": "16MiB"}
    process = soglia.start("serve")
    until(lambda: alive(soglia) or not process.running, WAIT_S, process.tail)
    lines = [connect(soglia) for _ in range(count)]
    ask = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    try:
        for line in lines:
            line.sendall(ask)
            assert status(line.recv(65536)) == 200
        process.pause()
        for line in lines:
            line.sendall(ask)
        process.resume()
        for line in lines:
            line.settimeout(AT_ONCE_S)
            assert status(line.recv(65536)) == 200
    finally:
        for line in lines:
            line.close()
    assert process.end() == 0
