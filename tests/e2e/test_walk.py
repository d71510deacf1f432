#!/usr/bin/env python3
"""The walk-through as a person does it, and as the seed's curl commands do it."""
import csv
import hashlib
import json
import subprocess

from lab import CERTS, SAMPLE, SECRET, TOKEN, Lab

lab = Lab()
AUTH = f"Authorization: Element {TOKEN}, User {SECRET}"


def curl(*args):
    done = subprocess.run(["curl", "-sS", "--cacert", CERTS / "root.pem", "-H", AUTH,
                           "-H", "accept: application/json", *args],
                          capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


def digest(path):
    sha = hashlib.sha256()
    with open(path, newline="", encoding="utf-8-sig") as f:
        for row in csv.reader(f):
            if row:
                for cell in row:
                    sha.update(cell.encode() + b"\x1f")
                sha.update(b"\x1e")
    return sha.hexdigest()


with lab.test("objects lists the five objects of the walk-through"):
    r = lab.ocbulk("objects")
    lab.ends(r, 0)
    lab.same(r.out.split(), ["activities", "contact", "campaign", "list", "account"])

with lab.test("upload of the sample shows CREATED, then COMPLETE, and all 10 contacts stored"):
    r = lab.ocbulk("upload", "contact", SAMPLE, "--wait")
    lab.ends(r, 0)
    lab.has(r.out, "batch 1: records 1-10, 1114 bytes -> job 1234 CREATED")
    lab.has(r.out, "job 1234 COMPLETE: 10 sent, 10 stored, 0 failed")

with lab.test("the stored rows equal the sample's, cell by cell"):
    stored = json.loads(lab.admin("/digest?job=1234"))
    lab.same(stored["sha256"], digest(SAMPLE))

with lab.test("the request is the seed's: path, one part named file"):
    post = [q for q in json.loads(lab.admin("/requests")) if q["method"] == "POST"][0]
    lab.has(json.dumps(post), "/hubs/marketing/bulk/contact")
    lab.has(json.dumps(post), "path=/sample.csv")

with lab.test("one connection serves the whole walk-through"):
    lab.reset()
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--wait"), 0)
    lab.same(lab.stats()["connections"], 1)

with lab.test("the seed's three curl commands give the same answers"):
    lab.reset()
    names = curl("-X", "GET", f"{lab.base}/hubs/marketing/objects")
    lab.same(names, lab.ocbulk("--json", "objects").json()["objects"])
    made = curl("-X", "POST", "-F", f"file=@{SAMPLE};type=text/csv",
                f"{lab.base}/hubs/marketing/bulk/contact?path=/sample.csv")
    ours = lab.ocbulk("--json", "upload", "contact", SAMPLE).json()
    lab.same(made["status"], ours["batches"][0]["status"])
    lab.same(int(ours["batches"][0]["job"]), int(made["id"]) + 1)
    lab.ends(lab.ocbulk("status", made["id"], "--wait"), 0)
    status = curl("-X", "GET", f"{lab.base}/hubs/marketing/bulk/{made['id']}/status")
    lab.same(status["status"], lab.ocbulk("--json", "status", made["id"]).json()["status"])
    lab.same(json.loads(lab.admin(f"/digest?job={made['id']}"))["sha256"],
             json.loads(lab.admin(f"/digest?job={ours['batches'][0]['job']}"))["sha256"])

with lab.test("jobs lists what was uploaded"):
    r = lab.ocbulk("jobs")
    lab.ends(r, 0)
    lab.has(r.out, "contact")
    jobs = lab.ocbulk("--json", "jobs").json()["jobs"]
    lab.same([j["object"] for j in jobs], ["contact", "contact"])
    lab.same([j["records"] for j in jobs], [10, 10])

with lab.test("objects NAME lists an object's fields"):
    r = lab.ocbulk("--json", "objects", "contact")
    lab.ends(r, 0)
    lab.has([f["name"] for f in r.json()["fields"]], "C_EmailAddress")

with lab.test("rows that failed end with exit 3 and the first reasons"):
    bad = lab.file("bad.csv", "C_EmailAddress,C_FirstName\nana@example.org,Ana\nno-address,Bob\n")
    r = lab.ocbulk("upload", "contact", bad, "--wait")
    lab.ends(r, 3, "some rows were not stored")
    lab.has(r.out, "2 sent, 1 stored, 1 failed")
    lab.has(r.out, "  reason: ")
    job = lab.ocbulk("--json", "jobs").json()["jobs"]
    newest = max(job, key=lambda j: int(j["job"]))["job"]
    listed = lab.ocbulk("errors", newest)
    lab.ends(listed, 0)
    lab.same(len(listed.out.splitlines()), 1)
    target = lab.dir / "errors.txt"
    lab.ends(lab.ocbulk("errors", newest, "-o", target), 0)
    lab.same(target.read_text(), listed.out)
    lab.same(lab.ocbulk("--json", "errors", newest).json()["count"], 1)
    lab.ends(lab.ocbulk("status", newest), 3)

with lab.test("batches repeat the header, cut between records, and each is a job"):
    lab.reset()
    r = lab.ocbulk("--json", "upload", "contact", SAMPLE, "--wait", "--batch-records", "4")
    lab.ends(r, 0)
    batches = sorted(r.json()["batches"], key=lambda b: b["batch"])
    lab.same([b["sent"] for b in batches], [4, 4, 2])
    lab.same([b["first_record"] for b in batches], [1, 5, 9])
    rows = []
    for b in batches:
        got = json.loads(lab.admin(f"/rows?job={b['job']}"))
        rows += got[1:] if rows else got
    with open(SAMPLE, newline="") as f:
        lab.same(rows, list(csv.reader(f)))
    lab.same(r.json()["stored"], 10)

with lab.test("--from-record goes on in the middle"):
    lab.reset()
    r = lab.ocbulk("--json", "upload", "contact", SAMPLE, "--from-record", "9")
    lab.ends(r, 0)
    lab.same(r.json()["sent"], 2)
    rows = json.loads(lab.admin(f"/rows?job={r.json()['batches'][0]['job']}"))
    lab.same(rows[1][0], "penny@acmeeducation.com")

with lab.test("--dry-run sends nothing"):
    lab.reset()
    r = lab.ocbulk("upload", "contact", SAMPLE, "--dry-run")
    lab.ends(r, 0)
    lab.has(r.out, "10 records")
    lab.same(lab.stats()["connections"], 0)

with lab.test("cancel asks, waits and tells"):
    lab.faults("upload slow=60000")
    made = lab.ocbulk("--json", "upload", "contact", SAMPLE).json()["batches"][0]["job"]
    lab.ends(lab.ocbulk("status", made), 10)
    r = lab.ocbulk("cancel", made)
    lab.ends(r, 0)
    lab.has(r.out, "CANCELLED")

with lab.test("check reads without sending"):
    lab.reset()
    r = lab.ocbulk("check", SAMPLE)
    lab.ends(r, 0)
    lab.has(r.out, "10 good records, no faults")
    lab.same(lab.stats()["connections"], 0)

with lab.test("every command has its help, and the program its version"):
    for name in ("objects", "check", "upload", "status", "errors", "jobs", "cancel", "config"):
        r = lab.ocbulk(name, "--help")
        lab.ends(r, 0)
        lab.has(r.out, f"usage: ocbulk {name}")
    lab.ends(lab.ocbulk("--help"), 0)
    lab.has(lab.ocbulk("--version").out, "Mbed TLS")

with lab.test("secrets stand in no output, even the most talkative one"):
    for args in (["-v", "objects"], ["-v", "config"], ["--json", "-v", "jobs"]):
        r = lab.ocbulk(*args)
        for secret in (TOKEN, SECRET):
            lab.lacks(r.out + r.err, secret)

with lab.test("the stand-in service ends cleanly"):
    lab.same(lab.stop_cloud(), 0)
    lab.start_cloud()

lab.end()
