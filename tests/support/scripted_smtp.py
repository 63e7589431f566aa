"""An SMTP server that misbehaves as it is told, one behaviour a step.

ScriptedSmtp({"rcpt": reply("450 4.2.0 try later")}) answers every connection so; a list of scripts gives one
to each connection in turn, the last one to all that follow. A step that is not scripted goes well.
Steps: greeting, ehlo, auth, mail, rcpt, data, body (in the middle of it), dot (after the final dot), quit.
"""
import socket
import struct
import threading
from dataclasses import dataclass

from support.smtp import Mail
from support.wait import until

STEPS = ("greeting", "ehlo", "auth", "mail", "rcpt", "data", "body", "dot", "quit")
GOOD = {
    "greeting": "220 scripted.test ESMTP",
    "ehlo": "250-scripted.test\n250-ENHANCEDSTATUSCODES\n250 8BITMIME",
    "auth": "235 2.7.0 welcome",
    "mail": "250 2.1.0 Ok",
    "rcpt": "250 2.1.5 Ok",
    "data": "354 go on",
    "dot": "250 2.0.0 Ok: queued as scripted",
    "quit": "221 2.0.0 bye",
}
VERBS = {"EHLO": "ehlo", "HELO": "ehlo", "AUTH": "auth", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "QUIT": "quit"}


@dataclass(frozen=True)
class Act:
    kind: str
    text: str = ""
    stored: bool = False


def reply(text):
    """A whole reply; lines are divided by newlines. After 421 the server closes, as RFC 5321 has it."""
    return Act("reply", text)


def partial(text, stored=False):
    """A reply cut off in its middle: these characters without a line end, then closed."""
    return Act("partial", text, stored)


def close(stored=False):
    """Closes without a reply; after the dot `stored` tells whether the mail was taken."""
    return Act("close", stored=stored)


def reset(stored=False):
    """Cuts the connection with RST."""
    return Act("reset", stored=stored)


def silence(stored=False):
    """Never answers; ends when the client gives up."""
    return Act("silence", stored=stored)


class ScriptedSmtp:
    """`mails` are those it took, `commands` what each connection said, in order."""

    def __init__(self, scripts=None):
        self.scripts = scripts if isinstance(scripts, list) else [scripts or {}]
        unknown = {step for one in self.scripts for step in one} - set(STEPS)
        if unknown:
            raise ValueError(f"no such step: {', '.join(sorted(unknown))}")
        self.mails = []
        self.commands = []
        self._lock = threading.Lock()
        self._sockets = []
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"smtp://127.0.0.1:{self.port}"
        self._start(self._accept)

    def wait_for(self, count, timeout_s=10):
        until(lambda: len(self.mails) >= count, timeout_s, lambda: f"{count} mails; there are {len(self.mails)}")
        return list(self.mails)

    def wait_for_connections(self, count, timeout_s=10):
        until(lambda: len(self.commands) >= count, timeout_s,
              lambda: f"{count} connections; there are {len(self.commands)}")

    def stop(self):
        with self._lock:
            sockets, self._sockets = [self._listener, *self._sockets], None
        for sock in sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # The client was faster.
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._sockets is None:
                    sock.close()
                    return
                self._sockets.append(sock)
                script = self.scripts[min(len(self.commands), len(self.scripts) - 1)]
                said = []
                self.commands.append(said)
            self._start(self._serve, sock, script, said)

    def _serve(self, sock, script, said):
        try:
            _Conversation(sock, script, said, self.mails).run()
        except OSError:
            pass  # The client has gone, which many scripts provoke.
        finally:
            sock.close()


class _Conversation:
    def __init__(self, sock, script, said, mails):
        self.sock, self.script, self.said, self.mails = sock, script, said, mails
        self.input = sock.makefile("rb")
        self.sender, self.recipients = "", []

    def run(self):
        """Goes through the steps until one of them ends the connection."""
        with self.input:
            going = self._do("greeting")
            while going:
                line = self.input.readline()
                if not line:
                    return
                going = self._command(line.decode(errors="replace").rstrip("\r\n"))

    def _command(self, line):
        self.said.append(line)
        step = VERBS.get(line[:4].upper())
        if step is None:
            return self._send(Act("reply", "250 2.0.0 Ok" if line[:4].upper() in ("RSET", "NOOP") else "502 5.5.1 what?"))
        if step == "mail":
            self.sender, self.recipients = _address(line), []
        going = self._do(step)
        if step == "rcpt" and self._act(step).text.startswith("2"):
            self.recipients.append(_address(line))
        if step == "data" and going and self._act(step).text.startswith("3"):
            return self._body()
        return going and step != "quit"

    def _body(self):
        lines = [self.input.readline()]
        if "body" in self.script and not self._do("body"):
            return False
        while lines[-1] != b".\r\n":
            if not lines[-1]:
                return False
            lines.append(self.input.readline())
        act = self._act("dot")
        if act.stored or act.text.startswith("2") and act.kind == "reply":
            raw = b"".join(line[1:] if line.startswith(b".") else line for line in lines[:-1])
            self.mails.append(Mail.taken(self.sender, self.recipients, raw, self))
        return self._send(act)

    def _act(self, step):
        return self.script.get(step) or Act("reply", GOOD[step])

    def _do(self, step):
        return self._send(self._act(step))

    def _send(self, act):
        """Does one act; True when the connection goes on."""
        if act.kind == "reply":
            self.sock.sendall("".join(f"{line}\r\n" for line in act.text.split("\n")).encode())
            return not act.text.startswith("421")
        if act.kind == "partial":
            self.sock.sendall(act.text.encode())
        elif act.kind == "reset":
            self._reset()
        elif act.kind == "silence":
            while self.sock.recv(65536):
                pass
        return False

    def _reset(self):
        # With a linger time of 0 closing sends RST; the buffered reader holds the socket as well.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.input.close()
        self.sock.close()


def _address(line):
    return line.partition("<")[2].partition(">")[0]
