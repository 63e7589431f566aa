#!/usr/bin/env python3
"""A service to stand behind the gateway where soglia has no such route: upstream.py PORT.

/v1/stream sends an event, and one more for each request of /next; anything else is answered with the request as it arrived.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    turn = threading.Event()

    def do_GET(self):
        if self.path == "/v1/stream":
            self._stream()
            return
        if self.path == "/next":
            self.turn.set()
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self._send(200, "application/json", json.dumps({
            "method": self.command, "path": self.path, "headers": self.headers.items(), "bytes": len(body)}).encode())

    do_POST = do_GET

    def _send(self, status, kind, content):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        # What the gateway says too.
        for name in ("X-Frame-Options", "Referrer-Policy", "Permissions-Policy", "Strict-Transport-Security", "X-Content-Type-Options",
                     "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"):
            self.send_header(name, "other")
        self.end_headers()
        self.wfile.write(content)

    def _stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        number = 0
        while True:
            event = f"id: {number}\ndata: {number}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
            number += 1
            self.turn.wait()
            self.turn.clear()

    def log_message(self, *_):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Upstream)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
