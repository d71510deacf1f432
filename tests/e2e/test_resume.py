#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""An upload that was cut, wherever it was, and run again: each row is in the service once.

Kills come at the n-th write, fsync, rename or unlink of the journal, for n = 1, 2 ... until a run
meets none; in the body; and while the answer is awaited. Whether a batch of which nobody knows has
its job is answered as a person does who has looked.

OCB_KILL=all tries each n in each way (before, behind, torn), and kills the second run as well."""
import csv
import json
import os
import resource
import shutil
import signal
import stat
import time
import zlib

from lab import BUILD, SAMPLE, TOKEN, Lab

lab = Lab()
ALL = os.environ.get("OCB_KILL") == "all"
HEAD = "C_EmailAddress,C_FirstName\n"
ROWS = [[f"p{n}@example.org", f"P{n}"] for n in range(1, 11)]
TEXT = HEAD + "".join(",".join(row) + "\n" for row in ROWS)
FOUR = ("--batch-records", "4")
INTENT, COMMIT, VOID, CREATED, FINAL = 4, 5, 6, 9, 10
HAND = 18  # the reason of a FINAL that a person said
folders = 0


def fresh(text=TEXT, name="rows.csv"):
    """A file in a folder of its own, and a service that knows nothing."""
    global folders
    lab.reset()
    lab.faults("upload slow=0 count=0")
    folders += 1
    folder = lab.dir / f"work{folders}"
    folder.mkdir()
    file = folder / name
    file.write_text(text)
    return file


def upload(file, *args, **more):
    return lab.ocbulk("--json", "upload", "contact", file, *args, **more)


def journal_of(file):
    return file.with_name(file.name + ".ocbulk")


def raw_entries(file):
    path = journal_of(file) / "journal"
    raw = path.read_bytes() if path.exists() else b""
    return [raw[at:at + 128] for at in range(0, len(raw) // 128 * 128, 128)][4:]


def entries(file):
    """The types of the journal's entries, HEADs and plan left out; none when there is none."""
    return [e[4] for e in raw_entries(file)]


def accepted(file):
    """How many batches have their job, as the journal has it."""
    return sum(e[4] == CREATED or (e[4], e[5]) == (FINAL, HAND) for e in raw_entries(file))


def stored():
    """All rows, job after job."""
    return [row for n in range(lab.jobs())
            for row in json.loads(lab.admin(f"/rows?job={1234 + n}"))[1:]]


def alone(file):
    """Nothing is left beside the file."""
    lab.same([p.name for p in file.parent.iterdir()], [file.name])


def rows_once(file, rows=None):
    with open(file, newline="") as f:
        lab.same(sorted(stored()), sorted(rows or list(csv.reader(f))[1:]))


def once(file, rows=None):
    """Each row is there once, and no journal is left."""
    rows_once(file, rows)
    alone(file)


def answer(file):
    """What a person says who has looked whether the newest batch has its job."""
    return ("--unknown", "skip" if lab.jobs() > accepted(file) else "resend")


def preload(file, at, how):
    asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return lab.environment(LD_PRELOAD=str(BUILD / "tests/e2e/preload_kill.so"), ASAN_OPTIONS=asan,
                           OCB_KILL_DIR=str(journal_of(file)), OCB_KILL_AT=str(at),
                           OCB_KILL_HOW=how)


def kill(file, at, how, *args):
    """Whether the run was killed there."""
    r = upload(file, *FOUR, *args, env=preload(file, at, how))
    assert r.code in (0, -signal.SIGKILL), f"{r.code}: {r.err}"
    return r.code == -signal.SIGKILL


def judge(file):
    """What is on flash behind a kill fits what the service has."""
    seen, jobs = entries(file), lab.jobs()
    if not seen:
        assert jobs in (0, 3), f"{jobs} jobs and no journal"
    else:
        more = jobs - accepted(file)
        assert more == 0 or (more == 1 and seen[-1] == COMMIT), f"{jobs} jobs behind {seen}"
    return jobs == 3 and not seen


