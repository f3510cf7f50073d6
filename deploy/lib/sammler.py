# SPDX-License-Identifier: EUPL-1.2
"""A collector of traces for trying out (OTLP over HTTP, protobuf): keeps which service told of which span.

Reads as much of the messages as that takes (opentelemetry-proto, trace/v1/trace.proto) and nothing of our code.
"""
import http.server
import threading
import uuid


def fields(data):
    """Number and value of each field of a protobuf message; numbers of fixed size are left out."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte, at = data[at], at + 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        number, kind = divmod(varint(), 8)
        if kind == 0:
            yield number, varint()
        elif kind == 2:
            length = varint()
            yield number, data[at:at + length]
            at += length
        else:
            at += {1: 8, 5: 4}[kind]


def first(data, number, default=b""):
    return next((value for n, value in fields(data) if n == number), default)


def all_of(data, number):
    return [value for n, value in fields(data) if n == number]


class Sammler:
    """Takes spans on a free port: `url` is where they go, `traces` what came: {Sendung: {span: (parent, name, service)}}."""

    def __init__(self):
        self.traces, self.lock = {}, threading.Lock()
        outer = self

        class Door(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer.take(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/traces"

    def take(self, request):
        for resource_spans in all_of(request, 1):
            attributes = {first(a, 1): first(first(a, 2), 1) for a in all_of(first(resource_spans, 1), 1)}
            service = attributes[b"service.name"].decode()
            for span in (s for scope in all_of(resource_spans, 2) for s in all_of(scope, 2)):
                trace = str(uuid.UUID(bytes=first(span, 1)))
                with self.lock:
                    told = self.traces.setdefault(trace, {})
                    told[first(span, 2)] = (first(span, 4), first(span, 5).decode(), service)

    def services(self, sendung):
        with self.lock:
            return {service for _, _, service in self.traces.get(sendung, {}).values()}

    def loose(self, sendung):
        """Names of spans whose parent nobody told of; of a whole trace only its first has none."""
        with self.lock:
            told = self.traces.get(sendung, {})
            return [name for parent, name, _ in told.values() if parent and parent not in told]
