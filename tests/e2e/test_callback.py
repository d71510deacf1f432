#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""`ocbulk callback` behind a real web server, set up as the README says, with callbacks that
bench_cloud (GnuTLS) and Python (OpenSSL) sign; the test listens where the daemon would."""
import base64
import hashlib
import hmac
import http.client
import os
import random
import re
import shutil
import socket
import stat
import subprocess
import time

from lab import BUILD, SAMPLE, TOP, Lab

KEY, OLD_KEY = "abcd1234efgh5678", "MySecretEventSignatureKey"
BODY = b'{"id":"1234","status":"COMPLETED"}'
ROOT = os.geteuid() == 0
OTHER = "nobody" if ROOT else None  # the web server's user

lab = Lab("--callback-key", KEY)
lab.dir.chmod(0o711)


def sign(body, key=KEY, digest="sha256"):
    mac = hmac.new(key.encode(), body, digest).digest()
    return f"{digest}={base64.b64encode(mac).decode()}"


def private(name, content):
    """A file of the web server's user, 0600."""
    path = lab.file(name, content, 0o600)
    if ROOT:
        shutil.chown(path, OTHER, "nogroup")
    return path


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# The README's files, in the lab's places.
program = shutil.copy(BUILD / "ocbulk", lab.dir / "ocbulk")
run_dir = lab.dir / "run"
run_dir.mkdir(mode=0o711)
run_dir.chmod(0o711)
spool = lab.dir / "spool"
spool.mkdir(mode=0o700)
record = spool / "record.csv"
record.write_text("private,record\n")
key_file = private("callback-key", f"{KEY}\n")
callback_port = free_port()
lab.config(callback_url=f"http://127.0.0.1:{callback_port}/ocbulk", callback_key_file=key_file,
           rest=f"[spool]\ndir = {spool}\nrun_dir = {run_dir}\n")

readme = (TOP / "README.md").read_text()
section = readme[readme.index("\n## Callbacks\n"):]
places = {"/usr/bin/ocbulk": program, "/etc/ocbulk.conf": lab.conf,
          "/usr/lib/ocbulk/callback": lab.dir / "lib" / "callback", "http://device.example.net/ocbulk":
          f"http://127.0.0.1:{callback_port}/ocbulk"}


def from_readme(language, at=0):
    text = re.findall(rf"```{language}\n(.*?)```", section, re.S)[at]
    for there, here in places.items():
        text = text.replace(there, str(here))
    return text


(lab.dir / "lib").mkdir()
lab.file("lib/callback", from_readme("sh"), 0o755)
logs = lab.dir / "web"
logs.mkdir()
if ROOT:
    shutil.chown(logs, OTHER, "nogroup")
web_conf = lab.file("lighttpd.conf", f"""
server.bind = "127.0.0.1"
server.port = {callback_port}
server.document-root = "{logs}"
server.upload-dirs = ("{logs}")
server.errorlog = "{logs}/error.log"
{'server.username = "nobody"' if ROOT else ''}
{'server.groupname = "nogroup"' if ROOT else ''}
{from_readme("lighttpd")}""")
web = subprocess.Popen([shutil.which("lighttpd", path=os.environ["PATH"] + ":/usr/sbin"), "-D",
                        "-f", web_conf], env=lab.environment(OCBULK_CONFIG="/nonexistent"))
for _ in range(200):
    try:
        socket.create_connection(("127.0.0.1", callback_port), 1).close()
        break
    except OSError:
        time.sleep(0.05)

daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
daemon.bind(str(run_dir / "wake"))
(run_dir / "wake").chmod(0o666)
daemon.setblocking(False)


def hints():
    """What has come so far: the CGI program sends before it answers."""
    got = []
    while True:
        try:
            got.append(daemon.recv(4096).decode())
        except BlockingIOError:
            return got


def call(body=BODY, method="POST", path="/ocbulk", **headers):
    """Status, headers and body of the answer; the signature unless told otherwise."""
    headers = {k.replace("_", "-"): v for k, v in headers.items() if v is not None}
    c = http.client.HTTPConnection("127.0.0.1", callback_port, timeout=60)
    c.request(method, path, body, headers)
    r = c.getresponse()
    answer = r.status, dict(r.getheaders()), r.read()
    c.close()
    return answer


def post(body=BODY, signature=None, **more):
    return call(body, Elements_Webhook_Signature=signature or sign(body), **more)


def refused(answer, status):
    lab.same((answer[0], answer[2], hints()), (status, b"", []))


def set_keys(text, mode=0o600):
    private("callback-key", text).chmod(mode)


