#!/usr/bin/env python3
# BUILDS: plain
"""The program as the system sees it: descriptors, files, secrets, exit codes, JSON on every path."""
import base64
import contextlib
import csv
import json
import os
import pty
import re
import resource
import signal
import socket
import stat
import subprocess
import threading
import time
import urllib.parse

from lab import BUILD, SAMPLE, SECRET, TOKEN, Lab, Result

lab = Lab()
HEAD = "C_EmailAddress,C_FirstName\n"


def error_of(result, code, name):
    """The one JSON object that tells a failure, whatever went wrong and when."""
    got = result.json()
    lab.same((result.code, got["exit"], got["error"]["name"]), (code, code, name))
    lab.same(sorted(got["error"]), ["fix", "http_status", "name", "request_id", "what", "where"])
    assert got["error"]["fix"], "no fix"
    return got


# JSON
for args in (["-x"], ["objects", "-x"], ["objects", "--wait=yes"], ["errors", "1", "-o"],
             ["upload", "a", "b", "c", "d", "e"], [], ["nope"], ["upload"], ["objects", "--wait"],
             ["objects", "--no-such-key", "1"], ["objects", "--open-max", "99"]):
    for where in (0, len(args)):
        if args[-1:] == ["-o"] and where:
            continue  # there it is the file's name
        with lab.test(f"--json at {where} tells the fault of {args}"):
            given = args[:where] + ["--json"] + args[where:]
            got = error_of(lab.ocbulk(*given), 2, "CONFIG" if "99" in args else "USAGE")
            lab.same(got["command"], next((a for a in args[:1] if a[0] != "-"), None))
with lab.test("--json --version has the keys of every answer"):
    got = lab.ocbulk("--json", "--version").json()
    lab.same((got["exit"], got["error"]), (0, None))
with lab.test("without a command the help is shown, and it is an error"):
    r = lab.ocbulk()
    lab.same(r.code, 2)
    lab.has(r.out, "usage: ocbulk COMMAND")


for script, code, name, status in (("upload status=400", 4, "BAD_REQUEST", 400),
                                   ("upload status=401", 7, "UNAUTHORIZED", 401),
                                   ("upload status=503", 9, "OUTCOME_UNKNOWN", 503),
                                   ("upload lost=1", 9, "OUTCOME_UNKNOWN", 0),
                                   ("objects status=403", 7, "FORBIDDEN", 403),
                                   ("status status=403 count=0", 7, "FORBIDDEN", 403),
                                   ("status status=400 count=0", 4, "BAD_REQUEST", 400)):
    with lab.test(f"--json tells the HTTP status and request id of {script}"):
        lab.reset()
        lab.faults(script)
        got = error_of(lab.ocbulk("--json", "upload", "contact", SAMPLE, "--wait"), code, name)
        lab.same(got["error"]["http_status"], status)
        lab.same(bool(got["error"]["request_id"]), status != 0)
for script in ("objects html=200 count=0", "objects status=500 count=0", "jobs garbage=9 count=0",
               "jobs reply-cut=1 count=0", "errors pages=loop items=450 count=0",
               "status word= count=0", "cancel status=404", "metadata status=400"):
    for args in (["objects"], ["objects", "contact"], ["jobs"], ["errors", "1"], ["status", "1"],
                 ["cancel", "1"]):
        with lab.test(f"--json {' '.join(args)} with {script} is one object"):
            lab.reset()
            lab.faults(script)
            r = lab.ocbulk("--json", *args)
            got = r.json()
            lab.same((got["command"], got["exit"]), (args[0], r.code))
            lab.same(got["error"] is None, r.code == 0)

# Several batches of one file
ROWS = "".join(f"p{n}@example.org,P{n}\n" for n in range(1, 41))
many = lab.file("many.csv", HEAD + ROWS)


with lab.test("batches are numbered as the file has them, wherever sending begins"):
    size = ("--batch-bytes", "1K", "--batch-records", "30")  # the bytes decide at first
    whole = lab.ocbulk("--json", "upload", "contact", many, *size).json()
    first, second = whole["batches"][0], whole["batches"][1]
    lab.same([b["batch"] for b in whole["batches"]], list(range(1, len(whole["batches"]) + 1)))
    r = lab.ocbulk("--json", "upload", "contact", many, *size, "--from-record",
                   second["first_record"])
    lab.same(r.json()["batches"], [{**b, "job": r.json()["batches"][i]["job"]}
                                   for i, b in enumerate(whole["batches"][1:])])