def finish(file, *args):
    r = upload(file, *FOUR, *answer(file), *args)
    lab.ends(r, 0)
    lab.same(r.json()["resumed"] + r.json()["sent"], 10)
    lab.same(r.json()["journal"], None)
    if "--wait" in args:
        lab.same(r.json()["failed"] in (0, None), True)
    once(file)


def sweep(how, step, *args):
    at, killed = 1, True
    while killed:
        file = fresh()
        killed = kill(file, at, how, *args)
        over = judge(file)
        if killed and ALL and not over:
            kill(file, 2 + at % 5, how, *answer(file), *args)
            over = judge(file)
        if over:
            rows_once(file)
        else:
            finish(file, *args)
        if not killed:
            alone(file)
        at += step
    return at


for how, step, args in (("before", 1, ()), ("after", 1 if ALL else 2, ()),
                        ("torn", 1 if ALL else 3, ()), ("before", 1 if ALL else 3, ("--wait",))):
    with lab.test(f"killed {how} the n-th change of the journal{' with --wait' * len(args)}"):
        assert sweep(how, step, *args) > 10 / step, "there were too few of them"

# The places by name
with lab.test("killed at the gate: the body is there but for its end, COMMIT is on flash, no job"):
    file = fresh()
    n = 1
    while entries(file) != [INTENT, COMMIT]:
        shutil.rmtree(journal_of(file), ignore_errors=True)
        kill(file, n, "after")
        n += 1
        assert n < 40
    lab.same(lab.jobs(), 0)
    r = upload(file, *FOUR)
    lab.ends(r, 9, "batch 1, records 1-4: sent by an earlier run", "--unknown skip",
             "--unknown resend")
    lab.same((r.json()["error"]["name"], lab.jobs()), ("OUTCOME_UNKNOWN", 0))
    r = upload(file, *FOUR, "--unknown", "resend")
    lab.ends(r, 0)
    once(file)
with lab.test("killed in the body: nothing was stored, and it is sent again without a word"):
    long = [[f"p{n}@example.org", "x" * 400] for n in range(60000)]
    file = fresh(HEAD + "".join(",".join(row) + "\n" for row in long))
    lab.faults("upload read-delay=100 count=0 after=1")
    p = lab.start("upload", "contact", file, "--batch-records", "30000", "--batch-bytes", "1G")
    while entries(file) != [INTENT, COMMIT, CREATED, INTENT]:
        lab.same(p.poll(), None)
        time.sleep(0.02)
    time.sleep(0.3)
    p.kill()
    p.communicate()
    lab.same((entries(file)[-1], lab.jobs()), (INTENT, 1))
    lab.faults("")
    r = upload(file, "--batch-records", "50000", "--batch-bytes", "1G")
    lab.ends(r, 0, "1 batch was accepted before, going on at record 30001")
    lab.same((r.json()["resumed"], r.json()["sent"], r.json()["batches"][0]["batch"]),
             (30000, 30000, 2))
    once(file)
    file.unlink()
for made, word in ((True, "skip"), (False, "resend")):
    with lab.test(f"killed while the answer is awaited, a job {'' if made else 'not '}made: {word}"):
        file = fresh()
        lab.faults("upload slow=0 count=0\nupload " +
                   ("delay=60000 after=1" if made else "status=503 delay=60000 after=1"))
        p = lab.start("upload", "contact", file, *FOUR)
        while lab.stats()["requests"]["upload"] < 2 or entries(file)[-1:] != [COMMIT]:
            time.sleep(0.02)
        time.sleep(0.2)
        p.kill()
        p.communicate()
        while made and lab.jobs() < 2:
            time.sleep(0.02)
        lab.same(lab.jobs(), 1 + made)
        lab.faults("upload slow=0 count=0")
        r = upload(file, *FOUR, "--wait")
        lab.ends(r, 9, "batch 2, records 5-8: sent by an earlier run")
        lab.lacks(r.out, '"batches"')
        lab.same(entries(file)[-1], COMMIT)
        r = upload(file, *FOUR, "--wait", "--unknown", word)
        lab.ends(r, 0, "accepted before, going on at record")
        got = r.json()
        lab.same((got["resumed"], got["sent"]), (8, 2) if made else (4, 6))
        lab.same((got["stored"], got["failed"]), (None, None) if made else (10, 0))
        once(file)
