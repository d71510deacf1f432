#!/usr/bin/env python3
"""The program as the system sees it: descriptors, signals, files, exit codes, JSON on every path."""
import json

from lab import Lab

lab = Lab()


def error_of(result, code, name):
    """The one JSON object that tells a failure, whatever went wrong and when."""
    got = result.json()
    lab.same((result.code, got["exit"], got["error"]["name"]), (code, code, name))
    lab.same(sorted(got["error"]), ["fix", "http_status", "name", "request_id", "what", "where"])
    assert got["error"]["fix"], "no fix"
    return got


# JSON
for args in (["-x"], ["objects", "-x"], ["objects", "--wait=yes"], ["errors", "1", "-o"],
             ["upload", "a", "b", "c", "d", "e"], [], ["nope"], ["upload"], ["objects", "--wait"],
             ["objects", "--no-such-key", "1"], ["objects", "--open-max", "99"]):
    for where in (0, len(args)):
        if args[-1:] == ["-o"] and where:
            continue  # there it is the file's name
        with lab.test(f"--json at {where} tells the fault of {args}"):
            given = args[:where] + ["--json"] + args[where:]
            got = error_of(lab.ocbulk(*given), 2, "CONFIG" if "99" in args else "USAGE")
            lab.same(got["command"], next((a for a in args[:1] if a[0] != "-"), None))
with lab.test("--json --version has the keys of every answer"):
    got = lab.ocbulk("--json", "--version").json()
    lab.same((got["exit"], got["error"]), (0, None))
with lab.test("without a command the help is shown, and it is an error"):
    r = lab.ocbulk()
    lab.same(r.code, 2)
    lab.has(r.out, "usage: ocbulk COMMAND")

lab.end()
