#!/usr/bin/env python3
"""Records put into the spool: by hand, by many at once, by killed ones, and by the README's hooks.

OCB_ADDS=N: so many records of each of the eight producers that get killed (40).
"""
import concurrent.futures
import csv
import io
import json
import os
import random
import re
import shutil
import stat
import subprocess
import threading
import time
import urllib.parse

from lab import BUILD, TOP
from spool_lab import SpoolLab

lab = SpoolLab()
PICK = random.Random(20261125)
PIECES = ["", "a", " ", ",", '"', '""', "\n", "\r\n", "\r", "é", "𝄞", "=1+1", "+15550100", "-5", "@x",
          "\u2028", "\t", "'", "\\", "word", "null"]
NO_ROOM = "headroom = 1000G\nmax_bytes = 1024G\n"
COLUMNS = "[object contact]\ncolumns = id,text,more\n"


def add(*words, object="contact", input=None, **more):
    return lab.ocbulk("add", object, *words, **({"stdin": None, "input": input} if input is not None
                                                else {}), **more)


def rows(object="contact"):
    """All records of the outbox, by column; each file is one that Python's csv reads strictly."""
    found = []
    for path in sorted((lab.spool / "outbox" / object).iterdir()):
        if path.name == ".open" or path.suffix == ".csv" and not path.name.startswith("."):
            text = path.read_bytes().decode()
            assert text.endswith("\n"), path
            found += list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    return found


def kept_text(fields):
    return "".join(PICK.choices(PIECES, k=PICK.randrange(fields)))


# --- how records come in

with lab.test("words, quoted where they must be; missing columns are empty"):
    lab.fresh(rest=COLUMNS)
    lab.ends(add("id=1", 'text=a "b", c', "more=x\ny"), 0)
    lab.ends(add("more==1+1", "id=+15550100"), 0)
    lab.ends(add("--", "id=-5", "text=@site"), 0)
    r = add("id=2")
    lab.ends(r, 0)
    lab.same((r.out, r.err), ("", ""))
    lab.same((lab.spool / "outbox/contact/.open").read_text(),
             'id,text,more\n1,"a ""b"", c","x\ny"\n+15550100,,=1+1\n-5,@site,\n2,,\n')

with lab.test("JSON objects, as Python writes them"):
    lab.fresh(rest=COLUMNS)
    want = [{"id": str(i), "text": kept_text(6), "more": kept_text(4)} for i in range(60)]
    text = "".join(json.dumps(r, ensure_ascii=i % 2 == 0, indent=i % 3 or None) + "\n"
                   for i, r in enumerate(want))
    lab.ends(add(input=text), 0)
    lab.same(rows(), want)

with lab.test("CSV rows, as Python writes them, in another order"):
    lab.fresh(rest=COLUMNS)
    out = io.StringIO()
    table = csv.DictWriter(out, ["more", "id", "text"], lineterminator="\r\n")
    table.writeheader()
    table.writerows(want)
    lab.ends(add(input=out.getvalue()), 0)
    lab.same(rows(), want)

with lab.test("CSV rows that need no change go over byte for byte"):
    lab.fresh(rest=COLUMNS)
    text = 'id,text,more\n1,"quoted",x\n"2","","a\r\nb"\n'
    lab.ends(add(input=text), 0)
    lab.same((lab.spool / "outbox/contact/.open").read_bytes(), text.encode())

with lab.test("the longest record, and one that is longer"):
    lab.fresh(rest=COLUMNS)
    lab.ends(add(input=json.dumps({"id": "1", "text": "x" * 65000})), 0)
    lab.ends(add(input=json.dumps({"id": "2", "text": "x" * 66000})), 6, "longer than the limit")
    lab.ends(add("id=3", "text=" + "x" * 66000), 6, "longer than 65536 bytes")
    lab.same([r["id"] for r in rows()], ["1"])

with lab.test("as many columns as there may be, each a word"):
    names = [f"column{i}" for i in range(128)]
    lab.fresh(rest=f"[object wide]\ncolumns = {','.join(names)}\n")
    want = {n: f"value, {n}" for n in names}
    lab.ends(add(*[f"{n}={v}" for n, v in want.items()], object="wide"), 0)
    lab.same(rows("wide"), [want])

# --- what is refused

with lab.test("a name that is no column"):
    lab.fresh(rest=COLUMNS)
    lab.ends(add("id=1", "txet=a"), 2, "no such column: `txet`; did you mean `text`?")
    lab.ends(add("Id=1"), 2, "the column is `id`: capitals count")
    lab.ends(add("id=1", "id=2"), 2, "`id` is given twice")
    lab.ends(add("id"), 2, "no record: `id`")
    lab.same((lab.spool / "outbox/contact").exists(), False)