with lab.test("--dry-run tells what would be sent from there on"):
    r = lab.ocbulk("upload", "contact", SAMPLE, "--dry-run", "--from-record", "9",
                   "--batch-records", "4")
    lab.has(r.out, "2 records, ")
    lab.has(r.out, " in 1 batch ")
    alone = lab.file("alone.csv", "".join(open(SAMPLE).readlines()[:1] +
                                          open(SAMPLE).readlines()[-2:]))
    lab.same(re.search(r"(\d+) bytes", r.out)[1],
             re.search(r"(\d+) bytes", lab.ocbulk("upload", "contact", alone, "--dry-run").out)[1])
for n in ("0", "x", "-1", "11", "99999999999999999999", ""):
    with lab.test(f"--from-record {n!r} is no record of ten"):
        lab.reset()
        lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--from-record", n), 2, "from-record")
        lab.same(lab.stats()["connections"], 0)
for n in range(1, 11):
    with lab.test(f"record {n} and those behind it are sent, each once"):
        lab.reset()
        r = lab.ocbulk("--json", "upload", "contact", SAMPLE, "--batch-records", "4",
                       "--from-record", n)
        lab.same((r.code, r.json()["sent"]), (0, 11 - n))
        rows = [row for b in r.json()["batches"]
                for row in json.loads(lab.admin(f"/rows?job={b['job']}"))[1:]]
        with open(SAMPLE, newline="") as f:
            lab.same(rows, list(csv.reader(f))[n:])


def paths():
    """What the service was told as the names of the batches."""
    posts = [q for q in json.loads(lab.admin("/requests")) if q["method"] == "POST"]
    return [urllib.parse.unquote(q["target"].partition("?path=/")[2]) for q in posts]


for name, second in (("plain.csv", "plain-2.csv"), ("noext", "noext-2"), (".csv", "-2.csv"),
                     ("a.b.csv", "a.b-2.csv"), ("größe 1.csv", "größe 1-2.csv"),
                     ('quo"te%41.csv', 'quo"te%41-2.csv'), ("two\nlines.csv", "two\nlines-2.csv"),
                     ("...", "..-2."), ("n" * 249 + ".csv", "n" * 249 + "-2.csv"),
                     ("n" * 250 + ".csv", "batch-2.csv")):
    with lab.test(f"batches of {name[:20]!r} have names of their own"):
        lab.reset()
        path = lab.file(name, HEAD + "a@b.c,A\nd@e.f,D\n")
        lab.ends(lab.ocbulk("upload", "contact", path, "--batch-records", "1"), 0)
        lab.same(paths(), [name, second])
with lab.test("a name that cannot be sent is named"):
    lab.reset()
    r = lab.ocbulk("upload", "contact", lab.file("a\x01b.csv", HEAD + "a@b.c,A\n"))
    lab.ends(r, 2, r"file name a\\x01b\.csv")
    lab.same(lab.stats()["requests"]["upload"], 0)
with lab.test("`path = ..` cannot be sent either"):
    lab.config(rest="[object contact]\npath = ..\n")
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE), 2, r"file name \.\.")
    lab.config()
# Its name leaves no room for a journal beside it.
ALONE = lab.file("n" * 250, SAMPLE.read_bytes())
with lab.test("without a journal: an unknown batch in the middle: how to go on in both cases"):
    lab.reset()
    lab.faults("upload lost=1 after=1")
    r = lab.ocbulk("upload", "contact", ALONE, "--batch-records", "4")
    lab.ends(r, 9, "records 5-8: sent, outcome unknown", "--from-record 9 if its job is there",
             "else with --from-record 5")
with lab.test("without a journal: an unknown first batch: the rest is told as well"):
    lab.reset()
    lab.faults("upload lost=1")
    r = lab.ocbulk("upload", "contact", ALONE, "--batch-records", "4")
    lab.ends(r, 9, "ocbulk jobs", "--from-record 5 if its job is there", "else .*--from-record 1")
with lab.test("without a journal: an unknown last batch: no record behind the last one is named"):
    lab.reset()
    lab.faults("upload lost=1 after=2")
    r = lab.ocbulk("upload", "contact", ALONE, "--batch-records", "4")
    lab.ends(r, 9, "if its job is not there, go on with --from-record 9")
    lab.lacks(r.err, "--from-record 11")
