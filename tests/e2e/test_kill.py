#!/usr/bin/env python3
# BUILDS: plain
"""The program killed at the n-th write, fsync, rename, unlink under its spool, for n = 1, 2 ... until
a run meets no kill; then started again. Every acknowledged record must be in the service exactly
once, or be kept apart with its reason, or still wait.

OCB_KILL=all tries each n in each way (before, behind, torn), and kills the second start as well;
otherwise every few."""
import os
import signal

from spool_lab import SpoolLab

lab = SpoolLab()
ALL = os.environ.get("OCB_KILL") == "all"
SETTINGS = "[object contact]\nidentifier = C_EmailAddress\nbatch_records = 3\n"


def kill(at, how, *args, **more):
    """The program with these words, killed there: whether it was."""
    env = lab.preload("kill", OCB_KILL_DIR=str(lab.spool), OCB_KILL_AT=str(at), OCB_KILL_HOW=how)
    r = lab.ocbulk(*args, env=env, **more)
    assert r.code in (0, 3, 5, 6, 9, -signal.SIGKILL), f"{r.code}: {r.err}"
    return r.code == -signal.SIGKILL


def prepare():
    """Two files handed in, one with a row that the service refuses and one with a row that is none,
    and two records added: the names of all, and of the one refused."""
    lab.fresh(rest=SETTINGS)
    names = lab.names(8)
    lab.hand_in(names[:4], lab.text(names[:1]) + f"no-address,{names[3]}\n" + lab.rows(names[1:3]))
    lab.hand_in(names[4:6], lab.text(names[4:5]) + "one cell\n" + lab.rows(names[5:6]))
    lab.ends(lab.ocbulk("add", "contact", stdin=None, input=lab.text(names[6:])), 0)
    return names, names[3]


def judge(names, refused, codes):
    """Where each record is, behind starts that ended with these codes. True when one of them is in
    doubt: sent, perhaps, so that it waits (and its segment with it) or is held for a person."""
    stored, held = lab.stored(), lab.kept("held")
    kept = lab.kept("failed", "quarantine")
    waits = "\n".join((lab.spool / name).read_text() for name in lab.waiting())
    doubt = False
    for name in names:
        settled = (stored.count(name), kept.count(name), held.count(name))
        if settled == (0, 0, 0):
            lab.same((name, waits.count(name)), (name, 1))
        elif settled != (0, 0, 1):
            lab.same((name, settled), (name, (0, 1, 0) if name == refused else (1, 0, 0)))
        doubt |= settled in ((0, 0, 0), (0, 0, 1))
    assert doubt == (9 in codes), f"exit {codes}, held {held}, waiting {waits!r}"
    assert doubt or waits == "", f"nothing is in doubt, but there waits {waits!r}"
    lab.has("".join(p.read_text() for p in lab.spool.glob("quarantine/*/*.csv")), "one cell")
    left = [str(p) for p in lab.spool.rglob("*") if p.suffix in (".tmp", ".new")]
    lab.same(left, [])
    return doubt


def recover():
    """Starts until a start finds nothing more to do: the exit codes."""
    codes = []
    while len(codes) < 2 or codes[-1] not in (0, codes[-2]):
        r = lab.once("--wait", "20s")
        assert r.code in (0, 3, 6, 9), f"{r.code}: {r.err}"
        codes.append(r.code)
        assert len(codes) < 6, codes
    return codes


def sweep(how, stride, first=1):
    """One way to kill, at every stride-th call: kills, and how many left a doubt."""
    at, doubts, kills = first, 0, 0
    while True:
        names, refused = prepare()
        if not kill(at, how, "run", "--once", "--wait", "20s"):
            assert not judge(names, refused, recover())
            return kills, doubts
        doubts += judge(names, refused, recover())
        kills += 1
        at += stride


for how, first in ("before", 1), ("after", 4), ("torn", 7):
    with lab.test(f"killed {how} each call: every record once"):
        kills, doubts = sweep(how, 1 if ALL else 9, 1 if ALL else first)
        lab.same(kills > (60 if ALL else 6), True)
        # Only between COMMIT and the delimiter can nobody know: two calls of each batch at most.
        assert doubts <= 2 * 5, f"{doubts} of {kills} kills left a doubt"

if ALL:
    with lab.test("killed in the recovery as well"):
        for at in range(3, 120, 5):
            for again in range(1, 60, 7):
                names, refused = prepare()
                kill(at, "after", "run", "--once", "--wait", "20s")
                kill(again, "before", "run", "--once", "--wait", "20s")
                judge(names, refused, recover())

with lab.test("add, killed: what was acknowledged is there, what was not at most once"):
    at = 1
    while True:
        lab.fresh(rest=SETTINGS)
        before, mine, behind = lab.names(2), lab.names(1), lab.names(2)
        lab.ends(lab.ocbulk("add", "contact", stdin=None, input=lab.text(before)), 0)
        killed = kill(at, "torn" if at % 2 else "before", "add", "contact", stdin=None,
                      input=lab.text(mine))
        lab.ends(lab.ocbulk("add", "contact", stdin=None, input=lab.text(behind)), 0)
        lab.ends(lab.once(), 0)
        stored = lab.stored()
        for name in before + behind + ([] if killed else mine):
            lab.same(stored.count(name), 1)
        assert stored.count(mine[0]) <= 1
        if not killed:
            break
        at += 1
    lab.same(at > 3, True)

lab.end()
