#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""A service, and what stands in front of it, that misbehaves on purpose."""
import json
import signal
import time

from lab import SAMPLE, SECRET, TOKEN, Lab

lab = Lab()
BIG = lab.file("big.csv", "C_EmailAddress,C_FirstName\n" + "ana@example.org,Ana\n" * 100000)
HUGE = lab.file("huge.csv", "C_EmailAddress,C_FirstName\n" + "ana@example.org,Ana\n" * 1000000)
ONE = ("--batch-records", "1000000")
LARGE = ("--batch-bytes", "1G")


def upload(name, script, code, *parts, jobs=0, file=SAMPLE, args=()):
    """One upload under the fault script; then how it ended and how many jobs there are."""
    with lab.test(name):
        lab.reset()
        lab.faults(script)
        r = lab.ocbulk("upload", "contact", file, *ONE, *args)
        lab.ends(r, code, *parts)
        lab.same(lab.jobs(), jobs)
        return r


# Before the whole body is there: no job, whatever happens
upload("C10: an early 413, then a reset", "upload early=4096 count=0", 4, "413", "batch_records",
       file=BIG)
upload("C10: an early 401, then a reset", "upload early=4096 status=401 count=0", 7, "401",
       file=BIG)
upload("C10: an early 403", "upload early=4096 status=403 count=0", 7, "403", file=BIG)
# More than the sockets swallow: else all is sent, and the gate open, before the cut is seen.
upload("C20: a connection cut in the body is tried again: one job", "upload cut=100000", 0,
       "no job was made, trying again", jobs=1, file=HUGE, args=LARGE)
upload("a connection that is cut again and again: no job, safe to run again",
       "upload cut=100000 count=0", 5, "connection broke|closed the connection", file=HUGE,
       args=LARGE)
upload("503 early is tried again", "upload early=10 status=503", 0, "trying again", jobs=1,
       file=BIG)
upload("a request for rest that is longer than we wait is told", "upload early=10 status=429 "
       "retry-after=600 count=0", 5, "429", "600 s of rest", file=BIG)

# The whole body is there and no clear answer came: unknown, named, never sent again by itself
LOOK = "ocbulk jobs"
upload("C33: the answer is lost: unknown, and how to look", "upload lost=1", 9, "no clear answer",
       LOOK, jobs=1)
upload("C11: the end without an answer is unknown", "upload lost=1 close=torn", 9, LOOK, jobs=1)
upload("C12: an answer that is cut is unknown", "upload reply-cut=5", 9, LOOK, jobs=1)
upload("a 200 that is not JSON is unknown", "upload html=200 made=1", 9, LOOK, "not JSON", jobs=1)
upload("502 after the whole body is unknown", "upload status=502 made=1", 9, LOOK, jobs=1)
upload("bytes that are no HTTP are unknown", "upload garbage=100 made=1", 9, LOOK, jobs=1)
for bad in ("a%2Fb", "..", "x%0Dy", "%20", "x" * 70):
    upload(f"an answer with the id {bad[:8]} is unknown", f"upload id={bad}", 9, LOOK, jobs=1)

# Clear answers
upload("400 is the service's no, in its words", "upload status=400", 4, "refuses the request",
       "it says: ")
upload("404 is told as such", "upload status=404", 4, "404")
upload("413 after the body names the settings", "upload status=413", 4, "batch_records")
upload("409", "upload status=409", 4, "409")
upload("C40: a redirected upload is not followed", "upload redirect=https://other.example.com/in",
       2, "redirects", "other.example.com")
upload("429 after the body is safe to run again later", "upload status=429 retry-after=600", 5,
       "600 s of rest")

# Replies of every shape
for script in ("chunked=3", "continue=3", "drip=1", "chunked=1 continue=2", "close=said",
               "close=end", "spelling=0", "spelling=2", "spelling=3", "spelling=4"):
    with lab.test(f"the whole walk-through with {script}"):
        lab.reset()
        lab.faults(f"any {script} count=0")
        r = lab.ocbulk("upload", "contact", SAMPLE, "--wait")
        lab.ends(r, 0)
        lab.has(r.out, "10 sent, 10 stored, 0 failed")
