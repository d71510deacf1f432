#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""What waits in the spool as `queue` shows it, and a person's hand on it, with and without a daemon."""
import json
import os

from spool_lab import SpoolLab

lab = SpoolLab()
KEYED = "[object contact]\nidentifier = C_EmailAddress\n"
FAST = "interval = 1s\nsplay = 0\n"


def look(code=0, *words):
    """`queue --json`, and that the text form ends the same way."""
    r = lab.ocbulk("queue", "--json", *words)
    lab.ends(r, code)
    lab.ends(lab.ocbulk("queue", *words), code)
    return r.json()


def items(state=None, code=0):
    """Batches and files of contact in that state."""
    return [b for o in look(code)["objects"] if o["object"] == "contact"
            for b in o["batches"] if state in (None, b["state"])]


def only(state, code=0):
    found = items(code=code)
    lab.same([b["state"] for b in found], [state])
    return found[0]


def contact():
    return [o for o in look(9 if (lab.spool / "held").is_dir() and lab.kept("held") else 0)
            ["objects"] if o["object"] == "contact"][0]


def hand(code, *words, env=None):
    r = lab.ocbulk(*words)
    lab.ends(r, code)
    return r


def open_job(n=2):
    names = lab.names(n)
    lab.faults("upload slow=3000")
    lab.hand_in(names)
    lab.ends(lab.once("--wait", "1s"), 10)
    return names


def unknown(n=2):
    """Sent, no answer came, and the job list cannot be had just now."""
    names = lab.names(n)
    lab.faults("upload lost=1\njobs status=503 count=0")
    lab.hand_in(names)
    lab.once("--wait", "1s")
    return names


def held(n=2):
    """Sent, no answer came, and the job list is refused for good."""
    names = lab.names(n)
    lab.faults("upload lost=1\njobs status=403 count=0")
    lab.hand_in(names)
    lab.ends(lab.once("--wait", "3s"), 9)
    return names


def failed(**settings):
    """Three records, the second of which the service refuses."""
    lab.fresh(**settings)
    names = lab.names(3)
    lab.hand_in(names, lab.text(names[:1]) + f"no-address,{names[1]}\n" + lab.text(names[2:])
                .split("\n", 1)[1])
    lab.ends(lab.once(), 3)
    return names


# --- what is seen

with lab.test("no spool: 12, and how to make one"):
    lab.ends(lab.ocbulk("queue"), 12, "install -d")
    lab.ends(lab.ocbulk("drop", "1"), 12)
    assert not lab.spool.exists()

with lab.test("what was handed in and what `add` has open is counted, and nothing is written"):
    names = lab.names(2)
    lab.hand_in(names)
    (lab.spool / "outbox" / "contact" / "half.csv.part").write_text("x" * 1000)
    (lab.spool / "outbox" / "contact" / ".open").write_text("x" * 10)
    before = sorted(p for p in lab.spool.rglob("*"))
    seen = look()
    size = len(lab.text(names))
    lab.same(seen["totals"]["waiting"], {"files": 2, "bytes": size + 10})
    lab.same([o["object"] for o in seen["objects"]], ["contact"])
    lab.has(lab.ocbulk("queue").out, f"contact\n  waiting: 2 files, {size + 10} bytes\n")
    lab.same(sorted(p for p in lab.spool.rglob("*")), before)

with lab.test("of a segment that is being cut, the rest waits; and until when"):
    lab.fresh(rest="[object contact]\nbatch_records = 2\n")
    names = lab.names(5)
    lab.faults("upload status=429 retry-after=600 after=1 count=0")
    lab.hand_in(names)
    lab.once("--wait", "2s")
    seen = look()
    rows = len(lab.text(names[2:])) - len(lab.text([]))
    lab.same(seen["totals"]["waiting"], {"files": 1, "bytes": rows})
    assert seen["pause_until"] is not None
    lab.has(lab.ocbulk("queue").out, "the service asked for a pause until " + seen["pause_until"])