with lab.test("killed while jobs are followed: they are followed again, those told are not"):
    file = fresh()
    lab.faults("upload slow=0 count=1\nupload slow=60000 count=0")
    p = lab.start("upload", "contact", file, "--batch-records", "5", "--wait")
    while FINAL not in entries(file) or lab.stats()["requests"]["status"] < 4:
        time.sleep(0.02)
    p.kill()
    p.communicate()
    lab.same(sorted(entries(file)), sorted([INTENT, COMMIT, CREATED] * 2 + [FINAL]))
    asked = lab.stats()["requests"]["status"]
    lab.faults("status word=COMPLETED counts=5,0 count=0")
    r = upload(file, "--wait")
    lab.ends(r, 0, "all of it|nothing is left to send")
    got = r.json()
    lab.same([b["job"] for b in got["batches"]], ["1235"])
    lab.same((got["resumed"], got["sent"], got["stored"], got["failed"]), (10, 0, 10, 0))
    lab.same(lab.stats()["requests"]["status"], asked + 1)
    once(file)
with lab.test("rows that failed are told again when the run that was told of them was killed"):
    file = fresh(HEAD + "no-address,Bob\na@b.c,Ana\nd@e.f,Dan\ng@h.i,Gil\n")
    lab.faults("upload slow=0 count=1\nupload slow=60000 count=0")
    p = lab.start("upload", "contact", file, "--batch-records", "2", "--wait")
    while FINAL not in entries(file):
        time.sleep(0.02)
    p.kill()
    p.communicate()
    lab.faults("status word=COMPLETED counts=2,0 count=0 after=1")
    r = upload(file, "--wait")
    lab.ends(r, 3, "some rows were not stored: job 1234, records 1-2")
    lab.same((r.json()["stored"], r.json()["failed"]), (3, 1))
    alone(file)

# Ends that are no kill
with lab.test("SIGTERM while jobs are followed: what was not sent goes in another run"):
    file = fresh()
    lab.faults("upload slow=60000 count=1")
    p = lab.start("--json", "upload", "contact", file, *FOUR, "--wait", "--open-max", "1")
    while lab.stats()["requests"]["status"] == 0:
        time.sleep(0.02)
    p.terminate()
    out, err = p.communicate()
    lab.same((p.returncode, json.loads(out)["journal"]), (5, str(journal_of(file))))
    lab.has(err, "run it again: it goes on at record 5")
    lab.ends(upload(file, *FOUR), 0, "going on at record 5")
    once(file)
with lab.test("SIGTERM in a body behind an accepted batch: no job, and another run goes on there"):
    file = fresh(HEAD + "".join(",".join(row) + "\n" for row in long))
    lab.faults("upload read-delay=100 count=0 after=1")
    p = lab.start("upload", "contact", file, "--batch-records", "30000", "--batch-bytes", "1G")
    while entries(file) != [INTENT, COMMIT, CREATED, INTENT]:
        time.sleep(0.02)
    p.terminate()
    err = p.communicate()[1]
    lab.same((p.returncode, lab.jobs()), (5, 1))
    lab.has(err, "stopped on request: batch 2, records 30001-60000: not sent: ")
    lab.has(err, "; run it again: it goes on at record 30001")
    lab.same(err.count("run it again"), 1)
    lab.faults("")
    lab.ends(upload(file, "--batch-records", "30000", "--batch-bytes", "1G"), 0)
    lab.same(lab.stats()["rows"], 60000)
    alone(file)
    file.unlink()
with lab.test("a batch that is refused behind others: no job, and another run goes on there"):
    file = fresh()
    lab.faults("upload status=400 after=1 count=1")
    r = upload(file, *FOUR)
    lab.ends(r, 4, "records 5-8: not sent", "run it again: it goes on at record 5")
    lab.same(entries(file)[-2:], [COMMIT, VOID])
    lab.ends(upload(file, *FOUR), 0)
    once(file)
