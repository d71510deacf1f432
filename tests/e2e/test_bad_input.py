#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""What bad input gets: a clear error, the documented exit code, nothing sent, nothing lost."""
import json
import os
import pty
import socket
import subprocess
import threading
import time

from lab import BUILD, CERTS, SAMPLE, SECRET, TOKEN, Lab

lab = Lab()
HEAD = "C_EmailAddress,C_FirstName\n"
GOOD = HEAD + "ana@example.org,Ana\n"


def refused(name, code, *parts, args=None, file=None, sent=False, **more):
    """The upload ends with the code and words, and the service has made no job of it."""
    with lab.test(name):
        lab.reset()
        r = lab.ocbulk(*(args or ["upload", "contact", file]), **more)
        lab.ends(r, code, *parts)
        lab.same(lab.jobs(), 0)
        if not sent:
            lab.same(lab.stats()["requests"]["upload"], 0)


def file(content, name="in.csv"):
    return lab.file(name, content)


# The file
refused("a missing file", 6, "cannot read the file", "No such file", file="/nonexistent.csv")
refused("a directory", 6, "not a regular file", file=lab.dir)
refused("a FIFO, without waiting for it", 6, "not a regular file",
        file=(os.mkfifo(lab.dir / "fifo"), lab.dir / "fifo")[1])
if os.geteuid() != 0:
    refused("a file that may not be read", 6, "Permission denied",
            file=lab.file("closed.csv", GOOD, 0))
refused("an empty file", 6, "no header row", file=file(""))
refused("UTF-16, little endian", 6, "UTF-16", file=file(GOOD.encode("utf-16")))
refused("UTF-16, big endian", 6, "UTF-16", file=file(b"\xfe\xff" + GOOD.encode("utf-16-be")))
refused("S09: ISO-8859-1", 6, "not UTF-8", r"in\.csv:2:1 \(byte 27\)",
        file=file(HEAD.encode() + b"\xc9ric,e@example.org\n"))
refused("a NUL byte", 6, "NUL", r"in\.csv:3:4 ", file=file(GOOD + "bob\0,B\n"))
refused("a quote that is never closed", 6, "never closed", r"in\.csv:3:17 ",
        file=file(GOOD + 'bob@example.org,"Bob\nnext\n'))
refused("a ragged row", 6, "another number of fields", r"in\.csv:3:1 .*3 fields.*header has 2",
        file=file(GOOD + "bob@example.org,Bob,extra\n"))
refused("a record larger than the limit", 6, "longer than the limit", r"in\.csv:3:",
        file=file(GOOD + "x" * (1024 * 1024 + 10) + ",y\n"))
refused("a carriage return alone", 6, "carriage return", file=file(GOOD + "a\rb,c\n"))
refused("standard input, with the reason", 2, "standard input", "cannot be sent again",
        args=["upload", "contact", "-"])
refused("no file at all is standard input", 2, "standard input", args=["upload", "contact"])

with lab.test("a header alone: nothing to send, exit 0 with a note"):
    lab.reset()
    r = lab.ocbulk("upload", "contact", file(HEAD))
    lab.ends(r, 0, "nothing to send")
    lab.same(lab.stats()["connections"], 0)

with lab.test("check tells every fault, those behind a bad row too"):
    r = lab.ocbulk("check", file(HEAD + "a,b,c\nok,ok\nd\n"))
    lab.ends(r, 6, "2 faults")
    lab.has(r.out, "in.csv:2:1: ")
    lab.has(r.out, "in.csv:4:1: ")
    lab.has(r.out, "1 good records")

with lab.test("C28: a BOM stays at home"):
    lab.reset()
    r = lab.ocbulk("--json", "upload", "contact", file(b"\xef\xbb\xbf" + GOOD.encode()))
    lab.ends(r, 0)
    rows = json.loads(lab.admin(f"/rows?job={r.json()['batches'][0]['job']}"))
    lab.same(rows[0][0], "C_EmailAddress")

with lab.test("S07: a blank line at the end is no record"):
    lab.reset()
    r = lab.ocbulk("--json", "upload", "contact", file("a,b\r\n1,2\r\n\r\n"))
    lab.same(r.json()["sent"], 1)
    rows = json.loads(lab.admin(f"/rows?job={r.json()['batches'][0]['job']}"))
    lab.same(rows, [["a", "b"], ["1", "2"]])

