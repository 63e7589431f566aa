"""The hole in Kafka's transactions: a delayed EndTxn ends the next transaction. Shown, and shown closed.

Between program and broker stands a proxy. It keeps the first EndTxn back and cuts the line; librdkafka sends it
again by itself, and the commit succeeds. In the middle of the next transaction the proxy lets go of the first one.
"""
import os
import socket
import struct
import subprocess
from pathlib import Path
from threading import Event, Thread

import pytest

ROOT = Path(__file__).resolve().parents[2]
END_TXN = 26
WAIT_S = 30
ADDRESS = b"127.0.0.1"


def program_path():
    """SOGLIA_TEST_PROGRAMS names the folder of the test programs; else a build with crash points has them."""
    named = os.environ.get("SOGLIA_TEST_PROGRAMS")
    folders = [Path(named)] if named else [ROOT / "build" / preset / "tests" for preset in ("gcc", "dev")]
    found = [folder / "endtxn_check" for folder in folders if (folder / "endtxn_check").exists()]
    assert found, "endtxn_check is not built: cmake --build --preset gcc"
    return max(found, key=lambda path: path.stat().st_mtime)


def read_exactly(source, size):
    data = b""
    while len(data) < size:
        piece = source.recv(size - len(data))
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return data


def read_frame(source):
    """A request or an answer with its length before it."""
    size = read_exactly(source, 4)
    return size + read_exactly(source, struct.unpack(">i", size)[0])


class Proxy:
    """Passes frames on, with its own port in place of the broker's wherever an answer names it."""

    def __init__(self, broker_port):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._broker = ("127.0.0.1", broker_port)
        self._named = (ADDRESS + struct.pack(">i", broker_port), ADDRESS + struct.pack(">i", self.port))
        self._open = []
        self.kept = None
        self.ends = 0
        self.has_kept = Event()
        Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()
        for one in self._open:
            one.close()

    def release(self):
        """Sends what was kept, and waits for the broker's answer: its error code."""
        with socket.create_connection(self._broker) as broker:
            broker.sendall(self.kept)
            answer = read_frame(broker)
        # Length, correlation id, throttle time, error code (EndTxn 0 to 2).
        return struct.unpack(">h", answer[12:14])[0]

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            broker = socket.create_connection(self._broker)
            self._open += [client, broker]
            Thread(target=self._requests, args=(client, broker), daemon=True).start()
            Thread(target=self._answers, args=(client, broker), daemon=True).start()

    def _requests(self, client, broker):
        try:
            while True:
                frame = read_frame(client)
                if struct.unpack(">h", frame[4:6])[0] == END_TXN:
                    self.ends += 1
                    if self.kept is None:
                        self.kept = frame
                        self.has_kept.set()
                        break
                broker.sendall(frame)
        except OSError:
            pass
        for one in (client, broker):
            # Closing alone does not wake the thread that reads the other way.
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _answers(self, client, broker):
        try:
            while True:
                client.sendall(read_frame(broker).replace(*self._named))
        except OSError:
            pass


@pytest.fixture
def proxy(kafka):
    made = Proxy(int(kafka.brokers.split(":")[1]))
    yield made
    made.close()


@pytest.mark.parametrize(("tolerated", "visible"), [(1, [b"committed"]), (1000, [b"committed", b"aborted"])])
def test_a_delayed_end_does_not_end_the_next_transaction(kafka, prefix, proxy, tolerated, visible):
    """With the defence off the record of an aborted transaction is there: else this test would prove nothing."""
    topic = f"{prefix}endtxn"
    kafka.create_topic(topic, partitions=1)
    program = subprocess.Popen([program_path(), f"127.0.0.1:{proxy.port}", topic], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, "SOGLIA_TEST_NUMBERS": f"endtxn_tolerated={tolerated}"})
    try:
        assert program.stdout.readline() == "half\n", program.communicate(timeout=WAIT_S)[1]
        assert proxy.has_kept.is_set() and proxy.ends >= 2
        released = proxy.release()
        assert (released == 0) == (tolerated > 1), f"the late EndTxn was answered with {released}"
        _, errors = program.communicate("go\n", timeout=WAIT_S)
        assert program.returncode == 0, errors
    finally:
        program.kill()
        program.wait()
    assert [one.value for one in kafka.read(topic)] == visible
