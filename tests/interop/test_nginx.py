#!/usr/bin/env python3
# BUILDS: plain
"""nginx ends the TLS of every request of the corpus and hands it to a small backend that keeps what
arrives: head and body must come through unchanged, with nginx holding the body back or not. A
request cut at its gate must never look whole (C05)."""
import os
import queue
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import corpus

GENERATED = 200  # of the 10,000 boundaries; the other parsers see them all
STEPS = [16384, 1, 100, 1460, 1 << 20]

CONF = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    client_max_body_size 2m;
    keepalive_requests 10000;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    ssl_certificate {certs}/good.pem;
    ssl_certificate_key {certs}/good.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    server {{
        listen unix:held.sock ssl;
        location / {{ proxy_pass http://unix:backend.sock; }}
    }}
    server {{
        listen unix:passed.sock ssl;
        location / {{ proxy_pass http://unix:backend.sock; proxy_request_buffering off; }}
    }}
}}
"""


class Backend(threading.Thread):
    """Takes one request a connection and keeps (head, body, whole or not)."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.seen = queue.Queue()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(16)

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                self.take(connection)

    def take(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            got = connection.recv(65536)
            if not got:
                self.seen.put((data, b"", False))
                return
            data += got
        head, body = data.split(b"\r\n\r\n", 1)
        length = int(fields(head)[b"content-length"])
        body = [body]
        left = length - len(body[0])
        while left > 0:
            got = connection.recv(65536)
            if not got:
                break
            body.append(got)
            left -= len(got)
        self.seen.put((head, b"".join(body), left == 0))
        if left == 0:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nover")


def fields(head):
    pairs = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
    return {name.lower(): value for name, value in pairs}


class Front:
    """One connection to nginx."""

    def __init__(self, path, certs, version):
        context = ssl.create_default_context(cafile=os.path.join(certs, "root.pem"))
        context.minimum_version = context.maximum_version = version
        plain = socket.socket(socket.AF_UNIX)
        plain.settimeout(60)
        plain.connect(path)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")

    def send(self, request, step):
        step = max(step, len(request) // 500)
        for at in range(0, len(request), step):
            self.socket.sendall(request[at:at + step])

    def answer(self):
        data = b""
        while not data.endswith(b"over"):
            got = self.socket.recv(65536)
            if not got:
                raise RuntimeError(f"nginx answers {data[:200]}")
            data += got
        return data

    def close(self):
        self.socket.close()


def differs(case, seen):
    head, body, whole = seen
    sent_head, sent_body = case.request.split(b"\r\n\r\n", 1)
    if not whole or body != sent_body:
        return f"{len(body)} bytes of body instead of {len(sent_body)}"
    if head.split(b"\r\n")[0] != sent_head.split(b"\r\n")[0]:
        return f"request line {head.splitlines()[0]}"
    got = fields(head)
    for name, value in fields(sent_head).items():
        if got.get(name) != value:
            return f"{name}: {got.get(name)}"
    return None


class Result:
    passed = failed = 0

    def tell(self, sentence, why):
        if why is None:
            self.passed += 1
            return
        self.failed += 1
        if self.failed < 20:
            print(f"not ok - {sentence}: {why}")


def comes_through(result, cases, backend, path, certs, version):
    front = Front(path, certs, version)
    for number, case in enumerate(cases):
        sentence = f"{version.name}, {os.path.basename(path)}, {case.sentence} ({number})"
        try:
            front.send(case.request, STEPS[number % len(STEPS)])
            front.answer()
            seen = backend.seen.get(timeout=60)
        except (OSError, RuntimeError, queue.Empty) as e:
            result.tell(sentence, repr(e))
            break  # the connection is lost, and so are the cases behind
        result.tell(sentence, differs(case, seen))
    front.close()


def cut_at_the_gate(result, case, backend, path, certs, reaches):
    """A second request tells when nginx is done with the first, which it saw earlier. TLS 1.2: a
    ticket of 1.3 left unread would turn the close into a reset, and nginx might read nothing."""
    behind = len(f"\r\n--{case.boundary}--\r\n")
    cut = Front(path, certs, ssl.TLSVersion.TLSv1_2)
    cut.send(case.request[:-behind], 1460)
    time.sleep(1)  # a close on its heels may reach nginx before it has read anything
    cut.close()
    if reaches:
        try:
            _, _, whole = backend.seen.get(timeout=60)
            why = "it looks whole" if whole else None
        except queue.Empty:
            why = "nothing reaches it"
        result.tell("a request cut at its gate reaches the backend short", why)
    comes_through(result, [case], backend, path, certs, ssl.TLSVersion.TLSv1_3)


def start(work, certs):
    with open(os.path.join(work, "nginx.conf"), "w") as f:
        f.write(CONF.format(certs=certs))
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    process = subprocess.Popen([nginx, "-p", work, "-e", "error.log", "-c", "nginx.conf"], cwd=work)
    for _ in range(600):
        if os.path.exists(os.path.join(work, "nginx.pid")):
            return process
        if process.poll() is not None:
            break
        time.sleep(0.05)
    process.kill()
    raise SystemExit("nginx does not start: " + open(os.path.join(work, "error.log")).read())


def make_certs():
    build = os.path.join(corpus.TOP, "build")
    os.makedirs(build, exist_ok=True)
    certs = os.path.realpath(os.path.join(build, "certs"))
    subprocess.run(["flock", os.path.join(build, ".certs.lock"), "tools/certs", certs],
                   cwd=corpus.TOP, check=True)
    return certs


def main():
    result = Result()
    certs = make_certs()
    cases = list(corpus.cases())
    first = next(at for at, c in enumerate(cases) if c.sentence == "a generated boundary")
    cases = cases[:first + GENERATED]
    with tempfile.TemporaryDirectory() as work:
        backend = Backend(os.path.join(work, "backend.sock"))
        backend.start()
        nginx = start(work, certs)
        try:
            for mode in ("held.sock", "passed.sock"):
                path = os.path.join(work, mode)
                for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                    comes_through(result, cases, backend, path, certs, version)
                cut_at_the_gate(result, cases[0], backend, path, certs, mode == "passed.sock")
        finally:
            nginx.terminate()
            nginx.wait()
    print(f"{result.passed} passed, {result.failed} failed")
    return result.failed != 0


if __name__ == "__main__":
    raise SystemExit(main())