with lab.test("a batch that goes through at the third try needs no other run"):
    file = fresh()
    lab.faults("upload status=429 retry-after=0 after=1 count=2")
    lab.ends(upload(file, *FOUR), 0, "trying again")
    once(file)
with lab.test("a run of which nothing was stored leaves nothing behind"):
    for script, code in (("upload status=400", 4), ("upload early=0 status=401 count=0", 7),
                         ("objects status=401", 7)):
        file = fresh()
        lab.faults(script)
        r = upload(file, *FOUR)
        lab.ends(r, code)
        alone(file)
        lab.lacks(r.err, "run it again")
    lab.ends(upload(file, "--dry-run"), 0)
    alone(file)
with lab.test("--unknown where nothing is unknown changes nothing"):
    file = fresh()
    lab.ends(upload(file, *FOUR, "--unknown", "skip"), 0)
    once(file)
    lab.ends(upload(file, "--unknown", "perhaps"), 2, "resend or skip")


def cut(text=TEXT, script="upload status=400 after=1", **more):
    """A file of which the first batch was accepted."""
    file = fresh(text, **more)
    lab.faults(script)
    lab.same(upload(file, *FOUR).code in (4, 9), True)
    lab.faults("upload slow=0 count=0")
    return file


# What does not fit
for name, text in (("longer", TEXT + "z@b.c,Z\n"), ("shorter", TEXT[:-8]),
                   ("another in what was sent", TEXT.replace("P2", "Q2")),
                   ("another in its header", TEXT.replace("First", "Prime"))):
    with lab.test(f"a file that is {name} is refused, and how to go on is told"):
        file = cut()
        file.write_text(text)
        r = upload(file, *FOUR)
        lab.ends(r, 6, "not what an earlier run has sent a part of", r"remove .*rows\.csv\.ocbulk",
                 "--from-record 5")
        lab.same((r.json()["error"]["name"], lab.jobs()), ("SOURCE_CHANGED", 1))
        file.write_text(TEXT)
        lab.ends(upload(file, *FOUR), 0)
        once(file)
with lab.test("a file that changed is sent from its start when nothing of it can be stored"):
    file = fresh()
    n = 1
    while entries(file)[-1:] != [INTENT]:
        kill(file, n, "after")
        n += 1
    file.write_text(HEAD + "new@example.org,New\n")
    lab.ends(upload(file), 0)
    once(file)
with lab.test("another object, another place to begin: usage, naming the journal"):
    file = cut()
    r = lab.ocbulk("upload", "list", file)
    lab.ends(r, 2, "rows.csv.ocbulk is of an upload to contact")
    lab.ends(upload(file, "--from-record", "5"), 2, "rows.csv.ocbulk knows where to go on")
    lab.same(lab.jobs(), 1)
with lab.test("another account: refused before anything is sent"):
    lab.config(base_url=lab.base.replace("localhost", "127.0.0.1"))
    r = upload(file, *FOUR)
    lab.ends(r, 2, "another base_url or element_token", "--from-record 5")
    lab.config()
    lab.same(lab.jobs(), 1)
    lab.ends(upload(file, *FOUR), 0)
    once(file)
with lab.test("--dry-run tells what another run would send, and changes nothing"):
    file = cut(script="upload lost=1 after=1")
    before = (journal_of(file) / "journal").read_bytes()
    lab.ends(upload(file, "--dry-run"), 9)
    for word, rows in (("skip", 8), ("resend", 4)):
        r = upload(file, "--dry-run", "--unknown", word)
        lab.ends(r, 0)
        lab.same((r.json()["resumed"], r.json()["bytes"]),
                 (rows, len(HEAD) + sum(len(",".join(r)) + 1 for r in ROWS[rows:])))
    lab.same((journal_of(file) / "journal").read_bytes(), before)
    lab.ends(upload(file, "--unknown", "skip"), 0)
    once(file)
