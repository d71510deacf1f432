#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""The daemon, and one pass of it, against the stand-in service."""
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

from check_metrics import check_metrics
from lab import BUILD, CERTS, SECRET, TOKEN
from spool_lab import SpoolLab

lab = SpoolLab()
FAST = "interval = 1s\nsplay = 0\n"


def add(names, object="contact"):
    r = lab.ocbulk("add", object, stdin=None, input=lab.text(names))
    lab.ends(r, 0)


def done(names):
    """Each of them is stored once, and no file of the spool has one any more."""
    lab.same(sorted(lab.stored()), sorted(names))
    lab.same(lab.waiting(), [])
    lab.same(lab.found_in_spool("Record"), [])


# --- one pass

with lab.test("a file handed in is sent once, and no byte of it stays"):
    names = lab.names(3)
    lab.hand_in(names)
    r = lab.once()
    lab.ends(r, 0)
    done(names)
    lab.has(r.err, "batch 1 (3 records), job 1234: all stored")

with lab.test("the next pass has nothing to do"):
    posts = lab.stats()["requests"]["upload"]
    lab.ends(lab.once(), 0)
    lab.same(lab.stats()["requests"]["upload"], posts)

with lab.test("--json tells what one pass did"):
    names += lab.names(2)
    lab.hand_in(names[3:])
    r = lab.once("--json")
    lab.ends(r, 0)
    lab.same({k: r.json()[k] for k in ("command", "records_stored", "jobs", "exit", "error")},
             {"command": "run", "records_stored": 2, "jobs": 1, "exit": 0, "error": None})

with lab.test("rows that the service refuses are kept with the reason: 3"):
    lab.fresh(rest="[object contact]\nidentifier = C_EmailAddress\n")
    names = lab.names(3)
    lab.hand_in(names, lab.text(names[:1]) + f"no-address,{names[1]}\n" + lab.rows(names[2:]))
    lab.ends(lab.once(), 3, r"failed, the others are stored; see failed/contact")
    lab.same(lab.stored(), [names[0], names[2]])
    lab.same(lab.kept(), [names[1]])
    lab.has(lab.reason("failed"), "invalid e-mail address")

with lab.test("a job that goes on: 10, and the next pass goes on with it"):
    lab.fresh()
    lab.faults("upload slow=3500")
    names = lab.names(2)
    lab.hand_in(names)
    lab.ends(lab.once("--wait", "2s"), 10, "still running")
    lab.ends(lab.once("--wait", "30s"), 0)
    done(names)
    lab.same(lab.stats()["requests"]["upload"], 1)

with lab.test("no service: 5, nothing is lost"):
    lab.fresh()
    names = lab.names(2)
    lab.hand_in(names)
    lab.settings(base_url="https://localhost:1/elements/api-v2")
    lab.ends(lab.once("--wait", "1s"), 5, "no connection to the host: localhost:1: Connection refused")
    lab.settings()
    lab.ends(lab.once(), 0)
    done(names)

with lab.test("a certificate that nobody vouches for: 8, and not a byte of a request left"):
    lab.fresh(ca_file=CERTS / "unknown_root.pem")
    lab.hand_in(lab.names(2))
    lab.ends(lab.once("--wait", "1s"), 8, "issuer is not trusted")
    lab.same(sum(lab.stats()["requests"].values()), 0)

with lab.test("refused credentials: 7 at once, not after the hour of the hold"):
    lab.fresh()
    lab.hand_in(lab.names(2))
    lab.faults("any status=401 count=0")
    lab.ends(lab.once(), 7, "nothing is sent until that is mended")

with lab.test("hours that are not now: 5 at once"):
    lab.fresh()
    now = time.localtime()
    hour = (now.tm_hour + 3) % 24
    lab.settings(schedule=f"splay = 0\nhours = {hour:02}:00-{(hour + 1) % 24:02}:00\n")
    lab.hand_in(lab.names(2))
    lab.ends(lab.once(), 5, "records still wait")
    lab.same(lab.told()["why"], "hours")

with lab.test("--wait takes a time, and belongs to --once"):
    lab.ends(lab.once("--wait", "soon"), 2, "--wait takes a time")
    lab.ends(lab.once("10m"), 2, "a word too many")
    lab.ends(lab.ocbulk("run", "--wait"), 2, "--wait belongs to --once")