def cgi(body=BODY, args=(), **env):
    """The program as a web server starts it, without one."""
    env = {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST",
           "CONTENT_LENGTH": str(len(body)), "HTTP_ELEMENTS_WEBHOOK_SIGNATURE": sign(body), **env}
    env = {k: v for k, v in env.items() if v is not None}
    done = subprocess.run([program, "callback", "--config", lab.conf, *args], input=body,
                          capture_output=True, timeout=60, user=OTHER,
                          env=lab.environment(**env))
    done.out, done.err = done.stdout.decode(), done.stderr.decode()
    return done


def answers(done, code, status):
    lab.same((done.returncode, done.out.splitlines()[:1]), (code, [f"Status: {status}"]))
    lab.same(done.out.count("\r\n\r\n") + done.out.endswith("\r\n\r\n"), 2)
    lab.same(hints(), [])


with lab.test("a job's end is told by bench_cloud's callback before anybody asks"):
    done = lab.ocbulk("--json", "upload", "contact", SAMPLE)
    lab.ends(done, 0)
    job = done.json()["batches"][0]["job"]
    for _ in range(300):
        stats = lab.stats()
        if stats["callbacks"] + stats["callbacks_failed"] > 0:
            break
        time.sleep(0.1)
    lab.same((stats["callbacks"], stats["callbacks_failed"]), (1, 0))
    lab.same(hints(), [f"{job} COMPLETE"])

with lab.test("a callback that bench_cloud signs with another key is refused"):
    set_keys(f"{OLD_KEY}\n")
    lab.reset()
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE), 0)
    for _ in range(300):
        stats = lab.stats()
        if stats["callbacks"] + stats["callbacks_failed"] > 0:
            break
        time.sleep(0.1)
    lab.same((stats["callbacks"], stats["callbacks_failed"], hints()), (0, 1, []))
    done = cgi()
    answers(done, 0, "403 Forbidden")
    lab.has(done.err, "no key of callback_key_file has signed it")
    set_keys(f"{KEY}\n")

with lab.test("the README's way to try it"):
    lab.file("key", KEY + "\n")
    done = subprocess.run(["sh", "-c", from_readme("sh", 1)], cwd=lab.dir, capture_output=True,
                          text=True, timeout=60)
    lab.same((done.stdout, done.stderr, hints()), ("204\n", "", ["1234 COMPLETED"]))

with lab.test("the vectors of the API page"):
    lab.same(sign(BODY), "sha256=MmyRj8I7QypXhzQgRdAYuwXLYxsumFcy9dK7GCDrBVY=")
    lab.same(post()[0], 204)
    lab.same(hints(), ["1234 COMPLETED"])
    refused(post(BODY + b"\n", sign(BODY)), 403)
    # Those that are signed but no job pass the signature, and end one step later.
    refused(post(b"", "sha256=qL+gkxkVLK96h2C2aojvxvjFh+j1Ubl1kiKUbp9uuZ4="), 400)
    set_keys(f"{OLD_KEY}\n")
    vendor = b"<INSERT_EVENT_NOTIFICATION_RESPONSE_BODY>"
    refused(post(vendor, "sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ="), 400)
    refused(post(vendor + b"\n", "sha256=jHdbRx5EZAsOfTwAPJOGkNUzQMVVdu5VJlxcsk+G6jQ="), 403)
    set_keys(f"{KEY}\n")

with lab.test("either of two keys while one replaces the other"):
    for text in (f"{OLD_KEY}\n{KEY}\n", f"{KEY}\r\n\r\n{OLD_KEY}", f"{KEY}\n{OLD_KEY}\n\n"):
        set_keys(text)
        lab.same((post()[0], post(BODY, sign(BODY, OLD_KEY))[0]), (204, 204))
        lab.same(hints(), ["1234 COMPLETED"] * 2)
        refused(post(BODY, sign(BODY, "a third key")), 403)
    set_keys(f"{KEY}\n")

with lab.test("keys of any bytes and bodies of any size, signed by another library"):
    rng = random.Random(20261125)
    for _ in range(12):
        key = "k" + "".join(chr(rng.randrange(33, 127)) for _ in range(rng.randrange(200))) + "é"
        fill = "".join(chr(rng.randrange(32, 0x500)) for _ in range(rng.choice((0, 9, 5000))))
        fill = fill.replace("\\", "/").replace('"', "'")
        body = f'{{"error":"{fill}","instanceId":9,"id":"{rng.randrange(10**9)}"}}'.encode()
        set_keys(key)
        lab.same(post(body, sign(body, key))[0], 204)
        job = re.search(r'"id":"(\d+)"', body.decode()).group(1)
        lab.same(hints(), [f"{job} "])
        at = rng.randrange(len(body))
        changed = body[:at] + bytes([body[at] ^ 1 << rng.randrange(8)]) + body[at + 1:]
        refused(post(changed, sign(body, key)), 403)
    set_keys(f"{KEY}\n")

