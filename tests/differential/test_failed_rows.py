#!/usr/bin/env python3
"""Which rows failed: generated batches and errors, judged by Python's csv and regular expressions.

OCB_SEED chooses other ones, OCB_CASES how many."""
import csv
import io
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOL = TOP / os.environ.get("OCB_BUILD", "build") / "tests" / "differential" / "tool_failed_rows"
SEED = int(os.environ.get("OCB_SEED", "1"))
CASES = int(os.environ.get("OCB_CASES", "600"))

# Identifiers that are parts of one another, and of what stands around them.
IDS = ["ana@x.org", "ana@x.org.au", "ana@x", "joana@x.org", "jo-ana@x.org", "ana", "anab", "anab.",
       "Anab", "a,b c", 'q"uo"te', "two\nlines", "400", "404040", "12345", "x404040", "", " ana@x",
       "größe", "größen", "Acme Inc.", "Acme Inc", "+491234", "491234", "row 7"]
FORMS = ["{}", "{}: bad", "no: '{}'.", "({})", "is {}.", "{}. Then more", "{}..", "{}s are bad",
         "x{}", ".{}", "-{}-", "{}é", "bad", "", "row 7 = {}", "{} or {}", "error = {}"]


def names(words, value):
    """Whether the value stands in the words as a word of its own."""
    if len(value.encode()) < (6 if re.fullmatch("[0-9]+", value) else 4):
        return False
    word = r"[0-9A-Za-z@._+\-\u0080-\U0010ffff]"
    return re.search(rf"(?<!{word}){re.escape(value)}(?=\.?(?:$|(?!{word})))(?!\.{word})", words,
                     re.S) is not None


def split(text):
    """Raw rows: a line end inside quotes ends none, a blank line is none."""
    rows, row = [], ""
    for line in re.findall(r"[^\n]*\n|[^\n]+$", text):
        row += line
        if row.count('"') % 2 == 0:
            if row.strip("\r\n"):
                rows.append(row)
            row = ""
    return rows


def expected(text, column, failed, errors):
    """Numbers of the rows that failed, one for each error; None: they cannot be told apart."""
    values = [row[column] for row in csv.reader(io.StringIO(text, newline="")) if row][1:]
    hits = [[n for n, v in enumerate(values, 1) if names(e, v)] for e in errors]
    if any(len(h) != 1 for h in hits) or len({h[0] for h in hits}) != failed or not hits:
        return None
    return [h[0] for h in hits]


def field(r, value):
    if any(c in value for c in ',"\n') or r.random() < 0.2:
        return '"' + value.replace('"', '""') + '"'
    return value


def generate(r):
    columns, column = r.choice([(["id"], 0), (["id", "b"], 0), (["a", "id"], 1),
                                (["a", "id", "c"], 1)])
    end = r.choice(["\n", "\r\n"])
    unique = r.random() < 0.8
    ids = r.sample(IDS, r.randint(1, 8)) if unique else r.choices(IDS, k=r.randint(1, 8))
    if columns == ["id"]:
        ids = [i for i in ids if i.strip()] or ["ana"]  # a row of nothing is a blank line
    text = ",".join(columns) + end
    for n, i in enumerate(ids):
        cells = [field(r, i) if k == column else field(r, r.choice(["x", "", "ana@x.org", "a\nb"]))
                 for k in range(len(columns))]
        text += ",".join(cells) + (end if n + 1 < len(ids) or r.random() < 0.7 else "")
        text += end if r.random() < 0.1 and text.endswith(end) else ""
    bad = r.sample(ids, r.randint(0, min(3, len(ids))))
    likely = FORMS[:6] if r.random() < 0.7 else FORMS
    errors = [r.choice(likely).format(i, r.choice(ids)).replace("\n", " ") for i in bad]
    errors += [r.choice(FORMS).format(r.choice(ids), "x").replace("\n", " ")
               for _ in range(r.choice([0, 0, 0, 1]))]
    failed = r.choice([len(set(bad))] * 5 + [-1, 0, 1, 2, len(ids)])
    return text, column, failed, errors, len(ids)


def run(folder, text, failed, errors, records):
    queue = folder / "queue" / "contact"
    queue.mkdir(parents=True, exist_ok=True)
    (queue / "00000001.csv").write_bytes(text.encode())
    done = subprocess.run([TOOL, folder, "id", str(failed), str(records)], check=True,
                          input="".join(e + "\n" for e in errors).encode(), capture_output=True)
    kept = folder / "failed" / "contact" / "00000007"
    if int(done.stdout) < 0:
        return int(done.stdout), "", ""
    return (int(done.stdout), kept.with_suffix(".csv").read_bytes().decode(),
            kept.with_suffix(".reason").read_bytes().decode())


def want(text, column, failed, errors, records):
    found = expected(text, column, failed, errors)
    rows = split(text)
    reason = "".join(f"error = {e}\n" for e in errors)
    if found is None:
        some = f"{failed} of {records} failed, " if failed >= 0 else ""
        rest = f": {some}the service does not tell which" if failed != records else " failed"
        return 0, text, reason + f"rows = all {records}{rest}\n"
    reason += "".join(f"row {n} = {e}\n" for n, e in zip(found, errors))
    return 1, rows[0] + "".join(rows[n] for n in sorted(set(found))), reason


def main():
    r = random.Random(SEED)
    passed = wrong = told = 0
    ram = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # no disk need be waited for
    with tempfile.TemporaryDirectory(dir=ram) as top:
        for n in range(CASES):
            case = generate(r)
            right = want(*case)
            got = run(pathlib.Path(top), case[0], case[2], case[3], case[4])
            told += right[0]
            if got == right:
                passed += 1
            else:
                wrong += 1
                print(f"FAIL case {n}: {case!r}\n got {got!r}\nwant {right!r}")
    if not CASES / 10 < told < CASES * 9 / 10:
        wrong += 1
        print(f"FAIL {told} of {CASES} batches were told apart: they are not worth much")
    print(f"{passed} passed, {wrong} failed")
    return wrong != 0


sys.exit(main())