with lab.test("what is being sent cannot be touched: 11"):
    lab.fresh(rest="[object contact]\nbatch_records = 100000\n")
    lab.faults("upload cut=100 count=0")
    lab.hand_in(lab.names(30000))
    lab.once("--wait", "2s")
    lab.same(only("sending")["records"], 30000)
    lab.same(look()["totals"]["sending"], 1)
    for verb in ("retry", "drop", "accept"):
        lab.ends(lab.ocbulk(verb, "1", "--forget"), 11, "it is being sent")

with lab.test("what the service does not take is told: a batch too large, an object on hold"):
    lab.fresh()
    names = lab.names(4)
    lab.faults("upload status=413\nupload status=404 count=0")
    lab.hand_in(names)
    lab.once("--wait", "3s")
    seen = look()["objects"][0]
    lab.same((seen["cap_records"], seen["hold"]["http_status"]), (2, 404))
    out = lab.ocbulk("queue").out
    lab.has(out, "the service takes at most 2 records at a time")
    lab.has(out, "on hold: wrong hub or address (HTTP 404); it is tried again every hour")

with lab.test("no such batch: 2"):
    for name in ("77", "x", "held/contact/1", "outbox/contact/x", "../x", "-0"):
        hand(2, "drop", "--", name)
        hand(2, "queue", "--", name)

with lab.test("a word that is no job id, or no sequence: 2"):
    hand(2, "accept", "1", "a/b")
    hand(2, "drop", "1", "--seq", "x")

# --- a job that is followed

with lab.test("a job that is followed stays as it is, unless it is given up: 11"):
    lab.fresh()
    names = open_job()
    b = only("open")
    lab.same((b["batch"], b["job"], b["records"]), ("1", "1234", 2))
    lab.has(lab.ocbulk("queue", "1").out, b["tag"])
    for verb in ("retry", "drop", "accept"):
        lab.ends(lab.ocbulk(verb, "1"), 11, "its job 1234 is followed")
        lab.ends(lab.ocbulk(verb, "1", "--forget", "--seq", b["seq"] + 1), 11, "changed meanwhile")
    lab.same(only("open")["seq"], b["seq"])
    lab.ends(lab.once("--wait", "20s"), 0)
    lab.same(items(), [])
    lab.has(lab.ocbulk("queue").out, "last stored: " + contact()["last_stored"])
    lab.same(sorted(lab.stored()), names)

with lab.test("its records are sent again once it is given up"):
    lab.fresh()
    names = open_job()
    lab.has(hand(0, "retry", "1", "--forget", "--seq", only("open")["seq"]).out, "sent again")
    lab.same(contact()["waiting"]["files"], 1)
    lab.ends(lab.once("--wait", "20s"), 0)
    lab.same(sorted(lab.stored()), sorted(names * 2))
    lab.same(lab.waiting(), [])

with lab.test("or are thrown away, and counted"):
    lab.fresh()
    open_job()
    hand(0, "drop", "1", "--forget")
    lab.same(contact()["dropped"], 2)
    lab.same((items(), lab.waiting()), ([], []))

with lab.test("or count as stored"):
    lab.fresh()
    open_job()
    r = lab.ocbulk("accept", "1", "--forget", "--json")
    lab.ends(r, 0)
    lab.same({k: r.json()[k] for k in ("command", "batch", "object", "was", "done")},
             {"command": "accept", "batch": "1", "object": "contact", "was": "open", "done": True})
    lab.same((items(), lab.waiting(), contact()["dropped"]), ([], [], 0))

with lab.test("a damaged journal is told, and left to the daemon"):
    lab.fresh()
    open_job()
    path = lab.spool / "journal"
    raw = bytearray(path.read_bytes())
    raw[2 * 128 + 40] ^= 1
    path.write_bytes(raw)
    assert look()["damaged"]
    lab.has(lab.ocbulk("queue").out, "a part of the journal cannot be read")
    lab.same(path.read_bytes(), raw)

