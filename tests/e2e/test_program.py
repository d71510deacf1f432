#!/usr/bin/env python3
"""The program as the system sees it: descriptors, signals, files, exit codes, JSON on every path."""
import contextlib
import os
import pty
import re
import subprocess

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