with lab.test("what is wrong at the start ends it: 7, 2, 12"):
    lab.fresh(credentials_file=lab.dir / "none")
    lab.ends(lab.ocbulk("run"), 7, "credentials are missing")
    lab.settings(ca_file=lab.dir / "none")
    lab.ends(lab.ocbulk("run"), 2, "CA file")
    lab.spool = lab.dir / "none" / "spool"
    lab.settings()
    lab.ends(lab.ocbulk("run"), 12, "No such file or directory.*install -d -m 2770")

# --- the daemon

with lab.test("a second one is turned away and told who is there: 11"):
    lab.fresh()
    with lab.daemon() as d:
        lab.ends(lab.ocbulk("run"), 11, f"process {d.process.pid} has it")
        lab.ends(lab.once(), 11)
        lab.same(d.stop(), 0)

with lab.test("woken, it sends at once; SIGTERM ends it: 0"):
    lab.fresh()
    with lab.daemon() as d:
        names = lab.names(3)
        lab.hand_in(names)
        d.wake()
        d.drained()
        lab.same(d.stop(), 0)
        lab.has(d.log(), "told to stop")
    done(names)

with lab.test("not woken, it finds what was handed in at its interval"):
    lab.fresh(schedule=FAST)
    with lab.daemon() as d:
        names = lab.names(2)
        lab.hand_in(names)
        d.drained()
        lab.same(d.stop(), 0)
    done(names)

with lab.test("idle it neither wakes nor reads nor writes"):
    lab.fresh()
    names = lab.names(2)
    lab.hand_in(names)
    with lab.daemon() as d:
        d.drained()
        lab.until(lambda: lab.told()["state"] == "idle")
        time.sleep(2.5)  # the pace of the files, and looks at what is still to be tidied
        watch = [("status", "voluntary_ctxt_switches"), ("io", "syscr"), ("io", "syscw"),
                 ("io", "write_bytes")]
        before = [d.proc(*w) for w in watch]
        time.sleep(4)
        lab.same([d.proc(*w) for w in watch], before)
        lab.same(d.stop(), 0)

with lab.test("SIGTERM in the body of an upload: no job, 0; the next start sends it once"):
    lab.fresh()
    names = lab.names(150000)
    lab.faults("upload read-delay=200")
    lab.hand_in(names)
    lab.settings(rest="[object contact]\nbatch_records = 150000\n")
    with lab.daemon() as d:
        lab.until(lambda: lab.stats()["requests"]["upload"] == 1)
        lab.same(d.stop(10), 0)
    lab.same(lab.stored(), [])
    lab.reset()
    lab.ends(lab.once(), 0)
    done(names)

with lab.test("SIGTERM behind the gate waits for the answer; the job is followed by the next start"):
    lab.fresh()
    names = lab.names(3)
    lab.faults("upload delay=1500")
    lab.hand_in(names)
    with lab.daemon() as d:
        lab.until(lambda: lab.stats()["requests"]["upload"] == 1)
        time.sleep(0.5)
        lab.same(d.stop(), 0)
    lab.ends(lab.once(), 0)
    done(names)
    lab.same(lab.stats()["requests"]["upload"], 1)

with lab.test("SIGTERM while a pause is waited for, and while a job is followed"):
    for fault, state in ("objects status=503 retry-after=600", "waiting"), ("upload slow=60000",
                                                                            "following"):
        lab.fresh()
        lab.faults(fault)
        lab.hand_in(lab.names(1))
        with lab.daemon() as d:
            lab.until(lambda: lab.told()["state"] == state)
            lab.same(d.stop(5), 0)
        lab.same(lab.told()["state"], "stopped")

with lab.test("a signal that comes just before a wait is not slept over"):
    lab.fresh()
    lab.conf.write_text("\n".join(line for line in lab.conf.read_text().splitlines()
                                  if "_file = " not in line or "credentials" in line
                                  or "ca_file" in line))
    with lab.daemon(env=lab.preload("signal", OCB_SIGNAL_AT="1")) as d:
        lab.same(d.process.wait(20), 0)

with lab.test("SIGINT ends it too, and SIGHUP ends one pass"):
    lab.fresh()
    with lab.daemon() as d:
        d.process.send_signal(signal.SIGINT)
        lab.same(d.process.wait(10), 0)
    lab.faults("upload slow=60000")
    lab.hand_in(lab.names(1))
    with lab.daemon("--once") as d:
        lab.until(lambda: lab.status.exists() and lab.told()["state"] == "following")
        d.hup()
        lab.same(d.process.wait(10), 10)