with lab.test("C11: a service that closes without a word behind every GET and answer"):
    # Not behind metadata: a body that meets such a close is unknown, as it must be.
    lab.reset()
    lab.faults("".join(f"{call} close=silent count=0\n" for call in ("objects", "upload", "status")))
    r = lab.ocbulk("upload", "contact", SAMPLE, "--wait")
    lab.ends(r, 0)
    lab.has(r.out, "10 sent, 10 stored, 0 failed")
with lab.test("C12: a poll that ends without close_notify is asked again"):
    lab.reset()
    lab.faults("status close=torn count=1")
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--wait"), 0)
with lab.test("C09: more interim replies than the limit are refused"):
    lab.faults("objects continue=9 count=0")
    lab.ends(lab.ocbulk("objects"), 5, "interim")
with lab.test("a captive portal's page is not taken for an answer"):
    lab.reset()
    lab.faults("objects html=200 count=0")
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE), 5, "not JSON", "captive portal")
    lab.same(lab.jobs(), 0)
with lab.test("a captive portal's redirect is not followed"):
    lab.reset()
    lab.faults("objects redirect=https://portal.example.com/ count=0")
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE), 2, "portal.example.com")
    lab.same(lab.jobs(), 0)
with lab.test("C40: a redirect on the same origin is followed, three times at most"):
    lab.reset()
    lab.faults("objects redirect=/elements/api-v2/objects count=3")
    lab.ends(lab.ocbulk("objects"), 0)
    lab.faults("objects redirect=/elements/api-v2/objects count=0")
    lab.ends(lab.ocbulk("objects"), 2, "redirects")
with lab.test("a passing 503 is asked again"):
    lab.faults("objects status=503 count=2")
    lab.ends(lab.ocbulk("objects"), 0)
with lab.test("C38: Retry-After is waited for, in both forms"):
    for value in ("2", "date:2"):
        lab.faults(f"objects status=429 retry-after={value}")
        begun = time.monotonic()
        lab.ends(lab.ocbulk("objects"), 0)
        assert time.monotonic() - begun >= 1.5, "it did not wait"
with lab.test("C26: an 18-digit id is asked for as it came"):
    lab.reset()
    lab.faults("upload id=640794306199020323\nstatus id=640794306199020323 count=0")
    r = lab.ocbulk("upload", "contact", SAMPLE, "--wait")
    lab.has(r.out, "job 640794306199020323 COMPLETE")

# Jobs
with lab.test("C27: an unknown status word is going on, and shown as it came"):
    lab.reset()
    lab.faults("status word=NotProcessed count=2")
    r = lab.ocbulk("upload", "contact", SAMPLE, "--wait")
    lab.ends(r, 0, "NotProcessed .*unknown word")
with lab.test("C27: at the deadline the job is still running: exit 10, id kept"):
    lab.reset()
    lab.faults("status word=NotProcessed count=0")
    r = lab.ocbulk("upload", "contact", SAMPLE, "--wait", "--deadline", "3s")
    lab.ends(r, 10, "job 1234 NotProcessed", "status JOB --wait")
for word, code in (("ABORTED", 4), ("ERROR", 4), ("CANCELLED", 4), ("Canceled", 4),
                   ("completed", 0)):
    with lab.test(f"a job that ends as {word} exits {code}"):
        lab.reset()
        lab.faults(f"status word={word} count=0")
        lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--wait"), code)
for counts, code in (("10,0", 0), ("10,3", 3), ("7,3", 3), ("10,10", 4), ("none,none", 0),
                     ("null,null", 0), ("10,none", 0), ("=,=", 0)):
    with lab.test(f"COMPLETE with counts {counts} exits {code}"):
        lab.reset()
        lab.faults(f"status counts={counts} count=0")
        lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--wait"), code)
with lab.test("no counts, but errors listed: partial"):
    lab.reset()
    lab.faults("status counts=none,none count=0\nerrors items=2 count=0")
    r = lab.ocbulk("upload", "contact", SAMPLE, "--wait")
    lab.ends(r, 3)
    lab.has(r.out, "10 sent, 8 stored, 2 failed")
