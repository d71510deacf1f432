#!/usr/bin/env python3
"""The commit gate: a request stopped there is short by the closing delimiter, and makes no job."""
import json
import subprocess
import time

from lab import BUILD, SAMPLE, Lab

lab = Lab()


def to_gate(file):
    p = subprocess.Popen([BUILD / "tests/e2e/tool_gate", lab.conf, "contact", file], text=True,
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=lab.environment())
    line = p.stdout.readline()
    time.sleep(3)  # an answer, and a job, have all the time to come
    lab.same(lab.jobs(), 0)
    p.communicate("", timeout=60)
    lab.same(p.returncode, 0)
    return {k: int(v) for k, v in (part.split("=") for part in line.split())}


big = lab.file("big.csv", "C_EmailAddress,C_FirstName\n" + "ana@example.org,Ana\n" * 200000)
for file in (SAMPLE, big):
    with lab.test(f"{file.name} stopped at the gate: all but the closing delimiter, and no job"):
        lab.reset()
        got = to_gate(file)
        lab.same(got["gate"], len("\r\n--") + 32 + len("--\r\n"))
        lab.same(got["sent"], got["length"] - got["gate"])
        for _ in range(50):
            stats = lab.stats()
            if stats["cut_requests"] == 1:
                break
            time.sleep(0.1)
        lab.same((stats["cut_requests"], stats["jobs"], stats["rows"]), (1, 0, 0))
        lab.same(json.loads(lab.ocbulk("--json", "jobs").out)["jobs"], [])
        post = [q for q in json.loads(lab.admin("/requests")) if q["method"] == "POST"]
        lab.same([(q["body"], q["headers"]["Content-Length"]) for q in post],
                 [(got["sent"], str(got["length"]))])

with lab.test("the same request with its gate opened makes one job of all rows"):
    lab.reset()
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE), 0)
    lab.same((lab.stats()["cut_requests"], lab.jobs()), (0, 1))

lab.end()