with lab.test("behind a 401 the credentials are read again by itself"):
    lab.fresh()
    names = lab.names(2)
    lab.hand_in(names)
    lab.faults("objects status=401")
    with lab.daemon() as d:
        d.drained()
        lab.lacks(d.log(), "nothing is sent")
        lab.same(d.stop(), 0)
    done(names)

with lab.test("refused credentials hold the account; SIGHUP with better ones ends that"):
    lab.fresh()
    wrong = lab.file("other", f"element_token = wrong-token\nuser_secret = {SECRET}\n", 0o600)
    lab.settings(credentials_file=wrong)
    names = lab.names(2)
    lab.hand_in(names)
    with lab.daemon() as d:
        d.says("nothing is sent until that is mended")
        lab.until(lambda: lab.told()["why"] == "credentials")
        lab.file("other", f"element_token = {TOKEN}\nuser_secret = {SECRET}\n", 0o600)
        d.hup()
        d.drained()
        lab.has(d.log(), "read again")
        for secret in "wrong-token", TOKEN, SECRET:
            lab.lacks(d.log(), secret)
        lab.same(d.stop(), 0)
    done(names)

with lab.test("an object on hold is tried by the next pass, and at a SIGHUP: one record first"):
    lab.fresh()
    names = lab.names(5)
    lab.hand_in(names)
    lab.faults("upload status=404")
    lab.ends(lab.once("--wait", "2s"), 4, "wrong hub or address")
    lab.faults("upload status=405")
    with lab.daemon() as d:
        lab.until(lambda: "HTTP 405" in d.log() or lab.stats()["requests"]["upload"] == 2)
        lab.same(lab.stored(), [])
        d.hup()
        d.drained()
        lab.same(d.stop(), 0)
    done(names)
    lab.same([len(json.loads(lab.admin(f"/rows?job={1234 + n}"))) - 1 for n in range(2)], [1, 4])

with lab.test("in strict order a held batch is what the others are told to wait for"):
    lab.fresh(job="open_max = 1\n", rest="[object contact]\nbatch_records = 2\n")
    names = lab.names(4)
    lab.hand_in(names)
    lab.faults("upload lost=1\njobs status=403 count=0")
    with lab.daemon() as d:
        lab.until(lambda: (lab.told()["state"], lab.told()["why"]) == ("waiting", "held"))
        lab.ends(lab.ocbulk("accept", "1"), 0)
        d.drained()
        lab.until(lambda: (lab.told()["state"], lab.told()["why"]) == ("idle", ""))
        lab.same(d.stop(), 0)
    done(names)

with lab.test("SIGHUP with a configuration, credentials or CA file that are wrong: the old ones stay"):
    lab.fresh()
    broken = lab.file("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n", 0o600)
    with lab.daemon() as d:
        good = lab.conf.read_text()
        for change, words in ((("splay = 0", "splay = x"), "wrong configuration"),
                              ((str(lab.credentials), "/none/at/all"), "credentials are missing"),
                              (("root.pem", "none.pem"), "no usable certificate"),
                              (("[link]", f"client_cert = {broken}\nclient_key = {broken}\n[link]"),
                               "client certificate"),
                              (("/elements/api-v2", "/elements api"), "base URL")):
            size = d.path.stat().st_size
            lab.conf.write_text(good.replace(*change))
            d.hup()
            lab.until(lambda: "what was in force before stays so" in d.log()[size:])
            lab.has(d.log()[size:], words)
        names = lab.names(1)
        lab.hand_in(names)
        d.wake()
        d.drained()
        lab.same(d.stop(), 0)
    done(names)

with lab.test("SIGHUP takes up another address, and another level of the log"):
    lab.fresh(base_url="https://localhost:1/elements/api-v2")
    names = lab.names(2)
    lab.hand_in(names)
    with lab.daemon() as d:
        d.says("Connection refused")
        lab.settings(log="level = info\n")
        d.hup()
        d.drained()
        lab.has(d.log(), "taken by the service")
        lab.same(d.stop(), 0)
    done(names)

with lab.test("an outage is told once, and its end with how long it took"):
    lab.fresh(schedule=FAST)
    with lab.daemon() as d:
        lab.admin("/outage?ms=2500", "")
        names = lab.names(2)
        lab.hand_in(names)
        d.wake()
        lab.until(lambda: lab.told()["why"] == "trouble")
        d.drained()
        told = [line for line in d.log().splitlines() if "it is tried again" in line]
        lab.same(len(told), len(set(told)))
        lab.has(d.log(), "the service answers again, after ")
        lab.until(lambda: lab.told()["trouble"] is None)
        lab.same(d.stop(), 0)
    done(names)