with lab.test("bytes that are no UTF-8"):
    lab.ends(add("id=\udcff"), 6, "not UTF-8")

with lab.test("the line that failed, and how many were added before"):
    r = add(input='id\n1\n2\n"3\n')
    lab.ends(r, 6, r"never closed: standard input:4:1 \(byte 7\); 2 records were added before")
    r = lab.ocbulk("--json", "add", "contact", stdin=None, input='{"id":5}\n{"id":6,"x":1}\n')
    lab.ends(r, 2, "standard input:2: `x`; 1 record was added before; the columns are")
    told = r.json()
    lab.same((told["added"], told["line"], told["exit"]), (1, 2, 2))
    lab.same([x["id"] for x in rows()], ["1", "2", "5"])

with lab.test("an empty standard input is no record"):
    lab.ends(add(input=""), 2, "standard input is empty")
    lab.ends(add(input="id,text\n"), 0)

with lab.test("objects that cannot be"):
    lab.ends(add("id=1", object="query"), 2, "verb")
    lab.ends(add("id=1", object="../x"), 2, "object name")

# --- columns that nobody has set

with lab.test("without `columns` the first record's names are the columns"):
    lab.fresh()
    lab.ends(add("a=1", "b=2"), 0)
    lab.ends(add("b=3"), 0)
    lab.ends(add("c=4"), 2, "no such column: `c`")
    lab.same(rows(), [{"a": "1", "b": "2"}, {"a": "", "b": "3"}])

with lab.test("columns that have changed begin another segment"):
    lab.fresh(rest=COLUMNS)
    lab.ends(add("id=1"), 0)
    lab.settings(rest="[object contact]\ncolumns = id,other\n")
    lab.ends(add("other=x"), 0)
    lab.same((lab.spool / "outbox/contact/add-0000000001.csv").read_text(), "id,text,more\n1,,\n")
    lab.same((lab.spool / "outbox/contact/.open").read_text(), "id,other\n,x\n")

with lab.test("columns that cannot be are told"):
    lab.fresh(rest='[object contact]\ncolumns = id,"te"xt\n')
    lab.ends(add("id=1"), 2, "correct `columns`")

# --- the spool

with lab.test("what is added is sent by the next pass, and nothing stays"):
    lab.fresh()
    names = lab.names(40)
    lab.ends(add(input=lab.text(names)), 0)
    lab.ends(lab.once(), 0)
    lab.same(sorted(lab.stored()), names)
    lab.same(lab.waiting(), [])

with lab.test("the daemon is woken by the first record"):
    lab.fresh(spool="seal_after = 1s\n", schedule="splay = 0\ninterval = 1h\n")
    with lab.daemon() as daemon:
        names = lab.names(1)
        lab.ends(add(input=lab.text(names)), 0)
        daemon.drained()
        lab.same(lab.stored(), names)

with lab.test("a full spool refuses, and what waits stays"):
    lab.fresh(spool="max_bytes = 64K\nheadroom = 0\n", rest=COLUMNS)
    r = add(input="id,text\n" + "".join(f"{i},{'x' * 1000}\n" for i in range(100)))
    lab.ends(r, 12, "the spool is full")
    got = rows()
    lab.has(r.err, f"{len(got)} records were added before")
    lab.same([x["id"] for x in got], [str(i) for i in range(len(got))])
    lab.same(60 < len(got) < 66, True)

with lab.test("flash without headroom refuses"):
    lab.fresh(spool=NO_ROOM, rest=COLUMNS)
    lab.ends(add("id=1"), 12, "the flash is full")

with lab.test("a segment is sealed before it holds more than a batch"):
    lab.fresh(rest=COLUMNS + "batch_records = 7\n")
    lab.ends(add(input="id\n" + "".join(f"{i}\n" for i in range(23))), 0)
    lab.same([len(p.read_text().splitlines()) for p in
              sorted((lab.spool / "outbox/contact").glob("add-*.csv"))], [8, 8, 8])
    lab.same([x["id"] for x in rows()][-2:], ["19", "20"])

