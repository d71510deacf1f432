#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""What stands in the file stands in the service: cell by cell, judged by Python's csv module."""
import csv
import hashlib
import json
import os
import random

from lab import SAMPLE, TOP, Lab

lab = Lab()
SEED = 20261125


def digest(rows):
    sha = hashlib.sha256()
    n = -1
    for row in rows:
        if row:
            n += 1
            for cell in row:
                sha.update(cell.encode() + b"\x1f")
            sha.update(b"\x1e")
    return n, sha.hexdigest()


def equal(path, *args):
    """Uploads the file in one batch and compares what is stored."""
    lab.reset()
    r = lab.ocbulk("--json", "upload", "contact", path, "--batch-records", "10000000",
                   "--batch-bytes", "2G", *args, timeout=900)
    lab.ends(r, 0)
    with open(path, newline="", encoding="utf-8-sig") as f:
        rows, sha = digest(csv.reader(f))
    job = r.json()["batches"][0]["job"]
    stored = json.loads(lab.admin(f"/digest?job={job}"))
    lab.same((r.json()["sent"], stored["rows"], stored["sha256"]), (rows, rows, sha))
    return job


with lab.test("the sample"):
    equal(SAMPLE)

SPECTRUM = TOP / "build/deps/npm/node_modules/csv-spectrum"
with lab.test("csv-spectrum is there"):
    lab.same(len(list(SPECTRUM.glob("csvs/*.csv"))), 12)
MALFORMED = "location_coordinates"  # quotes inside unquoted fields, which RFC 4180 forbids
for path in sorted(SPECTRUM.glob("csvs/*.csv")):
    if path.stem == MALFORMED:
        with lab.test(f"csv-spectrum's {path.name} is refused with its place; nothing is sent"):
            lab.reset()
            lab.ends(lab.ocbulk("upload", "contact", path), 6, f"{path.name}:2:24 ")
            lab.same(lab.stats()["connections"], 0)
        continue
    with lab.test(f"csv-spectrum's {path.name}, as its own JSON has it"):
        job = equal(path)
        header, *rows = json.loads(lab.admin(f"/rows?job={job}"))
        lab.same([dict(zip(header, row)) for row in rows],
                 json.loads((SPECTRUM / "json" / f"{path.stem}.json").read_text()))

CELLS = ["", "plain", 'quote "q"', "comma, here", "two\nlines", "crlf\r\nlines", "größe", "名前",
         "\U0001f600", " spaces ", "=1+1", "+49 30 1234", "'", '""', "x" * 300]


def generated(path, count):
    rnd = random.Random(SEED)
    print(f"{count} rows from seed {SEED}")
    rows = [[rnd.choice(CELLS) for _ in range(6)] for _ in range(2000)]
    with open(path, "w", newline="", encoding="utf-8") as f:
        w = csv.writer(f)
        w.writerow(["email", "a", "b", "c", "d", "e"])
        for n in range(count):
            w.writerow([f"p{n}@example.org"] + rows[rnd.randrange(2000)][1:])


# The long form has a million rows; under sanitizers, and by default, fewer go as well.
count = int(os.environ.get("ROWS", "1000000" if os.environ.get("OCB_BUILD", "build") == "build"
                           else "20000"))
with lab.test(f"{count} generated rows with quotes, line breaks and UTF-8"):
    path = lab.dir / "generated.csv"
    generated(path, count)
    equal(path)

lab.end()
