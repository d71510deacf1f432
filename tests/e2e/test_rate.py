#!/usr/bin/env python3
"""limit_rate, seen from outside: what holds back is none the less whole, heard and stopped."""
import signal
import time

from lab import SAMPLE, Lab

lab = Lab()
ROWS = 10000
BIG = lab.file("big.csv", "C_EmailAddress,C_FirstName\n" + "ana@example.org,Ana\n" * ROWS)
ONE = ("--batch-records", "1000000", "--batch-bytes", "1M")


def limited(rate, name, *args):
    """A process under this rate; idle_timeout is far shorter than its request."""
    lab.reset()
    lab.faults(name)
    env = lab.environment(OCBULK_LIMIT_RATE=rate, OCBULK_IDLE_TIMEOUT="1s")
    return lab.start("upload", "contact", *ONE, *args, env=env)


def ends(p, code):
    out, err = p.communicate(timeout=60)
    assert p.returncode == code, f"exit {p.returncode}, want {code}: {err!r}"
    return out, err


with lab.test("200 KB at 100K a second arrive whole"):
    out, err = ends(limited("100K", "", BIG, "--wait"), 0)
    lab.has(out, f"{ROWS} sent, {ROWS} stored, 0 failed")
    lab.same((lab.jobs(), lab.stats()["rows"]), (1, ROWS))
with lab.test("an early 413 is heard while more may not be sent yet (C10)"):
    out, err = ends(limited("2K", "upload early=4096 count=0", BIG), 4)
    lab.has(err, "413")
    lab.same(lab.jobs(), 0)
with lab.test("SIGTERM ends what would take minutes: no job was made"):
    p = limited("1K", "", BIG)
    time.sleep(1)
    lab.same(p.poll(), None)
    p.send_signal(signal.SIGTERM)
    out, err = ends(p, 5)
    lab.has(err, "stopped on request")
    lab.same(lab.jobs(), 0)
with lab.test("a batch that limit_rate cannot get through within 3000s is refused at once"):
    p = limited("1K", "", BIG, "--batch-bytes", "4M")
    out, err = ends(p, 2)
    lab.has(err, "take longer than 3000s at 1K a second")
with lab.test("the sample under the slowest limit"):
    out, err = ends(limited("1K", "", SAMPLE), 0)
    lab.same((lab.jobs(), lab.stats()["rows"]), (1, 10))
lab.end()
