#!/usr/bin/env python3
"""A service for tests that answers as it is told, badly if need be.

Listens on a free port of 127.0.0.1, prints it, and serves until its standard
input ends. The path says what to do, the query how:

/echo   a JSON document of the request as it came
/send   an answer of these parameters, all of them optional
    status=200 type=application/json header=Name:Value ...
    body=TEXT repeat=N     the body, percent-encoded, N times
    object=N               or {"k1":1,"k2":2,...}
    coding=gzip|zlib|raw   compressed; members=N of gzip
    chunk=N                chunked, N bytes each: so nginx gets one buffer each
    close=1                no length: the end is the end of the connection
    length=+N|-N           lies about Content-Length
    cut=N                  N bytes of the (coded) body, then closes
    reset=1                ... with RST
    endless=1              the body again and again, chunked, until it cannot
/die    closes the connection without an answer the first time that it is asked
        with this query; then as /echo
"""

import gzip
import json
import socketserver
import struct
import socket
import sys
import threading
import urllib.parse
import zlib

COUNT = {}
LOCK = threading.Lock()


def encode(body, coding, members):
    if coding == "gzip":
        size = max(1, -(-len(body) // members))
        parts = [body[i:i + size] for i in range(0, len(body), size)] or [b""]
        return b"".join(gzip.compress(part, mtime=0) for part in parts)
    if coding in ("zlib", "raw"):
        packer = zlib.compressobj(wbits=15 if coding == "zlib" else -15)
        return packer.compress(body) + packer.flush()
    return body


class Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        while self.serve():
            pass

    def serve(self):
        line = self.rfile.readline(1 << 20)
        if not line.strip():
            return False
        self.method, self.uri, self.version = line.decode("latin-1").split()
        self.headers = []
        while True:
            line = self.rfile.readline(1 << 20).decode("latin-1").rstrip("\r\n")
            if not line:
                break
            name, _, value = line.partition(":")
            self.headers.append([name, value.strip()])
        body = self.read_body()
        path, _, query = self.uri.partition("?")
        if path.endswith("/die"):
            with LOCK:
                COUNT[self.uri] = COUNT.get(self.uri, 0) + 1
            if COUNT[self.uri] == 1:
                return False
        if path.endswith("/send"):
            args = urllib.parse.parse_qs(query, keep_blank_values=True,
                                         encoding="latin-1")
            return self.send(args)
        return self.echo(body)

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None

    def read_body(self):
        if (self.header("transfer-encoding") or "").lower() == "chunked":
            body = b""
            while True:
                size = int(self.rfile.readline(1 << 20), 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return body
        return self.rfile.read(int(self.header("content-length") or 0))

    def echo(self, body):
        with LOCK:
            COUNT[self.uri] = COUNT.get(self.uri, 0) + 1
        document = json.dumps({
            "method": self.method, "uri": self.uri, "version": self.version,
            "headers": ["%s: %s" % pair for pair in map(tuple, self.headers)],
            "body": body.decode("latin-1"), "asked": COUNT[self.uri],
        }, indent=0).encode()
        self.put(200, {"Content-Type": "application/json",
                       "Content-Length": len(document)}, [], document)
        return self.stays()

    def stays(self):
        connection = (self.header("connection") or "").lower()
        if self.version == "HTTP/1.0":
            return connection == "keep-alive"
        return connection != "close"

    def put(self, status, fields, more, body):
        head = "HTTP/1.1 %d Fine\r\n" % status
        head += "".join("%s: %s\r\n" % pair for pair in fields.items())
        head += "".join(line + "\r\n" for line in more)
        self.wfile.write(head.encode("latin-1") + b"\r\n" + body)
        self.wfile.flush()

    def send(self, args):
        def arg(name, default=None):
            return args.get(name, [default])[0]

        status = int(arg("status", 200))
        body = arg("body", "").encode("latin-1") * int(arg("repeat", 1))
        if arg("object"):
            members = ('"k%d":%d' % (i + 1, i + 1)
                       for i in range(int(arg("object"))))
            body = b"{%s}" % ",".join(members).encode()
        coding = arg("coding")
        fields = {}
        if arg("type", "application/json"):
            fields["Content-Type"] = arg("type", "application/json")
        if coding:
            body = encode(body, coding, int(arg("members", 1)))
            fields["Content-Encoding"] = \
                "gzip" if coding == "gzip" else "deflate"
        more = [line.replace(":", ": ", 1) for line in args.get("header", [])]

        if arg("endless"):
            fields["Transfer-Encoding"] = "chunked"
            piece = b"%x\r\n%s\r\n" % (len(body), body)
            try:
                self.put(status, fields, more, piece)
                while True:
                    self.wfile.write(piece)
            except OSError:
                return False

        chunk = int(arg("chunk", 0))
        stays = self.stays()
        if chunk:
            fields["Transfer-Encoding"] = "chunked"
        elif arg("close") or status in (204, 304):
            stays = False
        else:
            fields["Content-Length"] = len(body) + int(arg("length", 0))
        cut = arg("cut")
        if cut is not None or arg("length"):
            body = body[:int(cut)] if cut is not None else body
            stays = False
        if self.method == "HEAD" or status in (204, 304):
            body = b""
            self.put(status, fields, more, b"")
            return False

        if chunk:
            pieces = [body[i:i + chunk] for i in range(0, len(body), chunk)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces)
            if cut is None:
                body += b"0\r\n\r\n"
        try:
            self.put(status, fields, more, body)
        except OSError:
            return False
        if arg("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))
            self.connection.close()
            return False
        return stays


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


def main():
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