with lab.test("a batch from the middle of the file on is gone on with as well"):
    file = fresh()
    lab.faults("upload status=400 after=1")
    lab.ends(upload(file, "--from-record", "4", "--batch-records", "3"), 4, "at record 7")
    lab.faults("upload slow=0 count=0")
    r = upload(file, "--batch-records", "3")
    lab.ends(r, 0, "going on at record 7")
    lab.same((r.json()["resumed"], r.json()["batches"][0]["batch"]), (3, 3))
    once(file, ROWS[3:])
with lab.test("blank lines and a last row without its end are compared as they were sent"):
    text = HEAD.replace("\n", "\r\n") + "\r\n".join(",".join(r) + "\r\n" * (i in (3, 4, 7)) for
                                                    i, r in enumerate(ROWS))
    file = cut(text)
    r = upload(file, "--batch-records", "3")
    lab.ends(r, 0)
    once(file, ROWS)


def later(head):
    """HEAD as a later version would write it."""
    raw = head[:36] + b"\2\0\0\0" + head[40:124]
    return raw + zlib.crc32(raw).to_bytes(4, "little")


for name, damage, code in (
        ("a torn entry at the end", lambda raw: raw[:-40], 9),
        ("a flipped byte at the end", lambda raw: raw[:-9] + b"?" + raw[-8:], 9),
        ("a flipped byte before it", lambda raw: raw[:-200] + b"?" + raw[-199:], 12),
        ("an entry left out", lambda raw: raw[:128 * 5] + raw[128 * 6:], 12),
        ("no HEAD", lambda raw: b"\0" * 256 + raw[256:], 12),
        ("nothing in it", lambda raw: b"", 12),
        ("another HEAD alone", lambda raw: b"\0" * 128 + raw[128:], 0),
        ("HEADs of a later version", lambda raw: later(raw) + later(raw) + raw[256:], 12)):
    with lab.test(f"a journal with {name}: exit {code}"):
        file = cut()
        path = journal_of(file) / "journal"
        path.write_bytes(damage(path.read_bytes()))
        r = upload(file, *FOUR)
        lab.ends(r, code)
        lab.same(lab.jobs(), 1 if code else 3)
        if code:
            lab.has(r.err, "later one" if "later" in name else "ocbulk jobs")

# Who else is there
with lab.test("a second upload of the same file at the same time is busy, and disturbs nothing"):
    for started in (True, False):
        file = fresh()
        lab.faults("upload delay=1500 count=1" if started else "objects delay=1000 count=2")
        p = lab.start("upload", "contact", file, *FOUR)
        while started and entries(file) != [INTENT, COMMIT]:
            time.sleep(0.02)
        r = upload(file, *FOUR)
        codes = sorted((r.code, (p.communicate(timeout=60), p.returncode)[1]))
        lab.same(codes[0], 0)
        if started:
            lab.ends(r, 11, "another upload of this file is under way")
            lab.same(codes, [0, 11])
        if codes == [0, 11]:
            once(file)
with lab.test("the journal is closed to others, and has nothing of the rows or of who we are"):
    file = cut(name="größe 1.csv")
    for path, mode in ((journal_of(file), 0o700), (journal_of(file) / "journal", 0o600),
                       (journal_of(file) / "lock", 0o600)):
        lab.same(stat.S_IMODE(path.stat().st_mode), mode)
    raw = (journal_of(file) / "journal").read_bytes()
    for word in ("example.org", "P1", "C_Email", TOKEN, "rows", "localhost"):
        lab.lacks(raw, word.encode())
    lab.same(len(raw), 128 * (4 + 6))
with lab.test("a folder that is a link, or open to others, is not used"):
    for make in (lambda path: path.symlink_to(lab.dir), lambda path: (path.mkdir(),
                                                                      path.chmod(0o777))):
        file = fresh()
        make(journal_of(file))
        lab.ends(upload(file), 12, "rows.csv.ocbulk")
        lab.same(lab.jobs(), 0)
    assert not (lab.dir / "lock").exists(), "the link was followed"


