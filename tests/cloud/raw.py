#!/usr/bin/env python3
"""One request sent as no library would send it, its answer shown byte for byte.

raw.py PORT METHOD PATH [--tls] [--file F] [--meta JSON] [--send N] [--per-byte]
       [--no-delimiter] [--twice SECONDS] [--type T] [--auth A] [--count]

Prints the answer as it came, then a line `[fin]`, `[rst]`, `[notify]` (TLS ended
properly), `[torn]` (TLS ended without close_notify) or `[open]` (kept).
--send N stops after N bytes of the body and closes; --twice repeats the request on
the same connection, to show what keeping it is worth; --count tells on stderr how
much of the body the kernel took.
"""
import argparse
import socket
import ssl
import sys
import time

BOUNDARY = "b0123456789abcdef0"
AUTH = "Element bench-element-token, User bench-user-secret="


def parts(args):
    out = b""
    if args.meta:
        out += (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="metaData"\r\n'
                f"Content-Type: application/json\r\n\r\n{args.meta}\r\n").encode()
    with open(args.file, "rb") as f:
        data = f.read()
    out += (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="batch-000001.csv"\r\nContent-Type: text/csv\r\n\r\n').encode()
    out += data + b"\r\n"
    return out + (b"" if args.no_delimiter else f"--{BOUNDARY}--\r\n".encode())


def request(args):
    body = parts(args) if args.file else b""
    head = (f"{args.method} {args.path} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: {args.auth}\r\n")
    if args.file:
        head += (f"Content-Type: {args.type}; boundary={BOUNDARY}\r\n"
                 f"Content-Length: {len(body)}\r\n")
    return head.encode() + b"\r\n", body if args.send is None else body[:args.send]


def connect(args):
    s = socket.create_connection(("127.0.0.1", args.port), timeout=20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if args.tls:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # Some Pythons set this by default, and a torn end looks like a proper one.
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        s = context.wrap_socket(s, suppress_ragged_eofs=False)
    s.settimeout(20)
    return s


def is_whole(answer):
    """Whether a final answer with a Content-Length is there in full."""
    while True:
        head, found, rest = answer.partition(b"\r\n\r\n")
        if not found:
            return False
        if head.startswith(b"HTTP/1.1 1"):
            answer = rest
            continue
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return len(rest) >= int(line[15:]) and b"connection: close" not in head.lower()
        return False


def receive(s):
    """The bytes and how they ended."""
    answer = b""
    while not is_whole(answer):
        try:
            piece = s.recv(65536)
        except ConnectionResetError:
            return answer, "rst"
        except ssl.SSLZeroReturnError:
            return answer, "notify"
        except ssl.SSLError as error:  # SSLEOFError, or by its reason only
            if "EOF" not in str(error):
                raise
            return answer, "torn"
        if not piece:
            return answer, "notify" if isinstance(s, ssl.SSLSocket) else "fin"
        answer += piece
    return answer, "open"


def exchange(s, args):
    head, body = request(args)
    reset = False
    try:
        s.sendall(head)
        step = 1 if args.per_byte else 16384
        for at in range(0, len(body), step):
            s.sendall(body[at:at + step])
            args.sent = at + step
    except ConnectionResetError:
        reset = True  # told once only: the next read would see a mere end
    except (OSError, ssl.SSLError):
        pass
    if args.send is not None:
        time.sleep(0.2)
        s.close()
        return b"", "gone"
    answer, end = receive(s)
    return answer, "rst" if reset and end == "fin" else end


def main():
    p = argparse.ArgumentParser()
    p.add_argument("port", type=int)
    p.add_argument("method")
    p.add_argument("path")
    p.add_argument("--tls", action="store_true")
    p.add_argument("--file")
    p.add_argument("--meta")
    p.add_argument("--send", type=int)
    p.add_argument("--per-byte", action="store_true")
    p.add_argument("--no-delimiter", action="store_true")
    p.add_argument("--twice", type=float)
    p.add_argument("--count", action="store_true")
    p.add_argument("--type", default="multipart/form-data")
    p.add_argument("--auth", default=AUTH)
    args = p.parse_args()
    s = connect(args)
    args.sent = 0
    answers = [exchange(s, args)]
    if args.count:
        print(args.sent, file=sys.stderr)
    if args.twice is not None:
        time.sleep(args.twice)
        answers.append(exchange(s, args))
    for answer, end in answers:
        sys.stdout.buffer.write(answer + f"[{end}]\n".encode())


main()