with lab.test("a poll that fails does not fail the job"):
    lab.reset()
    lab.faults("upload slow=3000\nstatus status=503 count=4")
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--wait"), 0, "going on")
with lab.test("a young job that the service does not know yet is asked for again"):
    lab.reset()
    lab.faults("upload late-job=2500")
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--wait"), 0)
with lab.test("the status of another job says nothing of the one asked for"):
    lab.reset()
    lab.faults("upload slow=60000")
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE), 0)
    lab.faults("status id=99 word=COMPLETED counts=10,0 count=0")
    r = lab.ocbulk("status", "1234")
    lab.ends(r, 5, "unexpected shape")
    lab.lacks(r.out, "COMPLETED")
    lab.reset()
    lab.faults("status id=99 word=ERROR count=1")
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE, "--wait"), 0)

TWO = ("--batch-records", "5")
with lab.test("one job that cannot be followed does not end the following of the others"):
    lab.reset()
    lab.faults("status status=400 count=1")
    r = lab.ocbulk("upload", "contact", SAMPLE, *TWO, "--wait")
    lab.ends(r, 4, "job 1234, records 1-5, .*HTTP 400")
    lab.has(r.out, "job 1235 COMPLETE: 5 sent, 5 stored, 0 failed")
    lab.lacks(r.err, "1235")
with lab.test("one job at its deadline is left, the others and the rest of the file go on"):
    lab.reset()
    lab.faults("upload slow=600000 count=1")
    r = lab.ocbulk("--json", "upload", "contact", SAMPLE, *TWO, "--wait", "--deadline", "4s",
                   "--open-max", "1")
    lab.ends(r, 10, "job 1234, records 1-5, ", "status JOB --wait")
    got = r.json()
    lab.same([b["outcome"] for b in got["batches"]], ["going", "done"])
    lab.same((got["sent"], got["stored"], got["error"]["name"]), (10, None, "STILL_RUNNING"))
with lab.test("C38: a wish for rest is not waited for beyond the deadline"):
    lab.reset()
    lab.faults("status status=429 retry-after=600 count=0")
    r = lab.ocbulk("upload", "contact", SAMPLE, "--wait", "--deadline", "3s", timeout=60)
    lab.ends(r, 10, "status JOB --wait")
with lab.test("counts that contradict stay a mismatch, also at the deadline"):
    lab.reset()
    lab.faults("status counts=9,0 count=0")
    for args in ((), ("--deadline", "3s")):
        r = lab.ocbulk("upload", "contact", SAMPLE, "--wait", *args)
        lab.ends(r, 9, "do not match the rows sent")
with lab.test("a job that still runs is told with how to go on, as JSON too"):
    lab.reset()
    lab.faults("upload slow=600000")
    lab.ends(lab.ocbulk("upload", "contact", SAMPLE), 0)
    r = lab.ocbulk("status", "1234")
    lab.ends(r, 10, "still running: job 1234 ", "status JOB --wait")
    lab.has(r.out, "job 1234 ")
    got = lab.ocbulk("--json", "status", "1234").json()
    lab.same((got["exit"], got["outcome"], got["error"]["name"]), (10, "going", "STILL_RUNNING"))

# Lists
for items, pages in (("items=450", ""), ("items=450", "pages=empty"), ("items=strings", "")):
    with lab.test(f"errors with {items} {pages}"):
        lab.reset()
        job = lab.ocbulk("--json", "upload", "contact", SAMPLE,
                         "--wait").json()["batches"][0]["job"]
        lab.faults(f"errors {items} {pages} count=0")
        r = lab.ocbulk("errors", job)
        lab.ends(r, 0)
        if "450" in items:
            lab.same(len(r.out.splitlines()), 450)
with lab.test("a list whose pages go round is refused"):
    lab.faults("errors items=450 pages=loop count=0")
    lab.ends(lab.ocbulk("errors", "1234"), 5, "unexpected shape")
with lab.test("a page that fails is asked again, and no error is told twice"):
    lab.faults("errors items=450 count=0\nerrors reply-cut=2000 count=1 after=1")
    r = lab.ocbulk("errors", "1234")
    lab.ends(r, 0)
    lab.same(len(r.out.splitlines()), 450)
with lab.test("5,000 objects with names as objects"):
    lab.faults("objects items=5000 count=0")
    lab.same(len(lab.ocbulk("objects").out.splitlines()), 5005)
    lab.faults("objects items=objects count=0")
    lab.has(lab.ocbulk("objects").out, "contact\n")

