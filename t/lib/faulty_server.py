#!/usr/bin/env python3
"""An HTTP and HTTPS server for tests, which answers badly if it is told to.

    faulty_server.py [DIR [NAME ...]]

Listens on free ports of 127.0.0.1, prints one line of JSON with their numbers,
and serves until its standard input ends. "http" is plain, "mute" accepts and
says nothing. Each NAME is an HTTPS port with DIR/NAME.pem and DIR/NAME.key; one
whose name begins with "mutual" wants a client certificate of DIR/ca.pem.

The path says what happens, the query how. DOCUMENT is what was last PUT:

/ok                the document as JSON; status=N, type=T, header=Name:Value,
                   body=T instead of the document
/slow?ms=N         the same after N milliseconds
/gate              the same once the gate is open; it is shut at first
/stall?at=head     half a head, or half a body (at=body), and no more
/empty             the connection ends without a byte
/reset?at=N        RST after N bytes of the answer (default: before the first)
/cut               the connection ends within the body
/huge?size=N       a body of N bytes; chunked=1: without telling its length
/gzip              compressed, with Content-Encoding
/redirect?to=URI   302
/html              an HTML page
/drip              byte by byte
/chunked           in chunks, with extensions and a trailer
/interim           100 and 103 first
/close             without a length; notify=1: TLS says so, else it just ends
/die               answers, but drops the connection at its next request
/raw?text=T        T, percent-encoded, and the connection ends
/script/NAME       what PUT /_/script/NAME said, the last line again and again

The port "control" takes, for all ports:

PUT /_/document            the document
PUT /_/script/NAME         URIs from above, a line each
PUT /_/gate                "open" or "shut"
GET /_/log                 a JSON array, one object per request that was read
GET /_/connections         how many connections were accepted, by port
DELETE /_/log              both begin anew
"""

import gzip
import json
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
import urllib.parse

LOCK = threading.Lock()
GATE = threading.Event()
STATE = {"document": b'{"keys":[]}', "scripts": {}, "log": [],
         "connections": {}}


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64
    block_on_close = False

    def __init__(self, name, tls=None):
        self.name = name
        self.tls = tls
        handler = {"mute": Mute, "control": Control}.get(name, Handler)
        super().__init__(("127.0.0.1", 0), handler)

    def handle_error(self, request, client_address):
        pass                            # clients go away; tests look at them


class Connection(socketserver.BaseRequestHandler):
    sni = None

    def setup(self):
        with LOCK:
            counts = STATE["connections"]
            counts[self.server.name] = counts.get(self.server.name, 0) + 1
            self.number = sum(counts.values())
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.server.tls:
            self.request = self.server.tls.wrap_socket(self.request,
                                                       server_side=True)
            self.sni = getattr(self.request, "sni", None)
        self.rfile = self.request.makefile("rb")

    def finish(self):
        self.rfile.close()
        self.request.close()

    def read(self):
        line = self.rfile.readline(1 << 16).decode("latin-1").split()
        if len(line) != 3 or not line[2].startswith("HTTP/"):
            return None
        headers = []
        while True:
            field = self.rfile.readline(1 << 16).decode("latin-1")
            if not field.strip():
                break
            headers.append(field.rstrip("\r\n").split(": ", 1))
        length = [int(v) for n, v in headers if n.lower() == "content-length"]
        body = self.rfile.read(length[0]) if length else b""
        return line[0], line[1], headers, body

    def reset(self):
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
        os.close(self.request.detach())

    def answer(self, body, status=200, ctype="application/json", headers=()):
        head = "HTTP/1.1 %d Status\r\n" % status
        if ctype:
            head += "Content-Type: %s\r\n" % ctype
        for header in headers:
            name, value = header.split(":", 1)
            head += "%s: %s\r\n" % (name, value)
        head += "Content-Length: %d\r\n\r\n" % len(body)
        return head.encode("latin-1") + body


class Mute(Connection):
    def handle(self):
        while self.request.recv(4096):
            pass


class Control(Connection):
    def handle(self):
        while True:
            request = self.read()
            if request is None:
                return
            with LOCK:
                body = self.act(*request)
            if body is None:
                self.request.sendall(self.answer(b"", 404))
            else:
                self.request.sendall(self.answer(body))

    def act(self, method, uri, headers, body):
        if method == "PUT" and uri == "/_/document":
            STATE["document"] = body
        elif method == "PUT" and uri.startswith("/_/script/"):
            STATE["scripts"][uri[10:]] = body.decode("ascii").split()
        elif method == "PUT" and uri == "/_/gate":
            (GATE.set if body == b"open" else GATE.clear)()
        elif method == "DELETE" and uri == "/_/log":
            STATE["log"] = []
            STATE["connections"] = {}
        elif uri == "/_/log":
            return json.dumps(STATE["log"]).encode("ascii")
        elif uri == "/_/connections":
            return json.dumps(STATE["connections"]).encode("ascii")
        else:
            return None
        return b"{}"


