#!/usr/bin/env python3
"""The link over real sockets against OpenSSL: who is believed and who is not, what a peer may do
and what becomes of it. A peer that is refused must have got no byte of a request."""
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.1 is old: that is what it is for
BUILD = os.environ.get("OCB_BUILD", "build")
TOOL = f"{BUILD}/tests/tls/tool_fetch"
CERTS = "build/certs"
NOW = str(1795651200)  # 2026-11-26
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

passed = failed = 0


def pem(name):
    return f"{CERTS}/{name}"


def read_request(c):
    """Head and body of one request; None when the peer ends before."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = c.recv(65536)
        if not more:
            return None
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    m = re.search(rb"Content-Length: (\d+)", head)
    want = int(m.group(1)) if m else 0
    while len(body) < want:
        more = c.recv(65536)
        if not more:
            return None
        body += more
    return head + b"\r\n\r\n", body


def answer(c, server):
    """A service: each request gets the same reply, until the client goes."""
    while True:
        request = read_request(c)
        if request is None:
            return
        server.requests.append(request)
        c.sendall(server.reply)


def context(name="good", low=None, high=None, weak=False):
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if weak:
        ctx.set_ciphers("DEFAULT:@SECLEVEL=0")
    ctx.load_cert_chain(pem(f"{name}.pem"), pem(f"{name}.key"))
    if low:
        ctx.minimum_version = low
    if high:
        ctx.maximum_version = high
    return ctx


V12 = {"low": ssl.TLSVersion.TLSv1_2, "high": ssl.TLSVersion.TLSv1_2}
V13 = {"low": ssl.TLSVersion.TLSv1_3, "high": ssl.TLSVersion.TLSv1_3}
HAS_13 = subprocess.run([TOOL, "profile"], capture_output=True, text=True).stdout.strip() != "tiny"
VERSIONS = [V12, V13] if HAS_13 else [V12]


class Server:
    """Takes connections one after the other; `serve` has the TLS (or, raw, the plain) socket."""

    def __init__(self, ctx, serve=answer, raw=False, host="127.0.0.1", rcvbuf=0, reply=REPLY,
                 proxy=False):
        self.ctx, self.serve, self.raw, self.reply, self.proxy = ctx, serve, raw, reply, proxy
        self.requests, self.errors, self.plain = [], [], []
        self.connections = self.resumed = self.shaken = 0
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if rcvbuf:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.listener.bind((host, 0))
        self.listener.listen(8)
        self.port = self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.open.add(c)
            threading.Thread(target=self.one, args=(c,), daemon=True).start()

    def one(self, c):
        try:
            c.settimeout(60)
            if self.proxy:
                self.tunnel(c)
            if not self.raw:
                raw, c = c, self.ctx.wrap_socket(c, server_side=True)
                self.open.discard(raw)
                self.open.add(c)
                self.shaken += 1
                self.resumed += c.session_reused
            self.serve(c, self)
        except (OSError, ssl.SSLError) as e:
            self.errors.append(str(e))
        finally:
            self.open.discard(c)
            c.close()

    def tunnel(self, c):
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += c.recv(1)
        self.plain.append(data)
        c.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

    def close(self):
        self.listener.close()
        for c in list(self.open):
            c.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Run:
    def __init__(self, port, ca="root.pem", wall=NOW, timeout=120, **words):
        args = [TOOL, f"port={port}", f"ca={pem(ca)}", f"wall={wall}", "connect=127.0.0.1"]
        args += [f"{name}={value}" for name, value in words.items()]
        done = subprocess.run(args, capture_output=True, text=True, timeout=timeout, check=False)
        self.status, self.text = done.returncode, done.stdout + done.stderr
        lines = [line for line in done.stdout.splitlines() if "=" in line]
        self.all = [dict(w.split("=", 1) for w in re.findall(r"detail=.*|[a-z0-9_]+=\S*", line))
                    for line in lines]
        self.end = self.all.pop() if self.all and "level" in self.all[-1] else {}

    def __getattr__(self, name):
        return self.all[0].get(name, "")


class test:
    def __init__(self, name):
        self.name = name

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        global passed, failed
        if kind is None:
            passed += 1
            print(f"ok - {self.name}")
        elif issubclass(kind, Exception):
            failed += 1
            line = trace.tb_lineno
            print(f"not ok - {self.name}: line {line}: {kind.__name__}: {value}")
        return kind is None or issubclass(kind, Exception)


def same(got, want, more=""):
    if got != want:
        raise AssertionError(f"{got!r} is not {want!r} {more}")


def good(r, server=None, n=1):
    same([q["err"] for q in r.all], ["OK"] * n, r.text)
    same([q["status"] for q in r.all], ["200"] * n, r.text)
    same((r.status, r.end.get("level")), (0, r.end.get("end")), r.text)
    if server:
        same(len(server.requests), n, r.text)


def refused(r, server, err, word="", shaken=1):
    """By name, with not one byte of a request at the server, and nothing left in the arena."""
    same(r.err, err, r.text)
    if word not in r.detail:
        raise AssertionError(f"no {word!r} in {r.text}")
    same(r.sent, "nothing", r.text)
    same((r.status, r.end.get("level")), (0, r.end.get("end")), r.text)
    settle(server)
    same(server.requests, [], r.text)
    same(server.got if hasattr(server, "got") else b"", b"", r.text)
    if shaken is not None:
        same(server.shaken, shaken, f"{server.errors} {r.text}")


def settle(server):
    """Until the server has seen the end of its last connection."""
    for _ in range(200):
        if not server.open:
            return
        time.sleep(0.01)


def listen_only(c, server):
    """Takes what comes and keeps it: bytes that nobody should have sent."""
    server.got = b""
    while True:
        more = c.recv(65536)
        if not more:
            return
        server.got += more


# --- who is believed

BELIEVED = [
    ("good by name", "good", "root.pem", "localhost", {}),
    ("good by address (S01)", "good", "root.pem", "127.0.0.1", {}),
    ("good by IPv6 address (S01)", "good", "root.pem", "::1", {}),
    ("good, RSA-2048", "good_rsa", "root.pem", "localhost", {}),
    ("three RSA-4096", "rsa4096", "root_rsa4096.pem", "localhost", {}),
    ("only an address in the certificate (S01)", "ip", "root.pem", "127.0.0.1", {}),
    ("wildcard", "wildcard", "root.pem", "bench.example.net", {}),
    ("cross-signed, the old signer expired", "cross", "cross_roots.pem", "localhost", {}),
    ("the missing intermediate is in the bundle (S02)", "noint", "intermediate.pem", "localhost",
     {}),
    ("a bundle of 141 roots (S04)", "good", "bundle.pem", "localhost", {"seen": "141"}),
    ("a root that is self-signed with SHA-1", "good", "root_sha1.pem", "localhost", {}),
    ("broken entries in the bundle", "good", "broken.pem", "localhost", {"broken": "2"}),
]

REFUSED = [
    ("self-signed", "selfsigned", "root.pem", "localhost", "TLS_UNKNOWN_CA", "self-signed"),
    ("unknown issuer", "unknown", "root.pem", "localhost", "TLS_UNKNOWN_CA",
     "Nobody Knows This Root"),
    ("unknown issuer, 141 roots", "unknown", "bundle.pem", "localhost", "TLS_UNKNOWN_CA", ""),
    ("missing intermediate (S02)", "noint", "root.pem", "localhost", "TLS_CHAIN_INCOMPLETE",
     "no intermediate"),
    ("expired", "expired", "root.pem", "localhost", "TLS_EXPIRED", "2021-01-01"),
    ("not yet valid", "future", "root.pem", "localhost", "TLS_FUTURE", "2043-01-01"),
    ("wrong name", "wrongname", "root.pem", "localhost", "TLS_NAME", "other.example.net"),
    ("another address (S01)", "ip", "root.pem", "127.0.0.9", "TLS_NAME", ""),
    ("a name like the address (S01)", "ip_dns", "root.pem", "127.0.0.1", "TLS_NAME", "127.0.0.1"),
    ("wildcard for two labels", "wildcard", "root.pem", "a.b.example.net", "TLS_NAME", ""),
    ("no subjectAltName, the common name does not count", "nosan", "root.pem", "localhost",
     "TLS_NAME", "no name at all"),
    ("key usage", "ku", "root.pem", "localhost", "TLS_USAGE", "digitalSignature"),
    ("extended key usage", "eku", "root.pem", "localhost", "TLS_USAGE", "serverAuth"),
    ("RSA-1024", "weak", "root.pem", "localhost", "TLS_WEAK", "below"),
    ("signed with SHA-1", "weak_sha1", "root.pem", "localhost", "TLS_WEAK", "below"),
    ("only the expired signer of a cross-signed root", "cross", "cross_old_only.pem", "localhost",
     "TLS_EXPIRED", "out of its time"),
    ("a bundle that holds no certificate", "good", "good.key", "localhost", "CA_FILE", ""),
    ("a bundle of broken entries only", "good", "all_broken.pem", "localhost", "CA_FILE", ""),
]


def make_bundles():
    broken = "-----BEGIN CERTIFICATE-----\nMIIBBBB!\n-----END CERTIFICATE-----\n"
    with open(pem("root.pem"), encoding="ascii") as f:
        root = f.read()
    with open(pem("broken.pem"), "w", encoding="ascii") as f:
        f.write(broken + root + broken)
    with open(pem("all_broken.pem"), "w", encoding="ascii") as f:
        f.write(broken * 3)


def believed():
    for v in VERSIONS:
        for name, leaf, ca, host, more in BELIEVED:
            with test(f"{v['low'].name}: {name}"), Server(context(leaf, **v)) as s:
                r = Run(s.port, ca, host=host)
                good(r, s)
                same(r.version, {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[v["low"].name])
                same(r.found, "2" if leaf == "cross" else "1", r.text)
                for key, value in more.items():
                    same(getattr(r, key), value, r.text)
        for name, leaf, ca, host, err, word in REFUSED:
            ctx = context(leaf, weak=leaf.startswith("weak"), **v)
            with test(f"{v['low'].name}: {name}: refused"), Server(ctx, listen_only) as s:
                if leaf == "ku" and v is V12:  # OpenSSL itself will not use it there
                    refused(Run(s.port, ca, host=host), s, "TLS_HANDSHAKE", shaken=0)
                else:
                    refused(Run(s.port, ca, host=host), s, err, word)
        for name, wall in (("12 s after 1970", 12), ("the build's date not reached", 1793491199)):
            with test(f"{v['low'].name}: clock not set, {name} (C14)"), \
                    Server(context("good", **v), listen_only) as s:
                refused(Run(s.port, wall=wall), s, "CLOCK", "clock")


def versions():
    with test("a server of TLS 1.1 only is refused"):
        ctx = context("good", weak=True)
        ctx.minimum_version, ctx.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with Server(ctx, listen_only) as s:
            refused(Run(s.port), s, "TLS_HANDSHAKE", shaken=0)
    with test("a server without forward secrecy is refused"):
        ctx = context("good_rsa", **V12)
        ctx.set_ciphers("AES128-GCM-SHA256:AES256-GCM-SHA384")
        with Server(ctx, listen_only) as s:
            refused(Run(s.port), s, "TLS_HANDSHAKE", shaken=0)
    with test("a server of CBC suites only is refused"):
        ctx = context("good", **V12)
        ctx.set_ciphers("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384")
        with Server(ctx, listen_only) as s:
            refused(Run(s.port), s, "TLS_HANDSHAKE", shaken=0)
    for v in VERSIONS:
        with test(f"{v['low'].name}: without AES instructions ChaCha20 is asked for first"), \
                Server(context("good", **v)) as s:
            s.ctx.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
            r = Run(s.port, chacha=1)
            good(r, s)
            same("CHACHA20" in r.cipher.upper(), True, r.text)
    for v in VERSIONS:
        for prefer in (False, True):
            with test(f"{v['low'].name}: an RSA key, the server's order of signatures {prefer}: "
                      "RSA-PSS is left out where it cannot be used"), \
                    Server(context("good_rsa", **v)) as s:
                s.ctx.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
                s.ctx.options |= ssl.OP_CIPHER_SERVER_PREFERENCE if prefer else 0
                r = Run(s.port, requests=3, close=1)
                good(r, s, 3)
                again = v is V12 and prefer and HAS_13
                same(r.end["connections"], "4" if again else "3", r.text)
    for name, suite in (("AES-256-GCM", "ECDHE-ECDSA-AES256-GCM-SHA384"),
                        ("ChaCha20", "ECDHE-ECDSA-CHACHA20-POLY1305")):
        with test(f"TLS 1.2 with {name} only"):
            ctx = context("good", **V12)
            ctx.set_ciphers(suite)
            with Server(ctx) as s:
                good(Run(s.port), s)
    for curve in ("prime256v1", "secp384r1", "X25519"):
        ctx = context("good")
        try:
            ctx.set_ecdh_curve(curve)
        except ssl.SSLError:  # not every OpenSSL lets Python set this one
            print(f"skip - a server with {curve} only cannot be made here")
            continue
        with test(f"a key exchange on {curve} only"):
            with Server(ctx) as s:
                good(Run(s.port), s)


# --- pins, client certificates, proxies

def key_pin(name):
    der = subprocess.run(f"openssl x509 -in {pem(name)} -noout -pubkey | "
                         "openssl pkey -pubin -outform DER | openssl sha256 -r", shell=True,
                         capture_output=True, text=True, check=True)
    return der.stdout.split()[0]


def pins_and_keys():
    other = key_pin("unknown_root.pem")
    for name in ("good.pem", "intermediate.pem", "root.pem"):
        with test(f"a right pin: {name}"), Server(context()) as s:
            good(Run(s.port, pin=key_pin(name)), s)
    with test("two pins, the second right"), Server(context()) as s:
        good(Run(s.port, pin=f"{other},{key_pin('good.pem')}"), s)
    for v in VERSIONS:
        with test(f"{v['low'].name}: a wrong pin: refused"), \
                Server(context(**v), listen_only) as s:
            refused(Run(s.port, pin=other), s, "TLS_PIN", "pin")

    for v in VERSIONS:
        ctx = context(**v)
        ctx.load_verify_locations(pem("root.pem"))
        ctx.verify_mode = ssl.CERT_REQUIRED
        with test(f"{v['low'].name}: a client certificate where one is wanted"), \
                Server(ctx) as s:
            good(Run(s.port, cert=pem("client.pem"), key=pem("client.key")), s)
        with test(f"{v['low'].name}: none where one is wanted"), Server(ctx) as s:
            r = Run(s.port)
            same((r.err, s.requests), ("TLS_HANDSHAKE", []), r.text)
        with test(f"{v['low'].name}: one that nobody wants"), Server(context(**v)) as s:
            good(Run(s.port, cert=pem("client.pem"), key=pem("client.key")), s)
    with test("a client key that does not fit is told at once"):
        r = Run(1, cert=pem("client.pem"), key=pem("good.key"))
        same((r.err, r.status), ("CLIENT_CERT", 1), r.text)

    with test("through a proxy: the service's words only inside TLS"), \
            Server(context(), proxy=True) as s:
        r = Run(1, proxy=f"127.0.0.1:{s.port}", authority="localhost:1",
                proxy_credentials="Basic dXNlcjpwYXNz")
        good(r, s)
        same(s.plain, [b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n"
                       b"Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n"], r.text)
        same(b"Proxy" in s.requests[0][0], False)

    def deny(c, server):
        c.recv(4096)
        c.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    with test("a proxy that wants credentials"), Server(None, deny, raw=True) as s:
        r = Run(1, proxy=f"127.0.0.1:{s.port}")
        same((r.err, r.sent), ("PROXY_CREDENTIALS", "nothing"), r.text)


# --- resumption

def resumption():
    def twice(v, **words):
        return Run(words.pop("port"), requests=2, close=1, **words)

    for v in VERSIONS:
        label = v["low"].name
        with test(f"{label}: the second connection resumes the first (C17)"), \
                Server(context(**v)) as s:
            r = Run(s.port, "bundle.pem", requests=4, close=1)
            good(r, s, 4)
            same([q["resumed"] for q in r.all], ["0", "1", "1", "1"], r.text)
            same([q["seen"] for q in r.all], ["141", "0", "0", "0"], r.text)
            same((s.connections, s.resumed), (4, 3), r.text)
        for name, words in (("another CA file with the same root", {"next_ca": pem("bundle.pem")}),
                            ("a right pin added", {"next_pin": key_pin("root.pem")}),
                            ("a day and a second later", {"next_wall": int(NOW) + 86402}),
                            ("another host", {"next_host": "bench.example.net"})):
            with test(f"{label}: {name}: verified again"), Server(context(**v)) as s:
                r = twice(v, port=s.port, **words)
                good(r, s, 2)
                same((r.all[1]["resumed"], r.all[1]["found"], s.resumed), ("0", "1", 0), r.text)
        for name, err, words in (
                ("another CA file without the root", "TLS_UNKNOWN_CA",
                 {"next_ca": pem("unknown_root.pem")}),
                ("a wrong pin added", "TLS_PIN", {"next_pin": key_pin("unknown_root.pem")}),
                ("beyond the leaf's time", "TLS_EXPIRED", {"next_wall": 2335219201}),
                ("the clock lost (C14)", "CLOCK", {"next_wall": 12}),
                ("a host of no certificate", "TLS_NAME", {"next_host": "other.example.net"})):
            with test(f"{label}: {name}: refused"), Server(context(**v)) as s:
                r = twice(v, port=s.port, **words)
                same((r.all[0]["err"], r.all[1]["err"], r.all[1]["sent"]), ("OK", err, "nothing"),
                     r.text)
                settle(s)
                same((len(s.requests), s.resumed), (1, 0), r.text)
        with test(f"{label}: a server without tickets"), Server(context(**v)) as s:
            s.ctx.options |= ssl.OP_NO_TICKET
            good(Run(s.port, requests=3, close=1), s, 3)
    if HAS_13:
        for n in (0, 2, 9):
            with test(f"TLS 1.3: {n} tickets in front of the first reply (C17)"), \
                    Server(context(**V13)) as s:
                s.ctx.num_tickets = n
                good(Run(s.port, requests=3), s, 3)
                same(s.connections, 1)


# --- what a peer does

def raw_faults():
    def silent(c, server):
        try:
            while c.recv(4096):
                pass
        except OSError:
            pass

    with test("silent behind accept: the handshake's limit, without spinning (C19)"), \
            Server(None, silent, raw=True) as s:
        before = os.times()
        r = Run(s.port, handshake_ms=1500)
        after = os.times()
        same((r.err, r.sent), ("HANDSHAKE_DEADLINE", "nothing"), r.text)
        same(1500 <= int(r.ms), True, r.text)
        spent = (after.children_user - before.children_user
                 + after.children_system - before.children_system)
        same(spent < 1, True, f"{spent} s of CPU")

    def drip(c, server):
        c.recv(4096)
        for byte in b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76" + bytes(1000):
            c.sendall(bytes([byte]))
            time.sleep(0.05)

    with test("a byte now and then does not extend it (C19)"), Server(None, drip, raw=True) as s:
        r = Run(s.port, handshake_ms=1500)
        same((r.err, r.sent), ("HANDSHAKE_DEADLINE", "nothing"), r.text)

    def flood(c, server):
        c.recv(4096)
        while True:
            c.sendall(b"\x15\x03\x03\x00\x02\x01\x5a" * 1000)

    with test("warnings without end do not extend it"), Server(None, flood, raw=True) as s:
        r = Run(s.port, handshake_ms=1500, timeout=30)
        same((r.err, r.sent), ("HANDSHAKE_DEADLINE", "nothing"), r.text)

    def hang_up(c, server):
        c.recv(4096)

    def reset(c, server):
        c.recv(10)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    for name, serve in (("closed", hang_up), ("reset", reset)):
        with test(f"{name} in the handshake: the next address is tried (C21)"), \
                Server(context(), host="127.0.0.1") as s:
            bad = Server.__new__(Server)
            same_port(bad, s.port, "127.0.0.2", serve)
            with bad:
                r = Run(s.port, connect="127.0.0.2,127.0.0.1")
                good(r, s)
                same((bad.connections, r.connections), (1, "2"), r.text)
    with test("nobody listens on the first address: the next one serves at once (C21)"), \
            Server(context()) as s:
        r = Run(s.port, connect="127.0.0.3,127.0.0.1")
        good(r, s)
        same((r.connections, int(r.ms) < 9000), ("1", True), r.text)
    with test("nobody listens"):
        r = Run(1)
        same((r.err, r.sent, r.connections), ("CONNECT", "nothing", "0"), r.text)

    def plain_http(c, server):
        c.recv(4096)
        c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with test("plain HTTP on the port"), Server(None, plain_http, raw=True) as s:
        same(Run(s.port).err, "TLS_HANDSHAKE")


def same_port(server, port, host, serve):
    """A second server on the same port of another address."""
    server.ctx, server.serve, server.raw, server.reply, server.proxy = None, serve, True, b"", False
    server.requests, server.errors, server.plain = [], [], []
    server.connections = server.resumed = server.shaken = 0
    server.listener = socket.socket()
    server.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.listener.bind((host, port))
    server.listener.listen(8)
    server.port = port
    server.open = set()
    threading.Thread(target=server.run, daemon=True).start()


def pattern(head_len, n):
    return bytes(((at * 2654435761 & (1 << 64) - 1) >> 13 ^ at) & 0xFF
                 for at in range(head_len, head_len + n))


def bodies():
    import hashlib
    for v in VERSIONS:
        for n in (1, 16383, 16384, 200000):
            for buf in (0, 4608):
                with test(f"{v['low'].name}: a body of {n} bytes arrives whole, socket buffers "
                          f"{buf or 'usual'} (C18)"), \
                        Server(context(**v), rcvbuf=buf) as s:
                    r = Run(s.port, method="POST", body=n, sndbuf=buf, requests=2)
                    good(r, s, 2)
                    for i, (head, body) in enumerate(s.requests):
                        same(hashlib.sha256(body).hexdigest(), r.all[i]["body_sha"])
                        same(int(r.all[i]["bytes_out"]), len(head) + n)
                        same(body, pattern(len(head), n))
                    same(s.connections, 1)

        def slow(c, server):
            time.sleep(1)
            answer(c, server)
        with test(f"{v['low'].name}: a reader that is slow to begin gets every byte (C18)"), \
                Server(context(**v), slow, rcvbuf=4608) as s:
            r = Run(s.port, method="POST", body=1000000, sndbuf=4608)
            good(r, s)
            same(s.requests[0][1], pattern(len(s.requests[0][0]), 1000000))

        def gate(c, server):
            data = b""
            c.settimeout(1.5)
            try:
                while True:
                    more = c.recv(65536)
                    if not more:
                        break
                    data += more
            except TimeoutError:
                pass
            server.got = len(data)
            c.settimeout(30)
            while len(data) < server.want:
                data += c.recv(65536)
            server.requests.append(data)
            c.sendall(REPLY)
        with test(f"{v['low'].name}: at the gate the server has all but the last piece"), \
                Server(context(**v), gate) as s:
            s.want = 50000 + len("POST / HTTP/1.1\r\nHost: localhost\r\n"
                                 "Content-Length: 50000\r\n\r\n")
            r = Run(s.port, method="POST", body=50000, gate=26, hold_ms=2500)
            good(r)
            same((s.got, len(s.requests[0])), (s.want - 26, s.want), r.text)

        for n in (16200, 100000):
            big = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % n + b"j" * n
            with test(f"{v['low'].name}: a reply of {n} bytes in full records (C16)"), \
                    Server(context(**v), reply=big) as s:
                r = Run(s.port, requests=2)
                good(r, s, 2)
                same(r.reply_sha, hashlib.sha256(b"j" * n).hexdigest())


def read_some(c, n):
    data = b""
    while len(data) < n:
        more = c.recv(min(4096, n - len(data)))
        if not more:
            break
        data += more
    return data


def early_ends():
    def early(linger):
        def serve(c, server):
            server.got = read_some(c, 4096)
            c.sendall(server.reply)
            if linger:
                time.sleep(0.3)
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return serve

    for v in VERSIONS:
        label = v["low"].name
        for status, reply in (("413", TOO_LARGE),
                              ("401", b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")):
            with test(f"{label}: an early {status}, then a reset, is told as that (C10)"), \
                    Server(context(**v), early(True), rcvbuf=4608, reply=reply) as s:
                r = Run(s.port, method="POST", body=20000000, sndbuf=4608)
                same((r.err, r.status, r.sent), ("OK", 0, "some"), r.text)
                same(r.all[0]["status"], status, r.text)
                same(int(r.bytes_out) < 20000000, True, r.text)

        def vanish(c, server):
            read_some(c, 1024)
            time.sleep(0.2)
            c.shutdown(socket.SHUT_RDWR)
        with test(f"{label}: a peer that goes in the middle kills nobody (C20)"), \
                Server(context(**v), vanish, rcvbuf=4608) as s:
            r = Run(s.port, method="POST", body=20000000, sndbuf=4608)
            same((r.status, r.sent), (0, "some"), r.text)
            same(r.err in ("NETWORK", "CLOSED"), True, r.text)

        def once(c, server):
            server.requests.append(read_request(c))
            c.sendall(REPLY)
            if server.notify:
                c.unwrap()
        for notify in (True, False):
            with test(f"{label}: a kept connection that went stale is replaced, close_notify "
                      f"{notify} (C11)"), Server(context(**v), once) as s:
                s.notify = notify
                r = Run(s.port, requests=3, pause_ms=200, method="POST", body=187)
                good(r, s, 3)
                same([q["connections"] for q in r.all], ["1", "2", "3"], r.text)
                same([q["reused"] for q in r.all], ["0", "0", "0"], r.text)

        def mute(c, server):
            server.requests.append(read_request(c))
            if len(server.requests) == 1:
                c.sendall(REPLY)
                server.requests.append(read_request(c))
        with test(f"{label}: closed behind the whole second request: no success (C11)"), \
                Server(context(**v), mute) as s:
            r = Run(s.port, requests=2, method="POST", body=187)
            same([q["err"] for q in r.all], ["OK", "CLOSED"], r.text)
            same((r.all[1]["sent"], r.all[1]["status"]), ("all", "0"), r.text)
            same(len(s.requests), 2)

        def until_close(c, server):
            read_request(c)
            c.sendall(b"HTTP/1.0 200 OK\r\n\r\n{\"state\":\"done\"}")
            if server.notify:
                c.unwrap()
        for notify, err in ((True, "OK"), (False, "HTTP_TRUNCATED")):
            with test(f"{label}: a body until close, close_notify {notify} (C12)"), \
                    Server(context(**v), until_close) as s:
                s.notify = notify
                r = Run(s.port)
                same((r.err, r.reply_bytes), (err, "16"), r.text)

        def silent(c, server):
            read_request(c)
            time.sleep(20)
        with test(f"{label}: no answer: the answer's limit"), Server(context(**v), silent) as s:
            r = Run(s.port, answer_ms=1000)
            same((r.err, r.sent), ("ANSWER_DEADLINE", "all"), r.text)

        def deaf(c, server):
            read_some(c, 1000)
            time.sleep(20)
        with test(f"{label}: nobody reads: the idle limit"), \
                Server(context(**v), deaf, rcvbuf=4608) as s:
            r = Run(s.port, method="POST", body=20000000, sndbuf=4608, idle_ms=1000)
            same((r.err, r.sent), ("IDLE_DEADLINE", "some"), r.text)
        with test(f"{label}: the attempt's limit is above all others"), \
                Server(context(**v), deaf, rcvbuf=4608) as s:
            r = Run(s.port, method="POST", body=20000000, sndbuf=4608, attempt_ms=1000)
            same((r.err, r.sent), ("ATTEMPT_DEADLINE", "some"), r.text)


def main():
    subprocess.run("mkdir -p build && exec 9>build/.certs.lock && flock 9 && "
                   f"tools/certs {CERTS} && cd {CERTS} && if ! [ root_sha1.pem -nt stamp ]; then "
                   "openssl req -x509 -new -sha1 -days 6000 -key root.key -out root_sha1.pem "
                   "-subj '/CN=Bench Root/O=Bench'; fi", shell=True, check=True)
    make_bundles()
    only = sys.argv[1:]
    for part in (believed, versions, pins_and_keys, resumption, raw_faults, bodies, early_ends):
        if not only or part.__name__ in only:
            part()
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