with lab.test("the group may add, others may not"):
    if os.geteuid() != 0:
        print("skip - only root can be somebody else")
    else:
        lab.fresh(rest=COLUMNS)
        lab.dir.chmod(0o755)
        lab.conf.chmod(0o644)
        program = shutil.copy(BUILD / "ocbulk", lab.dir / "ocbulk")
        lab.ends(add("id=1"), 0)
        for path in (lab.spool, *lab.spool.rglob("*")):
            os.chown(path, -1, 4242)
            path.chmod(0o2770 if path.is_dir() else 0o660)
        (lab.spool / "queue" / "contact").mkdir(parents=True, mode=0o700)
        os.chmod(lab.spool / "queue", 0o700)

        def somebody(group):
            return subprocess.run([program, "add", "contact", "id=2"], env=lab.environment(),
                                  user=4243, group=4243, extra_groups=group, capture_output=True,
                                  text=True, cwd="/").returncode

        lab.same(somebody([4242]), 0)
        lab.same(somebody([]), 12)
        lab.ends(add("id=3"), 0)
        lab.same([x["id"] for x in rows()], ["1", "2", "3"])
        modes = {stat.S_IMODE(p.stat().st_mode) for p in (lab.spool / "outbox/contact").iterdir()}
        lab.same(modes, {0o660})

# --- many at once

PRODUCERS = 8


def at_once(work):
    with concurrent.futures.ThreadPoolExecutor(PRODUCERS) as pool:
        return list(pool.map(work, range(PRODUCERS)))


