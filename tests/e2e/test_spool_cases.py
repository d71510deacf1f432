#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""Failures from the field, by the ids of their cases, as the spool and its daemon meet them."""
import json
import stat

from lab import SECRET, TOKEN
from spool_lab import HEADER, SpoolLab

lab = SpoolLab()
FAST = "interval = 1s\nsplay = 0\n"


def raw(name, content):
    """Hands in bytes as they are."""
    folder = lab.spool / "outbox" / "contact"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    part.write_bytes(content)
    part.rename(folder / f"{name}.csv")


def cells():
    """All rows that the service has, as lists of cells."""
    return [json.loads(line)["row"] for line in lab.admin("/all-rows").splitlines()]


with lab.test("C28: a byte-order mark at the start of a file is not sent"):
    lab.fresh()
    raw("bom", b"\xEF\xBB\xBF" + f"{HEADER}\r\nana@example.org,Ana\r\n".encode())
    lab.ends(lab.once(), 0)
    lab.same(cells(), [["ana@example.org", "Ana"]])

with lab.test("C28: a UTF-16 file goes to quarantine whole, with the reason; others go on"):
    lab.fresh()
    content = f"{HEADER}\nana@example.org,Ana\n".encode("utf-16")
    raw("a", content)
    raw("b", f"{HEADER}\nbob@example.org,Bob\n".encode())
    lab.ends(lab.once(), 6)
    lab.same(cells(), [["bob@example.org", "Bob"]])
    kept = list((lab.spool / "quarantine" / "contact").glob("*.csv"))
    lab.same([p.read_bytes() for p in kept], [content])
    lab.has(lab.reason("quarantine"), "UTF-16")

with lab.test("C29: a line break inside quotes is one record, whatever the batch's size"):
    lab.fresh(rest="[object contact]\nbatch_records = 1\n")
    raw("q", f'{HEADER}\r\nana@example.org,"line one\nline ""two"""\r\nbob@example.org,ok\r\n'
        .encode())
    lab.ends(lab.once(), 0)
    lab.same(sorted(cells()), [["ana@example.org", 'line one\nline "two"'],
                               ["bob@example.org", "ok"]])
    lab.same(lab.stats()["requests"]["upload"], 2)

with lab.test("C29: a quote that is never closed takes its own row to quarantine, not the rest"):
    lab.fresh()
    raw("q", f'{HEADER}\nana@example.org,Ana\n"bob@example.org,Bob\ncyd@example.org,Cyd\n'.encode())
    lab.ends(lab.once(), 6)
    lab.same(sorted(row[1] for row in cells()), ["Ana", "Cyd"])
    kept = list((lab.spool / "quarantine" / "contact").glob("*.csv"))
    lab.same([p.read_text() for p in kept], [f'{HEADER}\n"bob@example.org,Bob\n'])

with lab.test("C31: the last row of a handed-in file is sent though it has no line end"):
    lab.fresh()
    raw("open", f"{HEADER}\r\nana@example.org,Ana\r\nbob@example.org,Bob".encode())
    lab.ends(lab.once(), 0)
    lab.same([row[1] for row in cells()], ["Ana", "Bob"])

with lab.test("C31: what add has not acknowledged is cut off behind a start, and kept apart"):
    lab.fresh()
    lab.ends(lab.ocbulk("add", "contact", "C_EmailAddress=ana@example.org", "C_FirstName=Ana"), 0)
    with open(lab.spool / "outbox" / "contact" / ".open", "ab") as f:
        f.write(b"bob@exam")
    (lab.spool / "outbox" / "contact" / ".lock").write_bytes(b"")  # as a new boot finds it
    lab.ends(lab.once(), 0)
    lab.same(cells(), [["ana@example.org", "Ana"]])
    lab.has("".join(p.read_text() for p in (lab.spool / "quarantine").rglob("*.csv")), "bob@exam")

