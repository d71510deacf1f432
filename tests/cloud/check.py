#!/usr/bin/env python3
"""Second opinions for the stand-in's tests, from Python's own modules.

check.py digest FILE                  rows and SHA-256 as the admin port tells them
check.py rows FILE                    [header, row, ...] as JSON
check.py json EXPRESSION              EXPRESSION over d, the JSON on stdin
check.py lines EXPRESSION             EXPRESSION over d, a list of the JSON lines on stdin
check.py crowd PORT N PATH            N TLS connections at once, then a GET on each: the statuses
check.py vectors                      the documented signatures against hmac
check.py listen PORTFILE KEY [N]      takes N callbacks, checks their signatures, prints them
check.py resume PORT VERSION          two connections, the second with the session of the first
check.py random SEED N FOLDER           N random CSV files there
"""
import asyncio
import base64
import collections
import csv
import hashlib
import hmac
import http.server
import io
import json
import os
import random
import resource
import socket
import ssl
import sys

VECTORS = [
    (b"MySecretEventSignatureKey", b"<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY>",
     "sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ="),
    (b"abcd1234efgh5678", b'{"id":"1234","status":"COMPLETED"}',
     "sha256=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY="),
    (b"abcd1234efgh5678", b"", "sha256=qL+gkxkVLK96h2C2aojvxvjFh+j1Ubl1kiKUbp9uuZ4="),
]


def sign(key, body):
    mac = hmac.new(key, body, hashlib.sha256).digest()
    return "sha256=" + base64.b64encode(mac).decode()


def read_rows(data):
    """Bytes as Latin-1, so that any of them survives; blank lines are no rows."""
    text = io.StringIO(data.decode("latin-1"), newline="")
    return [row for row in csv.reader(text) if row]


def digest(data):
    rows = read_rows(data)
    h = hashlib.sha256()
    for row in rows:
        for cell in row:
            h.update(cell.encode("latin-1") + b"\x1f")
        h.update(b"\x1e")
    return len(rows) - 1, h.hexdigest()


def listen(port_file, key, count):
    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            right = self.headers["Elements-Webhook-Signature"] == sign(key.encode(), body)
            print(self.path, "signed" if right else "unsigned", body.decode(), flush=True)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    server.timeout = 20
    with open(port_file + ".new", "w") as f:
        f.write(str(server.server_port))
    os.rename(port_file + ".new", port_file)
    for _ in range(count):
        server.handle_request()


def resume(port, version):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
    session = None
    for _ in range(2):
        raw = socket.create_connection(("127.0.0.1", port), timeout=20)
        with context.wrap_socket(raw, session=session) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            while s.recv(65536):
                pass
            session = s.session
            print("resumed" if s.session_reused else "full", s.version())


async def crowd(port, count, path):
    """All are connected before any of them asks."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    places = asyncio.Semaphore(50)

    async def connect():
        async with places:
            return await asyncio.open_connection("127.0.0.1", port, ssl=context)

    async def ask(reader, writer):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Element bench-element-token,"
                     " User bench-user-secret=\r\n\r\n".encode())
        return (await reader.readline()).split()[1].decode()

    links = await asyncio.gather(*(connect() for _ in range(count)))
    answers = await asyncio.gather(*(ask(*link) for link in links))
    print(dict(collections.Counter(answers)))


def random_csv(rnd):
    width = rnd.randint(1, 5)
    cell = lambda: "".join(rnd.choice('ab,"\r\n- é\t\'x') for _ in range(rnd.randint(0, 12)))
    rows = [[f"column{i}" for i in range(width)]]
    rows += [[cell() for _ in range(width)] for _ in range(rnd.randint(1, 30))]
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=rnd.choice(["\r\n", "\n"]),
               quoting=rnd.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])).writerows(rows)
    return out.getvalue().encode()


def main():
    what = sys.argv[1]
    if what == "digest":
        with open(sys.argv[2], "rb") as f:
            print(*digest(f.read()))
    elif what == "rows":
        with open(sys.argv[2], "rb") as f:
            print(json.dumps(read_rows(f.read())))
    elif what == "json":
        d = json.load(sys.stdin)
        print(eval(sys.argv[2], {"d": d, "json": json}))
    elif what == "lines":
        print(eval(sys.argv[2], {"d": [json.loads(line) for line in sys.stdin], "json": json}))
    elif what == "crowd":
        asyncio.run(crowd(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
    elif what == "vectors":
        print(all(sign(key, body) == want for key, body, want in VECTORS))
    elif what == "listen":
        listen(sys.argv[2], sys.argv[3], int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    elif what == "resume":
        resume(int(sys.argv[2]), sys.argv[3])
    elif what == "random":
        rnd = random.Random(int(sys.argv[2]))
        for i in range(int(sys.argv[3])):
            with open(os.path.join(sys.argv[4], f"{i}.csv"), "wb") as f:
                f.write(random_csv(rnd))


main()
