#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""csv-spectrum (npm): files that trip CSV parsers, and what must be read from each."""
import json
import os
import subprocess
import sys

top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
build = os.path.join(top, os.environ.get("OCB_BUILD", "build"))
tool = os.path.join(build, "tests", "differential", "tool_csv_rows")
spectrum = os.path.join(top, "build", "deps", "npm", "node_modules", "csv-spectrum")

# Lenient parsers take a quote inside an unquoted field; RFC 4180 and we do not. (The values that
# are expected for this file are not its own, either.)
REFUSED = {"location_coordinates": "CSV_QUOTE 81 2 24"}


def read(text, step):
    """The file as a list of objects, or the fault."""
    out = subprocess.run([tool, str(step)], input=text, stdout=subprocess.PIPE, check=False)
    rows = out.stdout.decode().split("\x1e")
    fault = rows.pop()
    if out.returncode != 0:
        return fault
    table = [row.split("\x1f")[:-1] for row in rows]
    return [dict(zip(table[0], row)) for row in table[1:]]


def main():
    passed = failed = 0
    for name in sorted(os.listdir(os.path.join(spectrum, "csvs"))):
        case = name[: -len(".csv")]
        with open(os.path.join(spectrum, "csvs", name), "rb") as f:
            text = f.read()
        with open(os.path.join(spectrum, "json", case + ".json"), encoding="utf-8") as f:
            want = REFUSED.get(case) or json.load(f)
        for step in (1, 2, 3, 7, len(text)):
            got = read(text, step)
            if got == want:
                passed += 1
            else:
                failed += 1
                print(f"FAIL {case} in steps of {step}:\n got {got}\nwant {want}")
    if passed < 60:
        failed += 1
        print("FAIL fewer files than csv-spectrum 2.0.0 has")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