with lab.test("a later run of which nothing was sent is safe to run again"):
    lab.reset()
    lab.faults("upload early=10 status=503 count=0")
    huge = lab.file("huge.csv", HEAD + "ana@example.org,Ana\n" * 1000000)
    r = lab.ocbulk("upload", "contact", huge, "--from-record", "5", "--batch-records", "1000000",
                   "--batch-bytes", "1G")
    lab.ends(r, 5, "--from-record 5")
    huge.unlink()
for name, change, code in (
        ("rewritten, with the same length", lambda text: text.replace("P3", "Q3"), 6),
        ("cut", lambda text: text[:len(text) // 2], 6),
        ("made longer", lambda text: text + "zoe@example.org,Zoe\n", 6),
        ("rewritten and made longer", lambda text: text.replace("P3", "Q3") + "z@b.c,Z\n", 6),
        ("written again as it was", lambda text: text, 0)):
    with lab.test(f"a file that is {name} between two batches is told"):
        lab.reset()
        path = lab.file("changing.csv", HEAD + ROWS)
        lab.faults("upload delay=1500 count=1")
        p = lab.start("upload", "contact", path, "--batch-records", "10", "--wait")
        while lab.stats()["requests"]["upload"] == 0:
            time.sleep(0.05)
        with open(path, "r+") as f:
            f.write(change(HEAD + ROWS))
            f.truncate()
        out, err = p.communicate(timeout=60)
        lab.same(p.returncode, code)
        if code != 0:
            lab.has(err, "changed while it was being sent")
            lab.same("bytes were added" in err, name == "made longer")
        if "cut" in name:
            lab.has(err, "go on with --from-record")

# check
for name, content, part in (("empty", "", "no header row"), ("utf16", "a,b\n".encode("utf-16"),
                                                              "UTF-16"),
                            ("blank", "\n\n", "no header row")):
    with lab.test(f"check does not call a file without faults that it cannot read: {name}"):
        r = lab.ocbulk("check", lab.file(name, content))
        lab.ends(r, 6, part)
        lab.lacks(r.out, "no faults")
with lab.test("check tells the line of a header row that is not the first line"):
    lab.config(rest="[object contact]\ncolumns = a,b\n")
    for text, place in (("a,x\n1,2\n", ":1: column 2 is x"), ("\n\na,x\n1,2\n", ":3: column 2 is x"),
                        ("\n\na\n1\n", ":3: column 2 is missing")):
        lab.ends(lab.ocbulk("check", lab.file("h.csv", text), "--object", "contact"), 6,
                 "h.csv" + place)
    lab.config()

# Files
deep = lab.dir
while len(str(deep)) < 1200:
    deep /= "d" * 100
deep.mkdir(parents=True)
with lab.test("the place of a fault is told however long the path is"):
    path = deep / "in.csv"
    path.write_text(HEAD + "a,b,c\n")
    for args in (["upload", "contact", path], ["check", path]):
        r = lab.ocbulk("--json", *args)
        lab.same(r.code, 6)
        lab.has(r.err, "in.csv:2:1" if args[0] == "upload" else "in.csv: 1 faults")
        lab.has(r.json()["error"]["where"], "in.csv:2:1" if args[0] == "upload" else "1 faults")
    lab.has(lab.ocbulk("check", path).out, f"{path}:2:1: ")  # an editor has to find it
    lab.ends(lab.ocbulk("upload", "contact", deep / "none.csv"), 6, "none.csv: No such file")
with lab.test("a file's name cannot drive the terminal"):
    for name in ("a\x1b[2Jb.csv", os.fsdecode(b"a\x9b2J.csv"), "a\u009b2J.csv", "a\rb.csv",
                 "a\x7f.csv"):
        path = lab.file(name, HEAD + "a,b,c\n")
        for args in (["check", path], ["--json", "check", path], ["upload", "contact", path]):
            r = lab.ocbulk(*args)
            lab.same(r.code, 6)
            for bad in ("\x1b", "\x9b", "\r", "\x7f"):
                lab.lacks(r.out + r.err, bad)
        good = lab.file(name, HEAD + "a,b\n")
        for args in (["check", good], ["upload", "contact", good, "--dry-run"]):
            for bad in ("\x1b", "\x9b", "\r", "\x7f"):
                lab.lacks(lab.ocbulk(*args).out, bad)
with lab.test("errors -o writes a file for its owner alone, whole or not at all"):
    lab.reset()
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--wait"), 0)
    lab.faults("errors items=300 count=0")
    target = lab.dir / "errors.txt"
    lab.ends(lab.ocbulk("errors", "1234", "-o", target), 0)
    lab.same(len(target.read_text().splitlines()), 300)
    lab.same(stat.S_IMODE(target.stat().st_mode), 0o600)
    target.write_text("old")
    lab.faults("errors items=300 count=0\nerrors status=400 after=1 count=0")
    lab.same(lab.ocbulk("errors", "1234", "-o", target).code, 4)
    lab.same(target.read_text(), "old")
    lab.same(list(lab.dir.glob("errors.txt?*")), [])
with lab.test("errors -o replaces nothing but files"):
    lab.faults("errors items=3 count=0")
    fifo = lab.dir / "fifo"
    os.mkfifo(fifo)
    null = lab.dir / "null"
    null.symlink_to("/dev/null")
    for path in (lab.dir, fifo, null):
        r = lab.ocbulk("errors", "1234", "-o", path)
        lab.ends(r, 12, "not a regular file")
        lab.same(lab.ocbulk("--json", "errors", "1234", "-o", path).json()["exit"], 12)
    assert stat.S_ISFIFO(fifo.stat().st_mode), "the FIFO is gone"
    assert null.is_symlink(), "the link is gone"
with lab.test("errors -o is not led astray by what stands beside its file"):
    for make in (lambda p: p.write_text("left over"), lambda p: p.symlink_to(SAMPLE), os.mkfifo):
        target = lab.dir / "beside.txt"
        make(lab.dir / "beside.txt.part")
        before = SAMPLE.read_text()
        lab.ends(lab.ocbulk("errors", "1234", "-o", target), 0)
        lab.same((len(target.read_text().splitlines()), SAMPLE.read_text()), (3, before))
        target.unlink()
with lab.test("errors -o with a path that is too long touches no other file"):
    other = deep / ("e" * 50)
    other.write_text("other")
    r = lab.ocbulk("errors", "1234", "-o", deep / "errors.txt")
    lab.ends(r, 0)
    lab.same(len((deep / "errors.txt").read_text().splitlines()), 3)
    lab.ends(lab.ocbulk("errors", "1234", "-o", "/" + "x/" * 2500 + "y"), 12, "File name too long")
    lab.same(other.read_text(), "other")
with lab.test("errors -o where there is no folder, or no room"):
    lab.ends(lab.ocbulk("errors", "1234", "-o", lab.dir / "none" / "x"), 12, "No such file")
    lab.faults("errors items=3000 count=0")
    r = lab.ocbulk("errors", "1234", "-o", lab.dir / "big.txt",
                   restore_signals=False,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    lab.ends(r, 12, "big.txt")
    lab.same(list(lab.dir.glob("big.txt*")), [])
    lab.reset()

# Secrets
ECHO = f"no such token {TOKEN} of {SECRET}, {TOKEN[:12]}"
CALLS = (["objects"], ["objects", "contact"], ["jobs"], ["status", "1234"], ["errors", "1234"],
         ["cancel", "1234"], ["upload", "contact", SAMPLE], ["status", "1234", "--wait"])


def quoted(text):
    return text.replace('"', "%22").replace(" ", "%20")


def no_secret(*texts):
    for text in texts:
        for secret in (TOKEN, SECRET):
            lab.lacks(text, secret)


def seen(p):
    """What any process of this machine can see of it while it runs."""
    for name in ("cmdline", "environ"):
        with contextlib.suppress(PermissionError):  # it is not dumpable
            no_secret(open(f"/proc/{p.pid}/{name}").read())
    with open(f"/proc/{p.pid}/limits") as f:
        lab.has(re.sub(" +", " ", f.read()), "Max core file size 0 0 bytes")


for args in CALLS:
    for style in (["-v"], ["-v", "--json"]):
        with lab.test(f"C37: a 401 that echoes the token to {args[:2]} {style} shows it nowhere"):
            lab.reset()
            body = quoted(json.dumps({"message": ECHO, "requestId": TOKEN}))
            lab.faults(f"any status=401 delay=300 body='{body}' count=0 "
                       f"header='Elements-Request-Id: {TOKEN}'")
            p = lab.start(*style, *args, "--credentials-file", "",
                          env=lab.environment(OCBULK_ELEMENT_TOKEN=TOKEN,
                                              OCBULK_USER_SECRET=SECRET))
            while lab.stats()["connections"] == 0 and p.poll() is None:
                time.sleep(0.01)
            if p.poll() is None:
                seen(p)
            out, err = p.communicate(timeout=60)
            lab.same(p.returncode, 7)
            no_secret(out, err)
            lab.has(err, "***")
            if "--json" in style:
                lab.has(json.loads(out)["error"]["where"], "***")
for script, args in ((f"upload id={TOKEN}", ["upload", "contact", SAMPLE]),
                     (f"status word={TOKEN} count=0", ["status", "1234"]),
                     (f"objects body='{quoted(json.dumps([ECHO]))}'", ["objects"]),
                     (f"errors body='{quoted(json.dumps([ECHO]))}'", ["errors", "1234"]),
                     (f"jobs body='{quoted(json.dumps([dict(id=TOKEN, status=ECHO)]))}'", ["jobs"]),
                     (f"objects redirect=https://{TOKEN}/", ["objects"])):
    for style in ([], ["--json"]):
        with lab.test(f"C37: masked in {args[0]} {style} as well: {script[:20]}"):
            lab.reset()
            lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--wait"), 0)
            lab.faults(script)
            r = lab.ocbulk(*style, *args)
            no_secret(r.out, r.err)
            lab.has(r.out + r.err, "***")
            if style:
                r.json()
with lab.test("C37: the proxy's password is shown neither, nor are its Basic credentials"):
    proxy = socket.create_server(("127.0.0.1", 0))
    heads = []

    def refuse():
        for _ in range(3):
            con = proxy.accept()[0]
            head = b""
            while b"\r\n\r\n" not in head:
                head += con.recv(4096)
            heads.append(head)
            con.sendall(b"HTTP/1.1 407 " + head.split(b"Basic ")[1].split(b"\r\n")[0] +
                        b"\r\nContent-Length: 0\r\n\r\n")
            con.close()

    threading.Thread(target=refuse, daemon=True).start()
    lab.config(link=f"proxy = http://127.0.0.1:{proxy.getsockname()[1]}\nproxy_credentials_file = " +
               str(lab.file("proxy", "user_TEST:pass_TEST\n", 0o600)))
    for style in (["-v"], ["-v", "--json"], ["-v"]):
        r = lab.ocbulk(*style, "objects")
        lab.ends(r, 7, "proxy")
        for secret in ("pass_TEST", base64.b64encode(b"user_TEST:pass_TEST").decode()):
            lab.lacks(r.out + r.err, secret)
    lab.has(heads[0].decode(), "Proxy-Authorization: Basic ")
    no_secret(*(h.decode() for h in heads))
    lab.config()

# Signals
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    with lab.test(f"{number.name} behind the gate waits for the answer, and tells it"):
        lab.reset()
        lab.faults("upload delay=2000")
        p = lab.start("upload", "contact", SAMPLE)
        while lab.stats()["requests"]["upload"] == 0:
            time.sleep(0.02)
        time.sleep(0.2)
        p.send_signal(number)
        out, err = p.communicate(timeout=30)
        lab.same(p.returncode, 0)
        lab.has(out, "job 1234 CREATED")
    with lab.test(f"{number.name} twice behind the gate: unknown at once, and told"):
        lab.reset()
        lab.faults("upload delay=60000")
        p = lab.start("--json", "upload", "contact", SAMPLE)
        while lab.stats()["requests"]["upload"] == 0:
            time.sleep(0.02)
        time.sleep(0.2)
        for _ in range(2):
            p.send_signal(number)
            time.sleep(0.2)
        out, err = p.communicate(timeout=30)
        lab.same(p.returncode, 9)
        lab.has(json.loads(out)["error"]["where"], "because stopped on request")
    with lab.test(f"{number.name} that the parent ignores is ignored"):
        lab.reset()
        lab.faults("objects delay=1500")
        p = lab.start("objects", preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
        time.sleep(0.7)
        p.send_signal(number)
        lab.same((p.communicate(timeout=30)[0].split()[:1], p.returncode), (["activities"], 0))

# How a file's batches end
MIXED = lab.file("mixed.csv", HEAD + "a@b.c,A\nno-address,B\n" + "c@d.e,C\nf@g.h,F\n" * 2)
for script, codes, code in (
        ("", "ROWS_FAILED", 3),
        ("upload status=400 after=1", "BAD_REQUEST", 4),
        ("upload status=401 after=1", "UNAUTHORIZED", 7),
        ("upload lost=1 after=1", "OUTCOME_UNKNOWN", 9),
        ("upload slow=600000 after=1", "ROWS_FAILED", 3),
        ("status word=ERROR after=2 count=1", "JOB_FAILED", 4)):
    with lab.test(f"of failed rows and {script or 'nothing else'} the worst is told: {code}"):
        lab.reset()
        lab.faults(script)
        r = lab.ocbulk("--json", "upload", "contact", MIXED, "--batch-records", "2", "--wait",
                       "--deadline", "5s")
        got = error_of(r, code, codes)
        lab.has(r.err, "some rows were not stored: job 1234, records 1-2")
        lab.same(got["batches"][[b["batch"] for b in got["batches"]].index(1)]["failed"], 1)

# Descriptors
def closed(*args, fds=()):
    """Runs it as a careless parent does: with some of the standard descriptors closed."""
    def close():
        for fd in fds:
            os.close(fd)

    return Result(subprocess.run([BUILD / "ocbulk", *map(str, args)], capture_output=True, text=True,
                                 timeout=60, env=lab.environment(), preexec_fn=close))


bad = lab.file("bad.csv", "a,b\n1,2,3\nx\n")
for fds in ((0,), (2,), (0, 2)):
    with lab.test(f"with {fds} closed the talk with the service is not disturbed"):
        lab.reset()
        r = closed("-v", "upload", "contact", SAMPLE, "--wait", fds=fds)
        lab.same(r.code, 0)
        lab.has(r.out, "10 sent, 10 stored, 0 failed")
        lab.same((lab.jobs(), lab.stats()["connections"]), (1, 1))
for fds in ((1,), (0, 1), (0, 1, 2)):
    with lab.test(f"with {fds} closed the rows are sent, and the lost output is told"):
        lab.reset()
        r = closed("-v", "upload", "contact", SAMPLE, "--wait", fds=fds)
        lab.same((r.code, lab.jobs(), lab.stats()["connections"]), (12, 1, 1))
        if 2 not in fds:
            lab.has(r.err, "writing the file failed: standard output")
with lab.test("with standard input closed, check reads a file with a bad header"):
    r = closed("check", lab.file("header.csv", 'a"b,c\n1,2\n3\n'), fds=(0,))
    lab.ends(r, 6, "1 faults")
    lab.has(r.out, "header.csv:1:2: ")
for args in (["upload", "contact", SAMPLE], ["jobs"], ["objects"], ["check", SAMPLE], ["config"],
             ["--json", "objects"], ["--version"], ["--help"]):
    with lab.test(f"{args[0]} onto a full disk: exit 12"):
        lab.reset()
        with open("/dev/full", "w") as full:
            p = subprocess.run([BUILD / "ocbulk", *map(str, args)], stdout=full,
                               stderr=subprocess.PIPE, env=lab.environment(), text=True)
        lab.same(p.returncode, 12)
        lab.has(p.stderr, "standard output")
with lab.test("C20: a reader that goes away kills nothing"):
    lab.faults("objects items=5000 count=0")
    p = lab.start("objects")
    p.stdout.close()
    p.stdout = None
    lab.has(p.communicate(timeout=60)[1], "standard output")
    lab.same(p.returncode, 12)
    lab.reset()

# People
with lab.test("the meter shows no more records than there are, while the answer is awaited"):
    lab.reset()
    lab.faults("upload delay=1000")
    master, slave = pty.openpty()
    p = subprocess.Popen([BUILD / "ocbulk", "upload", "contact", SAMPLE], stderr=slave,
                         stdout=subprocess.DEVNULL, env=lab.environment())
    os.close(slave)
    seen = b""
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while got := os.read(master, 4096):
            seen += got
    lab.same(p.wait(), 0)
    lab.has(seen.decode(), "100%")
    lab.same(set(re.findall(r"(\d+) records", seen.decode())) - {"0"}, {"10"})

lab.end()