with lab.test("an answer lost: the job is found by its tag, nothing is sent twice"):
    lab.fresh()
    names = lab.names(3)
    lab.faults("upload lost=1")
    lab.hand_in(names)
    with lab.daemon() as d:
        d.says("no clear answer came")
        d.says("found by its tag")
        d.drained()
        lab.same(d.stop(), 0)
    done(names)
    lab.same(lab.jobs(), 1)

with lab.test("a clock that is not set: nothing is asked, and it waits"):
    lab.fresh()
    lab.hand_in(lab.names(1))
    env = lab.preload("clock")
    with lab.daemon(env=env) as d:
        lab.until(lambda: lab.told()["why"] == "clock")
        lab.same(sum(lab.stats()["requests"].values()), 0)
        lab.same(d.stop(), 0)

# --- what others read

with lab.test("status and metrics: valid, in step with what happened, closed at the end"):
    lab.fresh(schedule=FAST)
    with lab.daemon() as d:
        lab.until(lambda: lab.metrics.exists())
        first = check_metrics(lab.metrics.read_text())
        lab.same(lab.status.stat().st_mode & 0o777, 0o644)
        names = lab.names(4)
        lab.hand_in(names[:3])
        lab.hand_in(names[3:], lab.text(names[3:], mail="no-address"))
        d.wake()
        lab.until(lambda: lab.told()["since_start"]["jobs"] == 2)
        lab.until(lambda: lab.told()["state"] == "idle")
        told = lab.told()
        second = check_metrics(lab.metrics.read_text(), first)
        lab.same(d.stop(), 0)
    lab.same((told["since_start"]["records_stored"], told["since_start"]["records_failed"]), (3, 1))
    lab.same(told["spool"]["failed"]["files"], 1)
    lab.same(second['ocbulk_records_total{outcome="stored"}'], 3)
    lab.same(second['ocbulk_records_total{outcome="failed"}'], 1)
    lab.same(second['ocbulk_spool_files{folder="failed"}'], 1)
    third = check_metrics(lab.metrics.read_text(), second)
    lab.same((second["ocbulk_running"], third["ocbulk_running"]), (1, 0))
    for text in lab.status.read_text(), lab.metrics.read_text(), d.log():
        lab.lacks(text.lower(), "record0")
        lab.lacks(text, "no-address")

with lab.test("however much happens, the files are written once a second at the most"):
    lab.fresh()
    written = set()
    with lab.daemon() as d:
        for name in lab.names(25):
            lab.hand_in([name])
            d.wake()
            for _ in range(10):
                if lab.status.exists():
                    written.add(lab.status.stat().st_mtime_ns)
                time.sleep(0.01)
        times = sorted(written)
        assert len(times) > 2 and min(b - a for a, b in zip(times, times[1:])) > 900e6, times
        lab.same(d.stop(), 0)

with lab.test("a status file that cannot be written is told once, and hinders nothing"):
    lab.fresh(log="status_file = /none/at/all\n".replace("status_file", "#"))
    lab.conf.write_text(lab.conf.read_text().replace(str(lab.status), "/none/status.json"))
    names = lab.names(2)
    lab.hand_in(names)
    with lab.daemon() as d:
        d.drained()
        lab.same(d.log().count("/none/status.json cannot be written"), 1)
        lab.same(d.stop(), 0)
    done(names)

# --- many at once

if (pathlib.Path(__file__).parents[2] / "port/linux/cmd_add.c").exists():
    with lab.test("three records added are sent by one pass, cell by cell"):
        lab.fresh()
        names = lab.names(3)
        add(names)
        lab.ends(lab.once(), 0)
        done(names)

    with lab.test("five producers add while the daemon drains: every record once"):
        lab.fresh(rest="[object contact]\nbatch_records = 7\n")
        per = int(os.environ.get("OCB_PRODUCED", "30"))
        names = lab.names(5 * per)

        def produce(mine):
            for name in mine:
                subprocess.run([BUILD / "ocbulk", "add", "contact",
                                f"C_EmailAddress={name.lower()}@example.org",
                                f"C_FirstName={name}"],
                               check=True, env=lab.environment(), stdin=subprocess.DEVNULL)

        with lab.daemon() as d:
            producers = [threading.Thread(target=produce, args=(names[i::5],)) for i in range(5)]
            for p in producers:
                p.start()
            for p in producers:
                p.join()
            lab.same(d.stop(), 0)
        lab.ends(lab.once(), 0)
        done(names)

lab.end()