# --- unknown

with lab.test("what is unknown is neither sent again nor thrown away by hand: 11"):
    lab.fresh()
    names = unknown()
    only("unknown")
    lab.ends(lab.ocbulk("retry", "1"), 11, "its job is looked for")
    lab.ends(lab.ocbulk("drop", "1", "--forget"), 11, "its job is looked for")

with lab.test("accepted with its job it is followed to the end"):
    lab.same(lab.jobs()[0]["id"] if isinstance(lab.jobs(), list) else 1234, 1234)
    lab.has(hand(0, "accept", "1", "1234").out, "followed from now on")
    lab.same(only("open")["job"], "1234")
    lab.ends(lab.once("--wait", "20s"), 0)
    lab.same(sorted(lab.stored()), names)
    lab.same((items(), lab.waiting()), ([], []))

with lab.test("accepted without one it counts as stored"):
    lab.fresh()
    names = unknown()
    hand(0, "accept", "1")
    lab.same((items(), lab.waiting()), ([], []))

with lab.test("the job of another batch is refused: 2"):
    lab.fresh()
    names = lab.names(1)
    lab.hand_in(names)
    lab.ends(lab.once(), 0)
    unknown()
    lab.ends(lab.ocbulk("accept", "2", "1234"), 2, "another batch's records")
    only("unknown")

# --- held, with other batches of its file still open: it stands in the journal


def held_in_journal():
    lab.fresh(rest="[object contact]\nbatch_records = 2\n")
    names = lab.names(4)
    lab.faults("upload lost=1\nupload slow=60000 after=1\njobs status=403 count=0")
    lab.hand_in(names)
    lab.once("--wait", "3s")
    b = items("held", 9)
    lab.same(len(b), 1)
    assert "file" not in b[0]
    lab.same(b[0]["reason"], "sent, no clear answer")
    return names, b[0]


with lab.test("held: sent again as a new batch"):
    names, b = held_in_journal()
    lab.ends(lab.ocbulk("retry", "1", "--seq", b["seq"] - 1), 11)
    hand(0, "retry", "1", "--seq", b["seq"])
    lab.once("--wait", "5s")
    lab.same([(i["batch"], i["state"]) for i in items()], [("2", "open")])
    lab.same(sorted(lab.stored()), sorted(names[:2] * 2 + names[2:]))

with lab.test("held: accepted with its job, or thrown away"):
    names, b = held_in_journal()
    hand(0, "accept", "1", "1234")
    lab.once("--wait", "5s")
    lab.same([(i["batch"], i["state"]) for i in items()], [("2", "open")])
    lab.same(contact()["dropped"], 0)
    names, b = held_in_journal()
    hand(0, "drop", "1")
    lab.same([(i["batch"], i["state"]) for i in items()], [("2", "open")])
    lab.same(contact()["dropped"], 2)

# --- set apart in held/

with lab.test("held alone in its file: 9, set apart, and handed in again"):
    lab.fresh()
    names = held()
    b = only("held", 9)
    lab.same((b["file"], b["commands"]), ("held/contact/00000001.csv", [
        "ocbulk retry 1", "ocbulk accept 1", "ocbulk drop 1"]))
    lab.ends(lab.ocbulk("queue"), 9, "1 held")
    lab.ends(lab.ocbulk("retry", "1", "--seq", "4"), 11)
    lab.has(hand(0, "retry", "1").out, "handed in again")
    lab.same(lab.waiting(), ["outbox/contact/retry-00000001.csv"])
    lab.same(list((lab.spool / "held" / "contact").iterdir()), [])
    lab.ends(lab.once("--wait", "20s"), 0)
    lab.same(sorted(lab.stored()), sorted(names * 2))
    lab.same(lab.found_in_spool("Record"), [])