with lab.test("eight producers, killed at random: what was acknowledged is there once"):
    lab.fresh(rest=COLUMNS + "batch_records = 100\n")
    each = int(os.environ.get("OCB_ADDS", "40"))
    env = lab.environment()

    def text_of(id):
        return f'"{id}"\n,' * (3000 if int(id) % 7 == 0 else 1)

    def produce(n):
        acked, tried = [], []
        pick = random.Random(n)
        for k in range(each):
            id = str(n * 10000 + k)
            tried.append(id)
            p = subprocess.Popen([BUILD / "ocbulk", "add", "contact"], env=env,
                                 stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            timer = None
            if pick.random() < 0.4:
                timer = threading.Timer(pick.uniform(0, 0.03), p.kill)
                timer.start()
            try:
                p.communicate(json.dumps({"id": id, "text": text_of(id)}).encode())
            except BrokenPipeError:
                pass
            if p.wait() == 0:
                acked.append(id)
        return acked, tried

    told = at_once(produce)
    lab.ends(add("id=99999", f"text={text_of(99999)}"), 0)  # mends what the last one left
    found = [(x["id"], x["text"]) for x in rows()]
    acked = {i for a, _ in told for i in a} | {"99999"}
    tried = {i for _, t in told for i in t} | {"99999"}
    lab.same(len(found), len(set(found)))
    lab.same(acked - {i for i, _ in found}, set())
    lab.same({i for i, _ in found} - tried, set())
    lab.same([i for i, text in found if text != text_of(i)], [])
    print(f"# {len(tried)} tried, {len(acked)} acknowledged, {len(found)} there")

with lab.test("a stream that is killed: whole records, in order, each once"):
    lab.fresh(rest=COLUMNS)
    for delay in (0.01, 0.03, 0.06):
        p = subprocess.Popen([BUILD / "ocbulk", "add", "contact"], env=lab.environment(),
                             stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        timer = threading.Timer(delay, p.kill)
        timer.start()
        try:
            p.communicate(("id,text\n" + "".join(f'{i},"{i}\n"\n' for i in range(5000))).encode())
        except BrokenPipeError:
            pass
    lab.ends(add("id=end"), 0)
    got = [x["id"] for x in rows()]
    lab.same(got[-1], "end")
    runs = [[]]
    for i in got[:-1]:
        runs += [[]] if i == "0" else []
        runs[-1].append(i)
    for run in runs:
        lab.same(run, [str(i) for i in range(len(run))])


def cost(result):
    return [int(n) for n in re.search(r"(\d+) added, writes (\d+), syncs (\d+)", result.err).groups()]


with lab.test("a record is one write and one sync"):
    lab.fresh(rest=COLUMNS)
    lab.ends(add("id=0"), 0)
    lab.same(cost(add("id=1", "-v")), [1, 1, 1])
    added, writes, syncs = cost(add("-v", input="id\n" + "".join(f"{i}\n" for i in range(1000))))
    lab.same((added, syncs), (1000, 1000))
    lab.same(1000 <= writes <= 1020, True)

with lab.test("producers that add at the same time share a sync"):
    lab.fresh(spool="fsync = 1s\n", rest=COLUMNS)
    lab.ends(add("id=first"), 0)
    done = at_once(lambda n: add("-v", f"id={n}"))
    for r in done:
        lab.ends(r, 0)
    lab.same(sorted(x["id"] for x in rows()), sorted(["first", *map(str, range(PRODUCERS))]))
    syncs = sum(cost(r)[2] for r in done)
    print(f"# {PRODUCERS} producers, {syncs} syncs")
    lab.same(1 <= syncs <= 3, True)

with lab.test("a stream shares syncs too"):
    added, writes, syncs = cost(add("-v", input="id\n" + "".join(f"{i}\n" for i in range(500))))
    lab.same(added, 500)
    lab.same(syncs <= 3, True)

def write_bare(lines):
    fd = os.open(lab.dir / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for line in lines:
        os.write(fd, line)
        os.fsync(fd)
    os.close(fd)


with lab.test("the rate of a stream beside a bare loop of write and fsync (told, not judged)"):
    lab.fresh(rest=COLUMNS)
    lines = [f"{i},Ana,+15550100\n".encode() for i in range(250)]
    text = "id,text,more\n" + b"".join(lines).decode()
    ways = {"add": lambda: lab.ends(add(input=text), 0), "bare": lambda: write_bare(lines)}
    spent = {"add": 0.0, "bare": 0.0}
    for turn in range(6):
        for way in sorted(ways, reverse=turn % 2 == 1):
            start = time.monotonic()
            ways[way]()
            spent[way] += time.monotonic() - start
    lab.same(len(rows()), 6 * 250)
    print(f"# {1500 / spent['add']:.0f} records a second, bare {1500 / spent['bare']:.0f}: "
          f"{100 * spent['bare'] / spent['add']:.0f} %")

# --- the README's scripts

SCRIPTS = re.findall(r"```sh\n(#!/bin/sh\n# ([\w -]+):.*?)```", (TOP / "README.md").read_text(), re.S)


def script(name):
    path = lab.dir / name.replace(" ", "-")
    path.write_text(dict((n, text) for text, n in SCRIPTS)[name])
    path.chmod(0o755)
    return path


def run(name, *args, **more):
    env = lab.environment(PATH=f"{BUILD}:{os.environ['PATH']}", **more.pop("env", {}))
    return subprocess.run(["sh", script(name), *map(str, args)], env=env, capture_output=True,
                          **more)


FORM = "[object contact]\ncolumns = C_EmailAddress,C_FirstName,C_LastName\n"

with lab.test("the captive portal's hook records a sign-in and lets the guest in"):
    lab.fresh(rest=FORM)
    guest = 'Ana "Nan", $(reboot) `id` \'x'
    r = run("captive portal", "auth_client", "12:34:56:78:90:ab", "ana@example.org", guest)
    lab.same((r.returncode, r.stdout, r.stderr), (0, b"3600 0 0\n", b""))
    lab.same(rows(), [{"C_EmailAddress": "ana@example.org", "C_FirstName": guest,
                       "C_LastName": ""}])
    lab.same(run("captive portal", "client_deauth", "12:34:56:78:90:ab", "0", "0").stdout, b"")
    lab.same(len(rows()), 1)

with lab.test("the portal lets the guest in even when the spool refuses"):
    lab.settings(spool=NO_ROOM, rest=FORM)
    r = run("captive portal", "auth_client", "12:34:56:78:90:ab", "ana@example.org", "Ana")
    lab.same(r.stdout, b"3600 0 0\n")


def post(body, length=None):
    return run("kiosk form", input=body, env={"CONTENT_LENGTH": str(length or len(body))})


def encode(fields):
    return urllib.parse.urlencode(fields).encode()


with lab.test("the kiosk's form records what was typed, whatever it is"):
    lab.fresh(rest=FORM)
    want = [{"C_EmailAddress": f"{i}@example.org", "C_FirstName": kept_text(6),
             "C_LastName": '"; $(reboot) %41 \\u0041 \\'} for i in range(8)]
    for fields in want:
        r = post(encode(fields))
        lab.same((r.returncode, r.stderr), (0, b""))
        lab.has(r.stdout, b"Status: 200 OK\r\n")
    lab.same(rows(), want)

with lab.test("a form that was forged or cut is no record, and is told"):
    for body in (b"", b"C_EmailAddress=%00", b"C_EmailAddress=%ff", b"Other=1", b"=1", b"%"):
        lab.has(post(body, 10).stdout, b"Status: 503 ")
    lab.has(post(b'C_EmailAddress=a"b,c\\&C_FirstName=1').stdout, b"Status: 200 ")
    lab.same(rows()[-1]["C_EmailAddress"], 'a"b,c\\')
    lab.same(len(rows()), len(want) + 1)

with lab.test("a file that is handed in as the README says is sent"):
    lab.fresh()
    names = lab.names(5)
    file = lab.file("list.csv", lab.text(names))
    r = run("hand in", "contact", file, env={"SPOOL": str(lab.spool)})
    lab.same((r.returncode, r.stderr), (0, b""))
    lab.same(lab.waiting(), ["outbox/contact/list.csv"])
    lab.ends(lab.once(), 0)
    lab.same(sorted(lab.stored()), names)

lab.end()