with lab.test("C31: a last row without line end is sent"):
    lab.reset()
    r = lab.ocbulk("--json", "upload", "contact", file(GOOD + "bob@example.org,Bob"))
    lab.same(r.json()["sent"], 2)

with lab.test("C29, C32: line breaks in quotes and leading signs go through unchanged"):
    lab.reset()
    r = lab.ocbulk("--json", "upload", "contact",
                   file('email,note\r\nana@example.org,"line one\nline ""two"""\r\n'
                        'bob@example.org,=1+1\r\n'))
    rows = json.loads(lab.admin(f"/rows?job={r.json()['batches'][0]['job']}"))
    lab.same(rows[1:], [["ana@example.org", 'line one\nline "two"'], ["bob@example.org", "=1+1"]])

with lab.test("S10: a header row with spaces equals `columns`; another one stops the upload"):
    lab.config(rest="[object contact]\ncolumns = Email,First Name\n")
    lab.ends(lab.ocbulk("upload", "contact", file("Email ,First Name\r\na@b.c,d\r\n")), 0)
    lab.reset()
    r = lab.ocbulk("upload", "contact", file("Email,Name\na@b.c,d\n"))
    lab.ends(r, 6, "header row", "column 2 is Name")
    lab.same(lab.jobs(), 0)
    lab.config()

with lab.test("a column that the object lacks is a warning with the nearest name"):
    r = lab.ocbulk("upload", "contact", file("C_EmailAdress,C_FirstName\na@b.c,Ana\n"))
    lab.ends(r, 0, "no field `C_EmailAdress`; did you mean `C_EmailAddress`")

# The object
refused("an object that the service does not have, with the nearest name", 2,
        "no such object", "did you mean `contact`", args=["upload", "contacts", SAMPLE])
for verb in ("query", "download", "jobs", "workflows"):
    refused(f"an object named like the verb {verb}", 2, "verb", args=["upload", verb, SAMPLE])
for name in ("../x", "a/b", "", "..", "a\r\nb", "x" * 70):
    refused(f"an object named {name[:8]!r}", 2, "not a possible object name",
            args=["upload", name, SAMPLE])

    with lab.test(f"fields of an object named {name[:8]!r}"):
        lab.reset()
        r = lab.ocbulk("objects", name)
        lab.ends(r, 2, "not a possible object name")
        lab.lacks(r.err, "localhost")
        lab.same(lab.stats()["connections"], 0)

# Who we are
refused("no credentials at all", 7, "credentials are missing|cannot read",
        args=["--credentials-file", "/nonexistent", "upload", "contact", SAMPLE])
refused("C37: credentials that others can read", 7, "can be read by others", "chmod 600",
        args=["--credentials-file", lab.file("open", f"element_token = {TOKEN}\n", 0o644),
              "upload", "contact", SAMPLE])
refused("C37: a carriage return inside a secret", 7, "malformed",
        args=["--credentials-file",
              lab.file("cr", f"element_token = {TOKEN}\ruser\nuser_secret = {SECRET}\n", 0o600),
              "upload", "contact", SAMPLE])
refused("a secret that the service does not know: 401, nothing uploaded", 7, "401",
        args=["--credentials-file",
              lab.file("wrong", "element_token = wrong\nuser_secret = wrong\n", 0o600),
              "upload", "contact", SAMPLE])
refused("no option takes a secret", 2, "element_token|element-token",
        args=["--element-token", "tok_TEST_0000", "objects"])
with lab.test("C37: credentials from the environment, gone from /proc/PID/environ"):
    lab.faults("objects delay=2000")
    p = lab.start("--credentials-file", "", "objects",
                  env=lab.environment(OCBULK_ELEMENT_TOKEN=TOKEN, OCBULK_USER_SECRET=SECRET))
    time.sleep(1)
    try:
        lab.lacks(open(f"/proc/{p.pid}/environ").read(), TOKEN)
    except PermissionError:
        pass  # not even readable: the process is not dumpable
    lab.lacks(open(f"/proc/{p.pid}/cmdline").read(), TOKEN)
    p.communicate()
    lab.same(p.returncode, 0)