with lab.test("accepted it goes, dropped it goes and is counted"):
    lab.fresh()
    held()
    lab.has(hand(0, "accept", "1", "1234").out, "counted as stored; it was set apart already")
    lab.same((lab.found_in_spool("Record"), contact()["dropped"]), ([], 0))
    lab.fresh()
    held()
    hand(0, "drop", "held/contact/00000001.csv")
    lab.same((lab.found_in_spool("Record"), contact()["dropped"]), ([], 2))
    hand(2, "drop", "1")

with lab.test("no journal: segments are held by their names, and handed in again"):
    lab.fresh()
    names = lab.names(2)
    folder = lab.spool / "queue" / "contact"
    folder.mkdir(parents=True)
    (folder / "00000007.csv").write_text(lab.text(names))
    lab.once("--wait", "2s")
    b = only("held", 9)
    lab.same(b["batch"], "held/contact/segment-00000007")
    lab.has(lab.ocbulk("queue", b["batch"]).out, "journal damaged or missing")
    hand(0, *b["commands"][0].split()[1:])
    lab.ends(lab.once("--wait", "20s"), 0)
    lab.same(sorted(lab.stored()), names)

# --- failed rows

with lab.test("rows told apart: corrected and handed in again"):
    names = failed(rest=KEYED)
    b = only("failed")
    lab.same((b["repeats"], b["rows"]), (False, None))
    path = lab.spool / b["file"]
    lab.same(path.read_text(), f"{lab.text([])}no-address,{names[1]}\n")
    lab.has(lab.ocbulk("queue", "1").out, "row 2 = no-address: invalid e-mail address")
    lines = look(0, "1")["lines"]
    lab.same([x["value"] for x in lines if x["key"] == "row 2"],
             ["no-address: invalid e-mail address 'no-address'"])
    path.write_text(lab.text(names[1:2]))
    hand(0, "retry", "1")
    lab.ends(lab.once("--wait", "20s"), 0)
    lab.same(sorted(lab.stored()), sorted(names))
    lab.same(lab.found_in_spool("Record"), [])

with lab.test("rows that cannot be told apart: only with --all, and how many may repeat"):
    names = failed()
    b = only("failed")
    lab.same((b["repeats"], b["repeats_at_most"], b["commands"][0]),
             (True, 2, "ocbulk retry 1 --all"))
    lab.same(lab.kept("failed"), names)
    lab.ends(lab.ocbulk("retry", "1"), 2, "2 of its rows may be stored")
    lab.ends(lab.ocbulk("accept", "1"), 11)
    lab.has(hand(0, "retry", "1", "--all").out, "2 of its rows may be stored twice then")
    lab.ends(lab.once("--wait", "20s"), 3)
    lab.same(sorted(lab.stored()), sorted([names[0], names[2]] * 2))

with lab.test("an object with an identifier has each row once whatever is sent again"):
    failed()
    lab.settings(rest=KEYED)
    lab.same(only("failed")["commands"][0], "ocbulk retry 1")
    hand(0, "retry", "1")

with lab.test("thrown away, they are counted"):
    failed(rest=KEYED)
    hand(0, "drop", "1")
    lab.same((items(), contact()["dropped"]), ([], 1))

with lab.test("a malformed row, mended"):
    lab.fresh()
    names = lab.names(2)
    lab.hand_in(names, lab.text(names[:1]) + f"{names[1]}\n")
    lab.ends(lab.once("--wait", "20s"), 6)
    b = only("quarantine")
    lab.has(b["error"], "another number of fields")
    lab.ends(lab.ocbulk("accept", b["batch"]), 11)
    (lab.spool / b["file"]).write_text(lab.text(names[1:]))
    hand(0, "retry", b["batch"])
    lab.ends(lab.once("--wait", "20s"), 0)
    lab.same(sorted(lab.stored()), names)