# Signals
with lab.test("SIGTERM while the body goes out: no job, safe to run again"):
    lab.reset()
    lab.faults("upload read-delay=200 count=0")
    p = lab.start("upload", "contact", HUGE, *ONE)  # more than the sockets swallow
    time.sleep(1.5)
    p.send_signal(signal.SIGTERM)
    out, err = p.communicate(timeout=30)
    lab.same(p.returncode, 5)
    lab.has(err, "stopped on request")
    lab.same(lab.jobs(), 0)
with lab.test("SIGTERM behind the gate waits for the answer"):
    lab.reset()
    lab.faults("upload delay=2500")
    p = lab.start("upload", "contact", SAMPLE)
    time.sleep(1)
    p.send_signal(signal.SIGTERM)
    out, err = p.communicate(timeout=30)
    lab.same(p.returncode, 0)
    lab.has(out, "job 1234 CREATED")
with lab.test("SIGINT while a job is followed: still running, exit 10, how to go on"):
    lab.reset()
    lab.faults("upload slow=60000")
    p = lab.start("upload", "contact", SAMPLE, "--wait")
    time.sleep(2)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=30)
    lab.same(p.returncode, 10)
    lab.has(err, "ocbulk status JOB --wait")

# Several batches
# A name that leaves no room for a journal beside the file.
ALONE = lab.file("n" * 250, SAMPLE.read_bytes())
with lab.test("S15: a batch that fails behind accepted ones is no reason to send them again"):
    lab.reset()
    for file, advice in ((SAMPLE, "run it again: it goes on at record 5"),
                         (ALONE, "go on with --from-record 5")):
        lab.faults("upload status=400 count=1 after=1")
        r = lab.ocbulk("upload", "contact", file, "--batch-records", "4")
        lab.ends(r, 4, "records 5-8: not sent", advice)
    lab.same(lab.jobs(), 2)
with lab.test("an answer that repeats the job of the batch before is no clear one"):
    lab.reset()
    lab.faults("upload same-id=1 after=1")
    r = lab.ocbulk("upload", "contact", SAMPLE, "--batch-records", "4", "--wait")
    lab.ends(r, 9, "records 5-8: sent, outcome unknown: .*repeats job 1234", LOOK)
    lab.has(r.out, "job 1234 COMPLETE: 4 sent, 4 stored")
    lab.same(lab.jobs(), 2)
with lab.test("a link that goes down behind accepted batches is safe to run again"):
    lab.reset()
    lab.faults("upload early=1000 status=503 count=0 after=1")
    args = ("--json", "upload", "contact", HUGE, "--batch-records", "600000",
            "--batch-bytes", "1G")
    r = lab.ocbulk(*args)
    lab.ends(r, 5, "records 600001-1000000: not sent", "run it again: it goes on at record 600001")
    lab.same((r.json()["sent"], lab.jobs()), (600000, 1))
    lab.faults("")
    r = lab.ocbulk(*args)
    lab.same((r.code, r.json()["resumed"], r.json()["sent"]), (0, 600000, 400000))
    lab.same(lab.stats()["rows"], 1000000)
with lab.test("without a journal it is not, and how to go on is told"):
    lab.reset()
    lab.faults("upload early=1000 status=503 count=0 after=1")
    long = lab.dir / ("h" * 250)
    HUGE.rename(long)
    args = ("--json", "upload", "contact", long, "--batch-records", "600000", "--batch-bytes", "1G")
    r = lab.ocbulk(*args)
    lab.ends(r, 3, "no journal can be kept", "records 600001-1000000: not sent",
             "--from-record 600001")
    lab.faults("")
    r = lab.ocbulk(*args, "--from-record", "600001")
    lab.same((r.code, r.json()["sent"]), (0, 400000))
    lab.same(lab.stats()["rows"], 1000000)

with lab.test("C37: a reply that echoes the token does not bring it into the log"):
    body = json.dumps({"message": f"no such token {TOKEN} of {SECRET}"}).replace('"', "%22")
    lab.faults(f"objects status=401 body='{body}'")
    r = lab.ocbulk("-v", "objects")
    lab.ends(r, 7)
    for secret in (TOKEN, SECRET):
        lab.lacks(r.out + r.err, secret)

lab.end()