with lab.test("C32: cells that look like formulas arrive as they were added"):
    lab.fresh()
    for n, value in enumerate(("+15550100", "=1+1", "-5", "@site")):
        lab.ends(lab.ocbulk("add", "contact", f"C_EmailAddress=p{n}@example.org",
                            f"C_FirstName={value}"), 0)
    lab.ends(lab.once(), 0)
    lab.same([row[1] for row in cells()], ["+15550100", "=1+1", "-5", "@site"])

with lab.test("C33: the answer is lost behind a stored job: found by its tag, one job"):
    lab.fresh()
    names = lab.names(2)
    lab.hand_in(names)
    lab.faults("upload lost=1")
    lab.ends(lab.once(), 0)
    lab.same(sorted(lab.stored()), sorted(names))
    lab.same(lab.stats()["requests"]["upload"], 1)

with lab.test("C34: an empty file, and one with a header alone, are no error and are not sent"):
    lab.fresh()
    raw("empty", b"")
    raw("header", f"{HEADER}\n".encode())
    names = lab.names(1)
    lab.hand_in(names, file="z.csv")
    lab.ends(lab.once(), 0)
    lab.same(lab.stored(), names)
    lab.same(lab.waiting(), [])

with lab.test("C34: a journal whose last entry is torn goes on with the one before"):
    lab.fresh()
    names = lab.names(2)
    lab.hand_in(names[:1])
    lab.ends(lab.once(), 0)
    with open(lab.spool / "journal", "ab") as f:
        f.write(b"\x55" * 77)
    lab.hand_in(names[1:])
    lab.ends(lab.once(), 0)
    lab.same(sorted(lab.stored()), sorted(names))
    lab.same((lab.spool / "journal").stat().st_size % 128, 0)

with lab.test("C35: a full spool says so, loses nothing, and takes records again once it has sent"):
    lab.fresh(spool="max_bytes = 64K\nheadroom = 0\n")
    taken, full = [], None
    for _ in range(8):
        names = lab.names(300)
        r = lab.ocbulk("--json", "add", "contact", stdin=None, input=lab.text(names))
        taken += names[:r.json()["added"]]
        full = full or (r if r.code != 0 else None)
    lab.ends(full, 12, "the spool is full")
    lab.ends(lab.once(), 0)
    lab.same(sorted(lab.stored()), sorted(taken))
    lab.ends(lab.ocbulk("add", "contact", "C_EmailAddress=x@example.org", "C_FirstName=X"), 0)

with lab.test("C37: no secret in the log, the spool, the status, whatever the service echoes"):
    lab.fresh(log="level = debug\n")
    lab.hand_in(lab.names(1))
    lab.faults(f"any status=401 body=%7B%22message%22:%22bad%20{TOKEN}%20{SECRET}%22%7D count=4")
    r = lab.once("-v", "--wait", "5s")
    for secret in (TOKEN, SECRET):
        lab.lacks(r.out + r.err, secret)
        lab.same(lab.found_in_spool(secret), [])
        lab.lacks(lab.status.read_text() + lab.metrics.read_text(), secret)
    for name in ("queue", "journal", "reserve", "lock"):
        mode = (lab.spool / name).lstat().st_mode
        assert mode & (stat.S_IRWXG | stat.S_IRWXO) == 0, f"{name} is open to others"

with lab.test("C38: a pause that the service names holds for all requests, and over a restart"):
    lab.fresh(schedule=FAST)
    names = lab.names(1)
    lab.hand_in(names)
    lab.faults("upload status=429 retry-after=120")
    lab.ends(lab.once("--wait", "1s"), 5)
    posts, asked = lab.stats()["requests"]["upload"], sum(lab.stats()["requests"].values())
    lab.ends(lab.once("--wait", "2s"), 5)
    lab.same(lab.stats()["requests"]["upload"], posts)
    lab.same(sum(lab.stats()["requests"].values()), asked)
    lab.same(len(list((lab.spool / "queue" / "contact").glob("*.csv"))), 1)

with lab.test("C40: an upload that is redirected goes nowhere else; its records wait"):
    lab.fresh()
    names = lab.names(1)
    lab.hand_in(names)
    lab.faults("upload redirect=https://other.example.com/in count=0")
    r = lab.once("--wait", "3s")
    assert r.code != 0, r.out
    lab.same(lab.stored(), [])
    lab.lacks(r.err, "cannot be resolved")
    lab.same(len(list((lab.spool / "queue" / "contact").glob("*.csv"))), 1)