# --- a daemon has the lock: it does as asked


def ctl():
    return sorted(p.name for p in (lab.spool / "ctl").glob("*"))


with lab.test("the daemon does it, and says so"):
    lab.fresh(schedule=FAST)
    names = held()
    lab.faults("")
    with lab.daemon() as d:
        b = only("held", 9)
        lab.has(hand(0, "retry", "1").out, "handed in again")
        lab.until(lambda: sorted(lab.stored()) == sorted(names * 2) and not lab.waiting())
        lab.same(ctl(), [])
        lab.faults("upload slow=60000")
        lab.hand_in(lab.names(2))
        b = lab.until(lambda: items("open"))[0]
        lab.ends(lab.ocbulk("drop", b["batch"]), 11)
        hand(0, "drop", b["batch"], "--forget", "--seq", b["seq"])
        lab.same((items(), contact()["dropped"], ctl()), ([], 2, []))
        lab.same(d.stop(), 0)

with lab.test("what it refuses is told as if it were done here"):
    lab.fresh(schedule=FAST)
    held()
    outbox = lab.spool / "outbox" / "contact"
    with lab.daemon() as d, open(outbox / "retry-00000001.csv", "w") as busy:
        busy.write("x")
        lab.ends(lab.ocbulk("retry", "1"), 12, "there already")
        lab.same((ctl(), only("held", 9)["batch"]), ([], "1"))

with lab.test("while it sends, it is asked, and does it later"):
    lab.fresh(schedule=FAST)
    names = held()
    lab.faults("upload delay=8000")
    with lab.daemon() as d:
        lab.hand_in(lab.names(2))
        lab.until(lambda: items("unknown", 9))
        lab.has(hand(0, "drop", "1").out, "the daemon will do it")
        lab.same(ctl(), ["00000001-drop"])
        lab.until(lambda: ctl() in ([], ["00000001-drop.done"]), 60)
        lab.same((lab.kept("held"), contact()["dropped"]), ([], 2))

with lab.test("many hands at once: each does its own, none waits for a daemon"):
    lab.fresh()
    for n in range(8):
        path = lab.spool / "held" / "contact" / f"{n + 1:08}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(lab.text(lab.names(2)))
    many = [lab.start("drop", n + 1, "--json") for n in range(8)]
    told = [(json.loads(p.communicate()[0]), p.returncode) for p in many]
    lab.same([(t["done"], code) for t, code in told], [(True, 0)] * 8)
    lab.same((lab.kept("held"), contact()["dropped"], ctl()), ([], 16, []))

with lab.test("what was asked of a daemon that died is done at the next start"):
    lab.fresh(schedule=FAST)
    held()
    ctl_dir = lab.spool / "ctl"
    ctl_dir.mkdir(exist_ok=True)
    (ctl_dir / "00000001-drop").write_text("verb = drop\nbatch = 1\nseq = 0\nforget = 0\nall = 0\n"
                                           "job = \nname = \n")
    lab.once("--wait", "2s")
    lab.same((lab.kept("held"), contact()["dropped"]), ([], 2))

# --- who root acts for

if os.geteuid() == 0:
    with lab.test("what root does, the spool's owner can read"):
        lab.fresh()
        held()
        lab.dir.chmod(0o711)
        for path in [lab.spool, *lab.spool.rglob("*")]:
            os.chown(path, 65534, 65534)
        hand(0, "drop", "1")
        lab.same({p.stat().st_uid for p in lab.spool.rglob("*")}, {65534})
        lab.same(contact()["dropped"], 2)

    with lab.test("who may only hand records in is told whose right it is"):
        lab.fresh()
        held()
        lab.open_up()
        os.chown(lab.spool, 0, 65534)
        for words in (("queue",), ("drop", "1")):
            lab.ends(lab.ocbulk(*words, user=65534, group=65534, extra_groups=[]), 12, "sudo ocbulk")

lab.end()