with lab.test("a replay passes here: it is the daemon that knows it"):
    lab.same((post()[0], post()[0]), (204, 204))
    lab.same(hints(), ["1234 COMPLETED"] * 2)

with lab.test("a query on the callback's address does not matter"):
    lab.same(post(path="/ocbulk?ocb=oc-0123&--config+/etc/passwd")[0], 204)
    lab.same(post(path="/ocbulk?--config+/etc/passwd")[0], 204)
    lab.same(len(hints()), 2)

with lab.test("only POST"):
    for method, body in (("GET", None), ("HEAD", None), ("PUT", BODY), ("DELETE", BODY)):
        answer = call(body, method, Elements_Webhook_Signature=sign(BODY))
        refused(answer, 405)
        lab.same(answer[1].get("Allow"), "POST")

with lab.test("no signature, a wrong one, and sha1="):
    refused(call(), 403)
    lab.has(cgi(HTTP_ELEMENTS_WEBHOOK_SIGNATURE=None).err, "no Elements-Webhook-Signature came")
    lab.has(cgi(HTTP_ELEMENTS_WEBHOOK_SIGNATURE=sign(BODY, digest="sha1")).err,
            "sha1=, which is obsolete")
    for value in (sign(BODY, digest="sha1"), "sha1=" + sign(BODY)[7:], "sha256=", sign(BODY)[7:],
                  sign(BODY)[:-1], sign(BODY) + "=", sign(BODY).upper(), "x" * 5000,
                  sign(BODY, "wrong"), f"{sign(BODY)}, {sign(BODY)}"):
        refused(post(BODY, value), 403)

with lab.test("a body over the limit, by the web server's word and by our own"):
    for size, status in ((65536, 400), (65537, 413), (10**6, 413)):
        refused(post(b"x" * size), status) if status == 400 else lab.same(
            (post(b"x" * size)[0], hints()), (413, []))
    answers(cgi(b"x" * 65537), 0, "413 Content Too Large")
    answers(cgi(b"x" * 65536), 0, "400 Bad Request")
    for length in ("18446744073709551615", "99999999999999999999999999"):
        answers(cgi(CONTENT_LENGTH=length), 0, "413 Content Too Large")
    fit = BODY[:-1] + b',"error":"' + b"x" * (65536 - len(BODY) - 11) + b'"}'
    lab.same((len(fit), post(fit)[0], hints()), (65536, 204, ["1234 COMPLETED"]))

with lab.test("chunked: as the web server tells it, with a length or without"):
    answer = call(iter([BODY[:9], BODY[9:]]), Elements_Webhook_Signature=sign(BODY))
    lab.same((answer[0], hints()), (204, ["1234 COMPLETED"]))
    for length in (None, ""):
        answers(cgi(CONTENT_LENGTH=length), 0, "411 Length Required")

with lab.test("a length that is none, and a body that ends before it"):
    for length in ("-1", "34 ", "+34", "0x22", "34,34", "many"):
        answers(cgi(CONTENT_LENGTH=length), 0, "400 Bad Request")
    done = cgi(CONTENT_LENGTH=str(len(BODY) + 1))
    answers(done, 0, "400 Bad Request")
    lab.has(done.err, "cut off")
    answers(cgi(CONTENT_LENGTH=str(len(BODY) - 1)), 0, "403 Forbidden")

with lab.test("what is signed but tells no job is refused"):
    for body in (b"null", b"1234", b'"1234"', b"[]", b"{}", b"[{}]", b"{", BODY[:-1], BODY + BODY,
                 BODY + b"x", b"\xef\xbb\xbf" + BODY, b"id=1234&status=COMPLETED", b"\0" * 50,
                 b'{"id":"../../etc/passwd"}', b'{"id":"1 COMPLETED\\n"}', b'{"id":""}',
                 b'{"id":12.5}', b'{"id":-1}', b'{"id":null}', b'{"id":{"id":"1"}}',
                 b'{"id":"' + b"1" * 65 + b'"}', b'{"id":"' + b"1" * 5000 + b'"}',
                 b'{"id":"1","status":{"x":1}}', b'{"status":"COMPLETED"}',
                 b'[{"id":"1"},{"id":"2"}]', b'{"id":"1","x":' + b"[" * 40 + b"]" * 40 + b"}",
                 b'{"id":"1","x":"\xff"}'):
        refused(post(body), 400)
        refused(post(body, sign(body, "wrong")), 403)

