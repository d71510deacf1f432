#!/usr/bin/env python3
# BUILDS: plain
"""Uploads under random faults: whatever happens, what is told of each batch is what the service has.

Each round draws a fault for some of the calls and sends a file in three batches. Then: a batch that
is told as accepted has its job, one that is told as not sent has none, and only one whose outcome
is told as unknown may have one or not. No row is ever there twice. Then it is run again without
faults until it ends, and what was unknown is settled as a person does who has looked: each row is
there once."""
import json
import os
import random

from lab import Lab

lab = Lab()
SEED = int(os.environ.get("SEED", "20261125"))
ROUNDS = int(os.environ.get("ROUNDS", "120"))
ROWS = [f"p{n}@example.org,P{n}" for n in range(1, 31)]
FILE = lab.file("rows.csv", "C_EmailAddress,C_FirstName\n" + "\n".join(ROWS) + "\n")
rnd = random.Random(SEED)
print(f"{ROUNDS} rounds from seed {SEED}")

# What makes a job beside its answer is only what leaves the outcome unknown.
UPLOAD = ["status=400", "status=401", "status=404", "status=409", "status=413", "status=415",
          "status=422", "status=429", "status=429 retry-after=1", "status=302", "status=408",
          "status=500", "status=502 made=1", "status=503", "status=504 made=1", "html=200 made=1",
          "html=502", "html=404", "lost=1", "lost=1 close=torn", "reply-cut=0", "reply-cut=5",
          "reply-cut=31", "garbage=50 made=1", "garbage=7", "raw= made=1", "cut=1", "cut=200",
          "early=0", "early=1 status=503", "early=100 status=401", "early=50 close=rst",
          "redirect=/elements/api-v2/x", "id=a%2Fb", "id=..", "chunked=1", "chunked=7 drip=1",
          "continue=3", "continue=9", "close=said", "close=silent", "close=end", "close=torn",
          "close=rst", "word=RUNNING", "same-id=1", "raw=HTTP/1.1%20200%20OK%0D%0A%0D%0A{} made=1",
          "body={} made=1", "body=[] made=1", "delay=50", "read-delay=20"]
OTHER = ["status=503", "status=500", "reply-cut=3", "close=torn", "close=silent", "chunked=2",
         "garbage=9", "html=502", "drip=1", "lost=1", "continue=2"]


def script():
    """Each upload has one fault at most: together they could be a job that was clearly refused."""
    after = rnd.sample(range(5), rnd.choice((1, 1, 2, 3)))
    count = rnd.choice((1, 2)) if len(after) == 1 else 1
    lines = [f"upload {rnd.choice(UPLOAD)} count={count} after={n}" for n in after]
    if rnd.random() < 0.5:
        lines.append(f"{rnd.choice(('objects', 'metadata', 'status', 'errors'))} "
                     f"{rnd.choice(OTHER)}")
    return "\n".join(lines)


def stored():
    """The jobs that there are, each as its first row."""
    jobs = []
    for n in range(lab.jobs()):
        rows = json.loads(lab.admin(f"/rows?job={1234 + n}"))
        jobs.append([",".join(row) for row in rows[1:]])
    return jobs


def check(faults, wait):
    lab.reset()
    lab.faults(faults)
    r = lab.ocbulk("--json", "upload", "contact", FILE, "--batch-records", "10",
                   *(["--wait", "--deadline", "4s"] if wait else []))
    got, jobs = r.json(), stored()
    lab.same(got["exit"], r.code)
    batches = got.get("batches", [])
    unknown = r.code == 9 and "outcome unknown" in r.err
    rows = [row for job in jobs for row in job]
    lab.same(len(rows), len(set(rows)))
    accepted = sorted(b["first_record"] for b in batches)
    there = sorted(ROWS.index(job[0]) + 1 for job in jobs)
    beyond = [n for n in there if n not in accepted]
    assert set(accepted) <= set(there), f"accepted {accepted}, there {there}"
    assert not beyond or (unknown and len(beyond) == 1), f"accepted {accepted}, there {there}"
    lab.same(got.get("sent", 0), 10 * len(accepted))
    if r.code == 0:
        lab.same(there, [1, 11, 21])
    if len(accepted) < 3 and accepted:
        lab.has(r.err, "run it again")
    go_on(got, unknown and beyond, wait)


def go_on(got, there, wait):
    """there: the batch that nobody knows of has made its job."""
    lab.faults("")
    if got["exit"] == 0 or got.get("journal") is None:
        assert lab.jobs() in (0, 3), f"{lab.jobs()} jobs"
        return
    answer = "skip" if there else "resend"
    r = lab.ocbulk("--json", "upload", "contact", FILE, "--batch-records", "7", "--unknown", answer,
                   *(["--wait"] if wait else []))
    lab.same((r.code, r.json()["journal"]), (0, None))
    lab.same(sorted(row for job in stored() for row in job), sorted(ROWS))


for n in range(ROUNDS):
    faults, wait = script(), rnd.random() < 0.5
    with lab.test(f"round {n}: {faults!r}{' --wait' if wait else ''}"):
        check(faults, wait)

lab.end()
