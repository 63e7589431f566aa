"""A line to the broker that fails as it is told: delays, cuts, resets, answers held back, an EndTxn that arrives late
or never.

It passes Kafka's frames on, knows each request by its api key, and puts its own port in place of the broker's wherever
an answer names it. One fault is armed at a time; `fault.done` tells when it has struck.
"""
import asyncio
import contextlib
import socket
import struct
import threading

PRODUCE, METADATA, OFFSET_FETCH, FIND_COORDINATOR, JOIN_GROUP, INIT_PRODUCER = 0, 3, 9, 10, 11, 22
ADD_PARTITIONS, ADD_OFFSETS, END_TXN, TXN_OFFSETS = 24, 25, 26, 28
TRANSACTIONAL = (PRODUCE, ADD_PARTITIONS, ADD_OFFSETS, TXN_OFFSETS, END_TXN)
ADDRESS = b"127.0.0.1"
FRAME_MAX = 64 << 20
PRODUCED_S, ANSWER_S = 2, 5


class Cut(Exception):
    """The connection ends here; `hard` with RST."""

    def __init__(self, hard=False):
        super().__init__()
        self.hard = hard


class Answered(Exception):
    """The broker is not asked: this is the answer."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer


class Fault:
    """Nothing goes wrong. The others override what they disturb."""

    def __init__(self):
        self.done = threading.Event()

    async def request(self, proxy, api, frame):
        """Before a request is passed on."""

    async def answer(self, proxy, api):
        """Before an answer is passed on."""


class Delay(Fault):
    """The next `count` frames both ways take longer."""

    def __init__(self, dice, count, longest_s):
        super().__init__()
        self._dice, self._left, self._longest_s = dice, count, longest_s

    async def request(self, proxy, api, frame):
        self._left -= 1
        if self._left <= 0:
            self.done.set()
            return
        await asyncio.sleep(self._dice.uniform(0, self._longest_s))

    async def answer(self, proxy, api):
        await self.request(proxy, api, None)


class CutAt(Fault):
    """Ends the connection at the nth request of an api: before the broker has it, or before its answer comes back."""

    def __init__(self, api, nth, has_arrived, hard):
        super().__init__()
        self._api, self._left, self._has_arrived, self._hard = api, nth, has_arrived, hard

    def _strike(self, api):
        if api != self._api or self.done.is_set():
            return
        self._left -= 1
        if self._left == 0:
            self.done.set()
            raise Cut(self._hard)

    async def request(self, proxy, api, frame):
        if not self._has_arrived:
            self._strike(api)

    async def answer(self, proxy, api):
        if self._has_arrived:
            self._strike(api)


class HoldAnswer(Fault):
    """Keeps the answer to the next request of an api for a time; the broker has done what was asked."""

    def __init__(self, api, hold_s):
        super().__init__()
        self._api, self._hold_s = api, hold_s

    async def answer(self, proxy, api):
        if api == self._api and not self.done.is_set():
            self.done.set()
            await asyncio.sleep(self._hold_s)


class LateEnd(Fault):
    """Keeps an EndTxn and cuts the line, so that the library sends it again; lets it go in the next transaction.

    By then records of that transaction are written, and its positions are not: they are never passed on, and whoever
    waits for `done` kills the sender. `answered` is the error code that the late EndTxn got.
    """

    def __init__(self):
        super().__init__()
        self._kept, self._ended, self._produced, self.answered = None, False, asyncio.Event(), None

    async def request(self, proxy, api, frame):
        if api == END_TXN and self._kept is None:
            self._kept = frame
            raise Cut
        if api == END_TXN:
            self._ended = True
        elif api == ADD_OFFSETS and self._ended and not self.done.is_set():
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._produced.wait(), PRODUCED_S)
            self.answered = await proxy.send_alone(self._kept)
            self.done.set()
        if self.done.is_set():
            raise Cut

    async def answer(self, proxy, api):
        if api == PRODUCE and self._ended:
            self._produced.set()


class LostCommit(Fault):
    """Says of the nth commit that it is done and does not tell the broker, as one that dies before it writes a marker."""

    def __init__(self, nth):
        super().__init__()
        self._left = nth

    async def request(self, proxy, api, frame):
        if api != END_TXN or not frame[-1]:  # EndTxn 0 and 1 end with whether it is a commit.
            return
        self._left -= 1
        if self._left == 0:
            self.done.set()
            raise Answered(struct.pack(">i4sih", 10, frame[8:12], 0, 0))


class Proxy:
    """Listens on a port of its own in front of one broker. Its loop runs in a thread."""

    def __init__(self, broker_port):
        self._broker_port, self._fault, self.port = broker_port, Fault(), None
        self._loop = asyncio.new_event_loop()
        listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self._thread.start()
        listening.wait()

    @property
    def brokers(self):
        return f"127.0.0.1:{self.port}"

    def arm(self, fault):
        self._loop.call_soon_threadsafe(setattr, self, "_fault", fault)
        return fault

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def send_alone(self, frame):
        """Sends a request on a connection of its own; returns the error code of its answer (EndTxn 0 to 2)."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        writer.write(frame)
        answer = await asyncio.wait_for(read_frame(reader), ANSWER_S)
        writer.close()
        return struct.unpack(">h", answer[12:14])[0]

    def _run(self, listening):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=FRAME_MAX))
        self.port = server.sockets[0].getsockname()[1]
        self._named = (ADDRESS + struct.pack(">i", self._broker_port), ADDRESS + struct.pack(">i", self.port))
        listening.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, client_in, client_out):
        try:
            broker_in, broker_out = await asyncio.open_connection("127.0.0.1", self._broker_port, limit=FRAME_MAX)
        except OSError:
            client_out.close()
            return
        apis = {}
        ways = [asyncio.ensure_future(self._requests(client_in, client_out, broker_out, apis)),
                asyncio.ensure_future(self._answers(broker_in, client_out, apis))]
        done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        if any(isinstance(way.exception(), Cut) and way.exception().hard for way in done):
            # With a linger time of 0 closing sends RST.
            client_out.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        client_out.transport.abort()
        broker_out.transport.abort()

    async def _requests(self, client_in, client_out, broker, apis):
        while True:
            frame = await read_frame(client_in)
            api, _, correlation = struct.unpack(">hhi", frame[4:12])
            try:
                await self._fault.request(self, api, frame)
            except Answered as instead:
                client_out.write(instead.answer)
                await client_out.drain()
                continue
            apis[correlation] = api
            broker.write(frame)
            await broker.drain()

    async def _answers(self, broker, client, apis):
        while True:
            frame = await read_frame(broker)
            api = apis.pop(struct.unpack(">i", frame[4:8])[0], None)
            if api in (METADATA, FIND_COORDINATOR):
                frame = frame.replace(*self._named)
            await self._fault.answer(self, api)
            client.write(frame)
            await client.drain()


async def read_frame(source):
    """A request or an answer with its length before it."""
    size = await source.readexactly(4)
    return size + await source.readexactly(struct.unpack(">i", size)[0])