class Handler(Connection):
    dying = False

    def handle(self):
        while True:
            request = self.read()
            if request is None or not self.serve(*request):
                return

    def serve(self, method, uri, headers, body):
        peer = self.request.getpeercert() if self.server.tls else None
        with LOCK:
            STATE["log"].append({
                "port": self.server.name, "connection": self.number,
                "method": method, "uri": uri, "headers": headers,
                "body": body.decode("latin-1"), "sni": self.sni,
                "certificate": bool(peer)})
            uri = self.scripted(uri)
            document = STATE["document"]

        if self.dying:
            return False

        path, _, query = uri.partition("?")
        query = urllib.parse.parse_qs(query, keep_blank_values=True)
        action = getattr(self, "do_" + path[1:], None)
        if action is None:
            self.request.sendall(self.answer(b"{}", 404))
            return True
        return action(document, lambda name, default="":
                      query.get(name, [default])[0], query)

    def scripted(self, uri):
        while uri.startswith("/script/"):
            lines = STATE["scripts"].get(uri[8:], ["/ok?status=404"])
            uri = lines.pop(0) if len(lines) > 1 else lines[0]
        return uri

    def do_ok(self, document, arg, query):
        self.request.sendall(self.answer(
            arg("body").encode("utf-8") if "body" in query else document,
            int(arg("status", "200")), arg("type", "application/json"),
            query.get("header", [])))
        return True

    def do_slow(self, document, arg, query):
        time.sleep(int(arg("ms", "1000")) / 1000)
        return self.do_ok(document, arg, query)

    def do_gate(self, document, arg, query):
        GATE.wait()
        return self.do_ok(document, arg, query)

    def do_stall(self, document, arg, query):
        answer = self.answer(document)
        at = answer.index(b"\r\n\r\n")
        at = at // 2 if arg("at", "head") == "head" else at + 6
        self.request.sendall(answer[:at])
        self.request.recv(1)            # until the client gives up
        return False

    def do_empty(self, document, arg, query):
        return False

    def do_reset(self, document, arg, query):
        self.request.sendall(self.answer(document)[:int(arg("at", "0"))])
        self.reset()
        return False

    def do_cut(self, document, arg, query):
        self.request.sendall(self.answer(document)[:-1])
        return False

    def do_huge(self, document, arg, query):
        size = int(arg("size", "1000000"))
        if not arg("chunked"):
            self.request.sendall(self.answer(b" " * size))
            return True
        self.request.sendall(b"HTTP/1.1 200 OK\r\n"
                             b"Transfer-Encoding: chunked\r\n\r\n")
        while size > 0:
            self.request.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
            size -= 1024
        self.request.sendall(b"0\r\n\r\n")
        return True

    def do_gzip(self, document, arg, query):
        self.request.sendall(self.answer(
            gzip.compress(document), headers=["Content-Encoding:gzip"]))
        return True

    def do_redirect(self, document, arg, query):
        self.request.sendall(self.answer(
            b"", 302, None, ["Location:" + arg("to", "/ok")]))
        return True

    def do_html(self, document, arg, query):
        self.request.sendall(self.answer(
            b"<!doctype html><title>Sign in</title>", ctype="text/html"))
        return True

    def do_drip(self, document, arg, query):
        for byte in self.answer(document):
            self.request.sendall(bytes([byte]))
        return True

    def do_chunked(self, document, arg, query):
        head = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n")
        chunks = b"".join(b"7;name=\"a;b\"\r\n" + document[i:i + 7] + b"\r\n"
                          for i in range(0, len(document) - 6, 7))
        rest = document[len(document) // 7 * 7:]
        if rest:
            chunks += b"%X\r\n" % len(rest) + rest + b"\r\n"
        self.request.sendall(head + chunks + b"0\r\nDigest: none\r\n\r\n")
        return True

    def do_interim(self, document, arg, query):
        self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n"
                             b"HTTP/1.1 103 Early Hints\r\n"
                             b"Link: </a>; rel=preload\r\n\r\n")
        return self.do_ok(document, arg, query)

    def do_close(self, document, arg, query):
        self.request.sendall(b"HTTP/1.1 200 OK\r\n"
                             b"Content-Type: application/json\r\n\r\n"
                             + document)
        if arg("notify") and self.server.tls:
            self.request.unwrap()
        return False

    def do_die(self, document, arg, query):
        self.dying = True
        return self.do_ok(document, arg, query)

    def do_raw(self, document, arg, query):
        self.request.sendall(arg("text").encode("latin-1"))
        return False


def tls_context(directory, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, name + ".pem"),
                            os.path.join(directory, name + ".key"))
    if name.startswith("mutual"):
        context.load_verify_locations(os.path.join(directory, "ca.pem"))
        context.verify_mode = ssl.CERT_REQUIRED

    def note(connection, sni, _):
        connection.sni = sni

    context.sni_callback = note
    return context


def main():
    directory, names = (sys.argv[1:2] or ["."])[0], sys.argv[2:]
    servers = [Server(name) for name in ("http", "mute", "control")]
    servers += [Server(name, tls_context(directory, name)) for name in names]

    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()

    print(json.dumps({s.name: s.server_address[1] for s in servers}),
          flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