def limited(size):
    """No file may be longer."""
    return {"restore_signals": False,
            "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}


def as_nobody():
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


# Where it cannot be written
with lab.test("no right to write beside the file: said, and the upload goes on without"):
    lab.open_up()
    file = fresh()
    file.parent.chmod(0o555)
    env = lab.environment(OCBULK_ELEMENT_TOKEN=TOKEN, OCBULK_USER_SECRET="bench-user-secret=")
    args = ("upload", "contact", file, *FOUR, "--credentials-file", "")
    r = lab.ocbulk(*args, env=env, preexec_fn=as_nobody)
    lab.ends(r, 0, "no journal can be kept, after a cut this upload cannot go on: .*Permission")
    lab.same(r.err.count("no journal"), 1)
    once(file)
    lab.faults("upload lost=1 after=1")
    r = lab.ocbulk(*args, env=env, preexec_fn=as_nobody)
    lab.ends(r, 9, "--from-record 9 if its job is there, else with --from-record 5")
with lab.test("with --journal it is kept elsewhere, and there it must work"):
    other = lab.dir / "journals"
    lab.faults("upload slow=0 count=0")
    lab.reset()
    named = (*args, "--journal", other)
    lab.ends(lab.ocbulk(*named, env=env, preexec_fn=as_nobody), 12, "journals: No such file")
    lab.same(lab.stats()["connections"], 0)
    other.mkdir()
    other.chmod(0o777)
    lab.faults("upload status=400 after=1")
    lab.ends(lab.ocbulk(*named, env=env, preexec_fn=as_nobody), 4, "goes on at record 5")
    lab.same([p.name for p in other.iterdir()], ["rows.csv.ocbulk"])
    lab.ends(lab.ocbulk(*named, env=env, preexec_fn=as_nobody), 0, "going on at record 5")
    lab.same(list(other.iterdir()), [])
    once(file)
    other.chmod(0o555)
    lab.ends(lab.ocbulk(*named, env=env, preexec_fn=as_nobody), 12, "journals: Permission denied")
with lab.test("a name that leaves no room for a journal's: said, and it goes on without"):
    file = fresh(name="n" * 250)
    lab.ends(upload(file, *FOUR), 0, "no journal can be kept.*File name too long")
    once(file)
with lab.test("flash fails at the start of the journal: said, and it goes on without"):
    file = fresh()
    lab.ends(upload(file, *FOUR, **limited(600)), 0, "no journal can be kept.*File too large")
    once(file)
with lab.test("flash fails at COMMIT: the gate stays shut, no job"):
    file = fresh()
    lab.ends(upload(file, *FOUR, **limited(700)), 12, "batch 1, records 1-4: not sent: .*File too")
    lab.same(lab.jobs(), 0)
    alone(file)
    file = fresh()
    lab.ends(upload(file, *FOUR, **limited(128 * 8 + 9)), 12, "batch 2, .*File too large",
             "run it again: it goes on at record 5")
    lab.same(lab.jobs(), 1)
    lab.ends(upload(file, *FOUR), 0)
    once(file)
with lab.test("flash fails at CREATED: its job is named, nothing more is sent, and skip goes on"):
    for more in ((), ("--wait",)):
        file = fresh()
        r = upload(file, *FOUR, *more, **limited(128 * 6 + 60))
        lab.ends(r, 12, "job 1234 has batch 1, and the journal does not", "--unknown skip")
        lab.same((lab.jobs(), r.json()["sent"]), (1, 4))
        lab.same(entries(file), [INTENT, COMMIT])
        lab.ends(upload(file, *FOUR), 9)
        lab.ends(upload(file, *FOUR, "--unknown", "skip"), 0)
        once(file)
with lab.test("what was done cannot be told: the journal stays, and another run tells it"):
    file = fresh()
    with open("/dev/full", "w") as full:
        p = lab.start("upload", "contact", file, "--wait")
        p.stdout.close()
        p.stdout = None
        lab.has(p.communicate(timeout=60)[1], "standard output")
    lab.same((p.returncode, lab.jobs()), (12, 1))
    lab.ends(upload(file), 0, "nothing is left to send")
    once(file)

lab.end()