with lab.test("S07: CRLF and blank lines at the end: one row, no more"):
    lab.fresh()
    raw("s07", f"{HEADER}\r\nana@example.org,Ana\r\n\r\n\r\n".encode())
    lab.ends(lab.once(), 0)
    lab.same(cells(), [["ana@example.org", "Ana"]])
    lab.same(lab.waiting(), [])

with lab.test("S09: a row that is not UTF-8 goes to quarantine, its neighbours arrive"):
    lab.fresh()
    raw("s09", f"{HEADER}\nana@example.org,Ana\n".encode() + b"e@example.org,\xC9ric\n" +
        b"cyd@example.org,Cyd\n")
    lab.ends(lab.once(), 6)
    lab.same([row[1] for row in cells()], ["Ana", "Cyd"])
    lab.has(lab.reason("quarantine"), "not UTF-8")

with lab.test("S10: a file with another header row than `columns` is set apart, nothing of it sent"):
    lab.fresh(rest=f"[object contact]\ncolumns = {HEADER}\n")
    raw("a", b"Email,First Name\nana@example.org,Ana\n")
    raw("b", f"C_EmailAddress , C_FirstName\nbob@example.org,Bob\n".encode())
    r = lab.once()
    lab.ends(r, 6)
    lab.has("".join(p.read_text() for p in (lab.spool / "quarantine").rglob("*.csv")), "Ana")
    lab.lacks(str(cells()), "Ana")

with lab.test("S14: a record that the service refuses for ever blocks nobody behind it"):
    lab.fresh(rest="[object contact]\nbatch_records = 4\n")
    names = lab.names(8)
    lab.hand_in(names)
    # The first four are refused together, in pairs and one by one, as one bad record makes it.
    lab.faults("upload status=400 count=3")
    r = lab.once()
    assert r.code != 0, "a refused record is no success"
    lab.same(sorted(lab.stored() + lab.kept("quarantine")), sorted(names))
    lab.same(len(lab.kept("quarantine")), 1)

with lab.test("S14: a limit that one 413 has taught grows again once batches are taken"):
    lab.fresh(rest="[object contact]\nbatch_records = 4\n", job="open_max = 16\n")
    names = lab.names(60)
    lab.hand_in(names)
    lab.faults("upload status=413")
    lab.ends(lab.once(), 0)
    lab.same(sorted(lab.stored()), sorted(names))
    # Half of the refused batch's bytes have room for one record; each as a batch would make 61.
    posts = lab.stats()["requests"]["upload"]
    assert posts <= 40, f"{posts} uploads"

with lab.test("S15: of two batches one is told to come later: each has its own state"):
    lab.fresh(schedule=FAST, rest="[object contact]\nbatch_records = 2\n")
    names = lab.names(4)
    lab.hand_in(names)
    lab.faults("upload status=429 retry-after=1")
    lab.ends(lab.once(), 0)
    lab.same(sorted(lab.stored()), sorted(names))

with lab.test("S19: only the header says how long to wait, not the words of the body"):
    lab.fresh(schedule=FAST)
    names = lab.names(1)
    lab.hand_in(names)
    lab.faults("upload status=429 retry-after=1 body='limit resets at 23:54:18 UTC'")
    lab.ends(lab.once("--wait", "30s"), 0)
    lab.same(lab.stored(), names)

with lab.test("C14: a clock before the program's making: no request, records wait, then they go"):
    lab.fresh(schedule=FAST)
    names = lab.names(1)
    lab.hand_in(names)
    with lab.daemon(env=lab.preload("clock")) as d:
        lab.until(lambda: lab.told()["why"] == "clock")
        lab.same(lab.stats()["connections"], 0)
        lab.same(d.stop(), 0)
    lab.ends(lab.once(), 0)
    lab.same(lab.stored(), names)

lab.end()