# The configuration
for line, part in (("base-url = x", "did you mean|base_url"), ("bas_url = x", "base_url"),
                   ("[servise]\nbase_url = x", "service")):
    with lab.test(f"an unknown word in the configuration: {line.splitlines()[0]}"):
        conf = lab.file("bad.conf", line + "\n" if line.startswith("[") else f"[service]\n{line}\n")
        lab.ends(lab.ocbulk("-c", conf, "objects"), 2, "bad.conf:[12]", part)
refused("HTTP instead of HTTPS", 2, "not HTTPS",
        args=["--base-url", f"http://localhost:{lab.port}/elements/api-v2", "upload", "contact",
              SAMPLE])
refused("a base URL with a password in it, which is not repeated", 2, "base.url",
        args=["--base-url", "https://me:pass_TEST@localhost/x", "objects"])
with lab.test("a configuration file that is named but missing"):
    lab.ends(lab.ocbulk("-c", "/nonexistent.conf", "objects"), 2, "/nonexistent.conf")
with lab.test("an unknown command, with the nearest one"):
    lab.ends(lab.ocbulk("uplaod", "contact", SAMPLE), 2, "did you mean `upload`")
with lab.test("an option that the command does not have"):
    lab.ends(lab.ocbulk("objects", "--wait"), 2, "no option --wait")

# The job id
for name in ("a/b", "../x", "1\n2", "", "x" * 70, "%2e"):
    for command in ("status", "errors", "cancel"):
        with lab.test(f"a job id {name[:8]!r} of {command}"):
            lab.reset()
            lab.ends(lab.ocbulk(command, name), 2, "job id")
            lab.same(lab.stats()["connections"], 0)

# --json says the same
with lab.test("--json tells an error with its name, place and fix"):
    r = lab.ocbulk("--json", "upload", "contact", file(GOOD + "a,b,c\n"))
    lab.same(r.code, 6)
    error = r.json()["error"]
    lab.same((r.json()["exit"], error["name"]), (6, "CSV_FIELDS"))
    lab.has(error["where"], "in.csv:3:1")
    lab.has(error["fix"], "commas")

# While it is being sent
with lab.test("C05: a file that grows while it is sent: what was there is sent, the rest is told"):
    lab.reset()
    path = file(GOOD)
    lab.faults("objects delay=1500")
    p = lab.start("upload", "contact", path)
    time.sleep(0.7)
    with open(path, "a") as f:
        f.write("bob@example.org,Bob\n")
    out, err = p.communicate(timeout=60)
    lab.same(p.returncode, 6)
    lab.has(err, "20 bytes were added behind byte 47")
    lab.same(lab.jobs(), 1)
    lab.same(len(json.loads(lab.admin("/rows?job=1234"))), 2)

with lab.test("C05: a file that shrinks while it is sent: no job, exit 6"):
    lab.reset()
    path = file(GOOD + "bob@example.org,Bob\n" * 10)
    lab.faults("objects delay=1500")
    p = lab.start("upload", "contact", path)
    time.sleep(0.7)
    os.truncate(path, 60)
    out, err = p.communicate(timeout=60)
    lab.same(p.returncode, 6)
    lab.has(err, "changed while it was being sent")
    lab.same(lab.jobs(), 0)

with lab.test("a file that is rewritten while it is sent, with the same length: no job, exit 6"):
    lab.reset()
    path = file(GOOD)
    lab.faults("objects delay=1500")
    p = lab.start("upload", "contact", path)
    time.sleep(0.7)
    with open(path, "r+") as f:
        f.seek(len(HEAD))
        f.write("eve")
    out, err = p.communicate(timeout=60)
    lab.same(p.returncode, 6)
    lab.same(lab.jobs(), 0)

# People
with lab.test("a progress meter on a terminal, and none off it"):
    lab.reset()
    big = lab.file("big.csv", HEAD + "ana@example.org,Ana\n" * 200000)
    lab.faults("upload read-delay=5")
    master, slave = pty.openpty()
    p = subprocess.Popen([BUILD / "ocbulk", "upload", "contact", big, "--batch-records", "300000"],
                         stderr=slave, stdout=subprocess.DEVNULL, env=lab.environment())
    os.close(slave)
    seen = b""
    while True:
        try:
            got = os.read(master, 4096)
        except OSError:
            break
        if not got:
            break
        seen += got
    lab.same(p.wait(), 0)
    lab.has(seen.decode(), "%")
    r = lab.ocbulk("upload", "contact", big, "--batch-records", "300000")
    lab.same(r.err, "")

lab.end()
