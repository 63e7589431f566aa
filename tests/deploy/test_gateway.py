"""The gateway: Debian's nginx with the very files that the containers mount, in front of soglia and of a test service."""
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.gateway import Gateway, read_all
from support.kafka import REPO
from support.ports import free_port
from support.process import Processes
from support.soglia import Soglia
from support.wait import until

WAIT_S = 20
SECURITY = {
    "strict-transport-security": "max-age=31536000; includeSubDomains", "x-content-type-options": "nosniff",
    "x-frame-options": "DENY", "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin"}
# Not limited, where the limit is not what is tested.
FREE = {"rate": "1000r/s", "burst": 1000, "costly_rate": "1000r/s", "costly_burst": 1000}


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def upstream(tmp_path_factory):
    """The port of the test service."""
    processes = Processes(tmp_path_factory.mktemp("upstream"))
    port = free_port()
    process = processes.start("upstream", [sys.executable, Path(__file__).with_name("upstream.py"), port])
    until(lambda: is_open(port), WAIT_S, lambda: process.tail())
    yield port
    processes.end()


@pytest.fixture(scope="module")
def gateway(upstream, tmp_path_factory):
    """In front of the test service, with a short patience."""
    processes = Processes(tmp_path_factory.mktemp("gateway"))
    yield Gateway(processes, f"127.0.0.1:{upstream}", client_timeout="1s", **FREE).start()
    processes.end()