with lab.test("every spelling of a job, and a status that is odd"):
    for body, want in ((b'{"id":1234}', "1234 "), (b'{"instanceId":"a-b"}', "a-b "),
                       (b' {"jobStatus":"ABORTED","id":"7"} \n', "7 ABORTED"),
                       (b'{"id":"7","status":"a\\u0007b"}', "7 a\ufffdb"),
                       (b'{"id":"7","status":"' + b"S" * 90 + b'"}', "7 " + "S" * 32),
                       (b'[{"id":"8","status":null}]', "8 ")):
        lab.same((post(body)[0], hints()), (204, [want]))

with lab.test("answers carry a status alone, no message a key, a signature or an unsigned byte"):
    secret = b'{"id":"secret-of-the-body","status":"COMPLETED"}'
    status, headers, body = post(secret, sign(secret, "wrong"))
    lab.same((status, body), (403, b""))
    lab.same(set(headers) - {"Server", "Date", "Content-Length", "Content-Type", "Connection",
                             "Transfer-Encoding"}, set())
    for value in (sign(secret, "wrong"), f"sha256={KEY}", sign(secret)[7:], KEY):
        done = cgi(secret, args=("-v",), HTTP_ELEMENTS_WEBHOOK_SIGNATURE=value)
        answers(done, 0, "403 Forbidden")
        for text in (KEY, "secret-of-the-body", sign(secret)[7:], value):
            lab.lacks(done.out + done.err, text)

with lab.test("a key file that is open to others, empty, or too full"):
    for text, mode, code, why in (
            (KEY, 0o640, 7, "group or others have rights"), ("\n\n", 0o600, 7, "no key in"),
            ("a\nb\nc\n", 0o600, 7, ":3: a key too many"), (" a", 0o600, 7, ":1: a blank at an end"),
            ("ab\tc", 0o600, 7, ":1: a control character"), ("a\n" + "k" * 513, 0o600, 7, ":2: long")):
        set_keys(text, mode)
        done = cgi()
        answers(done, code, "500 Internal Server Error")
        lab.has(done.err, why)
        lab.has(done.err, "callback_key_file")
        refused(post(), 500)
    set_keys(f"{KEY}\n")
    if ROOT:
        shutil.chown(key_file, "root")
        answers(cgi(), 7, "500 Internal Server Error")
    set_keys(f"{KEY}\n")

with lab.test("a fault of the configuration is answered too, where there is somebody to answer"):
    answers(cgi(args=("--callback-key-file", "none")), 7, "500 Internal Server Error")
    answers(cgi(args=("--callback-key-file", "/nonexistent")), 7, "500 Internal Server Error")
    answers(cgi(args=("--poll-first", "x")), 2, "500 Internal Server Error")
    answers(cgi(args=("--config", "/nonexistent")), 2, "500 Internal Server Error")
    answers(cgi(args=("--no-such-option", "x")), 2, "500 Internal Server Error")
    answers(cgi(args=("word",)), 2, "500 Internal Server Error")
    done = cgi(args=("--poll-first", "x"), GATEWAY_INTERFACE=None)
    lab.same((done.returncode, done.out), (2, ""))
    done = cgi(GATEWAY_INTERFACE=None, REQUEST_METHOD=None)
    lab.same((done.returncode, done.out), (2, ""))
    lab.has(done.err, "see Callbacks in the README")
    done = cgi(args=("--json",))
    lab.same(done.returncode, 2)
    lab.has(done.err, "no option --json")

with lab.test("the web server's user can read neither token nor spool, and callbacks work"):
    for path in (lab.credentials, record):
        lab.same(stat.S_IMODE(path.stat().st_mode) & 0o077 and path != record, 0)
        if ROOT:
            done = subprocess.run(["cat", path], user=OTHER, capture_output=True)
            lab.same((done.returncode, done.stdout), (1, b""))
    lab.same((post()[0], hints()), (204, ["1234 COMPLETED"]))
    lab.credentials.rename(lab.dir / "away")
    record.rename(spool / "away")
    lab.same((post()[0], hints()), (204, ["1234 COMPLETED"]))
    (lab.dir / "away").rename(lab.credentials)

with lab.test("no daemon, a full queue, or no right: answered all the same, and said in the log"):
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.setblocking(False)
    try:
        while True:
            sender.sendto(b"", str(run_dir / "wake"))
    except BlockingIOError:
        pass
    lab.same(post()[0], 204)
    lab.same(set(hints()), {""})
    (run_dir / "wake").chmod(0)
    if ROOT:
        lab.same((post()[0], hints()), (204, []))
    daemon.close()
    for _ in range(2):
        lab.same(post()[0], 204)
        done = cgi()
        lab.same((done.returncode, done.out.splitlines()[:1]), (0, ["Status: 204 No Content"]))
        lab.has(done.err, "nobody takes it")
        (run_dir / "wake").unlink(missing_ok=True)

web.terminate()
web.wait(60)
lab.end()
