#!/usr/bin/env python3
"""The program as the system sees it: descriptors, signals, files, exit codes, JSON on every path."""
import contextlib
import csv
import json
import os
import pty
import re
import subprocess
import time
import urllib.parse

from lab import BUILD, SAMPLE, Lab, Result

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
with lab.test("an unknown batch in the middle: how to go on in both cases"):
    lab.reset()
    lab.faults("upload lost=1 after=1")
    r = lab.ocbulk("upload", "contact", SAMPLE, "--batch-records", "4")
    lab.ends(r, 9, "records 5-8: sent, outcome unknown", "--from-record 9 if its job is there",
             "else with --from-record 5")
with lab.test("an unknown first batch: the rest is told as well"):
    lab.reset()
    lab.faults("upload lost=1")
    r = lab.ocbulk("upload", "contact", SAMPLE, "--batch-records", "4")
    lab.ends(r, 9, "ocbulk jobs", "--from-record 5 if its job is there", "else .*--from-record 1")
with lab.test("an unknown last batch: no record behind the last one is named"):
    lab.reset()
    lab.faults("upload lost=1 after=2")
    r = lab.ocbulk("upload", "contact", SAMPLE, "--batch-records", "4")
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
