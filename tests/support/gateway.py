"""nginx with the configuration that the containers mount, in front of a given service."""
import socket
import ssl
import subprocess

from support.kafka import REPO
from support.ports import free_port
from support.wait import until

START = REPO / "compose/gateway/start.sh"
READY_S = 10
ANSWER_S = 15


class Gateway:
    """Makes its own certificate with the script that the containers' comes from. `settings` are GATEWAY_* by their last words."""

    def __init__(self, processes, service, **settings):
        self.folder = processes.folder
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.secrets = self.folder / "secrets"
        subprocess.run([REPO / "scripts/make-certificate.sh", self.secrets], check=True, capture_output=True)
        self.certificate = self.secrets / "tls.crt"
        self._health = free_port()
        self._processes = processes
        self._settings = {
            "work": self.folder / "gateway", "listen": f"127.0.0.1:{self.port}", "health_port": self._health,
            "service": service, "resolver": "127.0.0.1", "certificate": self.certificate, "key": self.secrets / "tls.key",
            "workers": 1, **settings}
        self.process = None

    def start(self):
        env = {f"GATEWAY_{name.upper()}": str(value) for name, value in self._settings.items()}
        self.process = self._processes.start("gateway", [START], env)
        until(self._is_well, READY_S, lambda: f"nginx\n{self.process.tail()}")
        return self

    def _is_well(self):
        assert self.process.running, self.process.tail()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._health)) == 0

    def curl(self, path, *options):
        """An Answer to curl, with the certificate checked. HTTP/2 unless an option says otherwise."""
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--include", "--max-time", str(ANSWER_S), "--cacert", self.certificate,
             "--http2", *options, f"{self.url}{path}"], capture_output=True, check=False)
        assert done.returncode == 0, f"curl ended with {done.returncode}: {done.stderr.decode()}"
        return Answer(done.stdout)

    def connect(self, version=None, protocols=("http/1.1",), ciphers=None):
        """A TLS connection with just this version of TLS."""
        context = ssl.create_default_context(cafile=self.certificate)
        context.set_alpn_protocols(list(protocols))
        if version is not None:
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.set_ciphers(ciphers or "DEFAULT:@SECLEVEL=0")
            context.maximum_version = version
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_S)
        try:
            return context.wrap_socket(plain, server_hostname="localhost")
        except OSError:
            plain.close()
            raise

    def talk(self, data):
        """Everything that is said to these bytes until the connection is closed."""
        with self.connect() as line:
            return read_all(line, data)


class Answer:
    """One answer as curl prints it: protocol, status, headers by lower-case name, body."""

    def __init__(self, said):
        head, _, self.body = said.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.protocol, status = first.split()[:2]
        self.status = int(status)
        self.headers = {}
        self.repeated = []
        for line in lines:
            name, _, value = line.partition(":")
            if name.lower() in self.headers:
                self.repeated.append(name.lower())
            self.headers[name.lower()] = value.strip()


def read_all(line, data):
    said = b""
    try:
        line.sendall(data)
        while chunk := line.recv(65536):
            said += chunk
    except OSError:
        pass  # Cut off.
    return said
