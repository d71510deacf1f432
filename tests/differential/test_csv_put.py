#!/usr/bin/env python3
"""Rows that csv_put writes, as Python's csv reads them; and as it would have written them.

OCB_ROWS=N: so many rows of chance instead of 4000.
"""
import csv
import io
import os
import pathlib
import random
import struct
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
TOOL = TOP / os.environ.get("OCB_BUILD", "build") / "tests/differential/tool_csv_put"
PIECES = ["", "a", " ", ",", '"', '""', "\n", "\r", "\r\n", "é", "𝄞", "=1+1", "+49", ";", "\t", "'",
          "\ufeff", "\u2028", "word", "\\", "x" * 300]


def chance(count):
    pick = random.Random(20261125)
    return [["".join(pick.choices(PIECES, k=pick.randrange(5))) for _ in range(pick.randrange(1, 9))]
            for _ in range(count)]


def put(rows):
    out = bytearray()
    for row in rows:
        out += struct.pack("<I", len(row))
        for field in row:
            text = field.encode()
            out += struct.pack("<I", len(text)) + text
    return subprocess.run([TOOL], input=bytes(out), stdout=subprocess.PIPE, check=True).stdout


def pythons(row):
    """A carriage return is quoted by all Pythons only when it is a part of the line end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(row)
    return text.getvalue()[:-2] + "\n"


rows = chance(int(os.environ.get("OCB_ROWS", "4000")))
text = put(rows).decode()
read = list(csv.reader(io.StringIO(text, newline=""), strict=True))
passed = failed = 0
for name, good in (("Python reads the rows that were put", read == rows),
                   ("Python would put the same bytes", text == "".join(map(pythons, rows)))):
    passed, failed = passed + good, failed + (not good)
    print(f"{'ok' if good else 'not ok'} - {name}")
if failed:
    print([(a, b) for a, b in zip(read, rows) if a != b][:3])
    print([(put([r]), pythons(r)) for r in rows if put([r]).decode() != pythons(r)][:3])
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