def problem(answer, status):
    """Checks that an answer is a problem of the gateway's own, with every security header, and returns it."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    found = json.loads(answer.body)
    assert found["status"] == status and found["title"] and found["detail"]
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    return found


def status(said):
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", said)
    return int(found[1]) if found else None


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_new_tls(gateway):
    for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
        with gateway.connect(version) as line:
            assert line.version() == name
            assert "GCM" in line.cipher()[0] or "CHACHA20" in line.cipher()[0]
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises(OSError):
            gateway.connect(version)
    with pytest.raises(OSError):
        gateway.connect(ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")


def test_http_2_and_1(gateway):
    assert gateway.curl("/x").protocol == "HTTP/2"
    assert gateway.curl("/x", "--http1.1").protocol == "HTTP/1.1"
    with gateway.connect(protocols=("h2", "http/1.1")) as line:
        assert line.selected_alpn_protocol() == "h2"


def test_plain_http_is_refused(gateway):
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=WAIT_S) as line:
        said = read_all(line, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert status(said) == 400 and b"application/problem+json" in said


def test_what_the_service_is_told_of_the_client(gateway):
    """Whatever a client claims of itself, the service hears where the connection came from."""
    claims = ["X-Forwarded-For: 10.1.2.3", "X-Real-IP: 10.1.2.3", "Forwarded: for=10.1.2.3", "X-Forwarded-Proto: http",
              "X_Forwarded_For: 10.1.2.3", "Proxy: http://evil", "X-Request-ID: mine"]
    options = [word for claim in claims for word in ("-H", claim)]
    options += ["-H", "Authorization: Bearer t", "-H", "Last-Event-ID: 7"]
    headers = {name.lower(): value for name, value in json.loads(gateway.curl("/x", *options).body)["headers"]}
    assert headers["x-forwarded-for"] == "127.0.0.1" and headers["x-forwarded-proto"] == "https"
    assert not {"x-real-ip", "forwarded", "x_forwarded_for", "proxy"} & headers.keys()
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])
    assert headers["host"] == f"localhost:{gateway.port}"
    assert headers["authorization"] == "Bearer t" and headers["last-event-id"] == "7"


def test_security_headers_once(gateway):
    answer = gateway.curl("/x")
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert "nginx/" not in answer.headers.get("server", "")
    assert not answer.repeated


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/registry", "/registry/subjects", "/registry/schemas/ids/1",
                                  "//metrics", "/./metrics", "/x/../metrics", "/%6detrics", "/metrics?x=1", "/registry%2fsubjects"])
def test_operators_paths_are_not_reachable(gateway, path):
    problem(gateway.curl(path, "--path-as-is"), 404)


def test_operators_paths_in_absolute_form(gateway):
    for target in (b"http://localhost/metrics", b"https://serve:8080/metrics", b"http://localhost:9100/./metrics"):
        assert status(gateway.talk(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")) == 404


def test_bodies(gateway, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"a" * 65536)
    assert json.loads(gateway.curl("/x", "--data-binary", f"@{body}").body)["bytes"] == 65536
    body.write_bytes(b"a" * 65537)
    problem(gateway.curl("/x", "--data-binary", f"@{body}"), 413)
    problem(gateway.curl("/x", "--data-binary", f"@{body}", "-H", "Transfer-Encoding: chunked", "--http1.1"), 413)


def test_headers(gateway):
    assert gateway.curl("/x", "-H", f"X-Big: {'a' * 15_000}").status == 200
    problem(gateway.curl("/x", "-H", f"X-Big: {'a' * 17_000}", "--http1.1"), 431)
    problem(gateway.curl(f"/{'a' * 17_000}", "--http1.1"), 414)


def test_broken_requests(gateway):
    for data in (b"\0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        assert status(gateway.talk(data)) in (400, 501), data
    assert status(gateway.talk(b"TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")) == 405


def test_slow_clients_are_cut(gateway):
    """Headers have a second in all here; between two pieces of a body at most a second passes."""
    began = time.monotonic()
    with gateway.connect() as headers, gateway.connect() as body:
        headers.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        body.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")
        assert status(read_all(headers, b"X-Slow: a")) in (None, 408)
        assert status(read_all(body, b"c")) in (None, 408)
    assert time.monotonic() - began < 6


def test_too_many_requests(upstream, processes):
    """Beyond rate and burst an address gets 429; log-ins have a narrower limit, and reading goes on under it."""
    limited = Gateway(processes, f"127.0.0.1:{upstream}", rate="5r/s", burst=20, costly_rate="1r/m", costly_burst=2).start()
    codes = [limited.curl("/v1/sessions", "-d", "{}").status for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    assert limited.curl("/v1/sessions").status == 200
    refused = limited.curl("/v1/users", "-d", "{}")
    problem(refused, 429)
    assert refused.headers["retry-after"] == "1"
    urls = [f"{limited.url}/{number}" for number in range(60)]
    done = subprocess.run(["curl", "-s", "--cacert", limited.certificate, "--write-out", "\\n%{http_code}\\n", *urls],
                          capture_output=True, text=True, check=False)
    codes = re.findall(r"^\d{3}$", done.stdout, re.M)
    assert 10 <= codes.count("200") <= 35 and codes.count("429") >= 20, codes


def test_too_many_connections(upstream, processes):
    limited = Gateway(processes, f"127.0.0.1:{upstream}", connections=3, **FREE).start()
    lines = [limited.connect() for _ in range(4)]
    for line in lines:
        line.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
    codes = sorted(status(line.recv(4096)) for line in lines)
    assert codes == [200, 200, 200, 429]
    for line in lines:
        line.close()
    until(lambda: limited.curl("/x").status == 200, WAIT_S, "a place for the next one")


def test_events_are_not_held_back(gateway):
    """Each event is here before the next one is made, and a silence longer than the client's time-out ends nothing."""
    with gateway.connect() as line:
        line.sendall(b"GET /v1/stream HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
        said = b""
        for number in range(6):
            while f"data: {number}\n\n".encode() not in said:
                chunk = line.recv(4096)
                assert chunk, said
                said += chunk
            assert f"data: {number + 1}".encode() not in said
            # Once the stream is silent for longer than the gateway waits for a client.
            until(lambda end=time.monotonic() + (1.5 if number == 2 else 0): time.monotonic() > end, WAIT_S, "a silence")
            gateway.curl("/next")


def test_a_service_that_is_away(processes):
    """502 as a problem that says when to come again, at once; and no restart of the gateway when the service is back."""
    port = free_port()
    alone = Gateway(processes, f"127.0.0.1:{port}", **FREE).start()
    away = alone.curl("/v1/instruments")
    assert "same request" in problem(away, 502)["detail"]
    assert away.headers["retry-after"] == "2"
    processes.start("upstream", [sys.executable, Path(__file__).with_name("upstream.py"), port])
    until(lambda: alone.curl("/v1/instruments").status == 200, WAIT_S, "the service through the gateway")


def test_the_certificate_script_keeps_what_is_good(tmp_path):
    script = REPO / "scripts/make-certificate.sh"

    def made(*names):
        subprocess.run([script, tmp_path / "tls", *names], check=True, capture_output=True)
        return (tmp_path / "tls/tls.crt").read_bytes()
    first = made()
    assert made() == first
    second = made("soglia.example.org", "192.0.2.7")
    assert second != first and made("soglia.example.org", "192.0.2.7") == second
    shown = subprocess.run(["openssl", "x509", "-in", tmp_path / "tls/tls.crt", "-noout", "-text"],
                           capture_output=True, text=True, check=True).stdout
    assert "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:soglia.example.org, IP Address:192.0.2.7" in shown
    assert subprocess.run([script, tmp_path, "a b"], check=False, capture_output=True).returncode == 2


@pytest.fixture
def served(soglia, kafka, avro, processes):
    """A real soglia with a quote, and the gateway in front of it."""
    soglia.settings |= {"state.map_bytes": "64MiB"}
    soglia.run("topics", "apply")
    process = soglia.start("serve")
    soglia.wait_ready(process)
    value = {"instrument": "stock:AAPL", "value": 191.5, "event_time": 1_795_190_400_000, "source": "test", "unit": None, "details": {}}
    kafka.produce(f"{soglia.settings['topics.prefix']}quotes", [("stock:AAPL", avro.encode("quotes", value))])
    until(lambda: soglia.get("/v1/instruments/stock:AAPL").status_code == 200, WAIT_S, "the quote")
    return Gateway(processes, soglia.listen, **FREE).start(), process


def test_a_users_way(site, processes):
    """The very way that the test of the containers goes."""
    before = Gateway(processes, site.soglia.listen, **FREE).start()
    done = subprocess.run([sys.executable, Path(__file__).with_name("journey.py"), before.url, before.certificate,
                           site.kafka.brokers, site.prefix], capture_output=True, text=True, check=False, timeout=WAIT_S * 5)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "its mail is sent" in done.stdout


def test_soglia_behind_it(served, soglia):
    """Answers, validators and problems come through unchanged; a restart of serve is told and passes."""
    gateway, process = served
    direct = soglia.get("/v1/instruments/stock:AAPL")
    answer = gateway.curl("/v1/instruments/stock:AAPL")
    assert answer.protocol == "HTTP/2" and answer.status == 200 and not answer.repeated
    assert json.loads(answer.body) == direct.json()
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert answer.headers["content-security-policy"] == direct.headers["Content-Security-Policy"]
    assert answer.headers["soglia-position"] == direct.headers["Soglia-Position"]
    assert gateway.curl("/v1/instruments/stock:AAPL", "-H", f"If-None-Match: {answer.headers['etag']}").status == 304
    missing = gateway.curl("/v1/instruments/stock:none")
    assert missing.status == 404 and "stock:none" in json.loads(missing.body)["instance"]
    slash = gateway.curl("/v1/instruments/fx:EUR%2FUSD")
    assert json.loads(slash.body)["instance"] == "/v1/instruments/fx:EUR%2FUSD"
    for path in ("/metrics", "/registry/subjects", "/readyz"):
        assert soglia.get(path).status_code == 200
        problem(gateway.curl(path), 404)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: gateway.curl("/v1/instruments/stock:AAPL").status, range(24))) == {200}

    process.kill9()
    assert gateway.curl("/v1/instruments/stock:AAPL").headers["retry-after"] == "2"
    soglia.wait_ready(soglia.start("serve"))
    until(lambda: gateway.curl("/v1/instruments/stock:AAPL").status == 200, WAIT_S, "serve through the gateway")

