"""Who works on a soak's spool: producers with their commands and their files, and a person who
settles what is held, as one does who has looked at the service."""
import json
import os
import random
import re
import subprocess

from lab import BUILD
from soak_truth import batch_of, names_in, service

OBJECTS = {"contact": "C_EmailAddress,C_FirstName,C_City", "campaign": "email,name,description",
           "account": "email,name,description"}
BACKLOG_MAX = 60  # files; what `open_max`, pauses and faults leave room for
NOTES = ["", "plain", '"quoted, with a comma"', '"two\nlines"', '"a ""word"""', "Grüße", '"CR\r\nLF"']


def row(name, mail=True, note=""):
    return f"{name.lower() + '@example.org' if mail else 'no-address'},{name},{note}"


class People:
    def __init__(self, soak, seed):
        self.soak, self.lab, self.truth = soak, soak.lab, soak.truth
        self.rnd = random.Random(seed)
        self.seed = seed

    def preloaded(self, rnd, most):
        """The environment in which one of the calls that change the spool fails, or kills."""
        how = rnd.choice(("before", "after", "torn", "eio", "enospc"))
        return self.lab.preload("kill", OCB_KILL_DIR=str(self.lab.spool), OCB_KILL_HOW=how,
                                OCB_KILL_AT=str(rnd.randrange(1, most)),
                                OCB_KILL_FOR=str(rnd.choice((1, 1, 2, 5))))

    def run(self, rnd, words, text=None):
        """`add`, now and then killed or on flash that fails: its exit code and what it says."""
        faulty = rnd.random() < 0.08
        env = self.preloaded(rnd, 14) if faulty else self.lab.environment()
        p = subprocess.Popen([BUILD / "ocbulk", *words], env=env, text=True, stderr=subprocess.PIPE,
                             stdout=subprocess.PIPE,
                             stdin=subprocess.DEVNULL if text is None else subprocess.PIPE)
        if rnd.random() < 0.05:
            try:
                p.wait(rnd.random() * 0.06)
            except subprocess.TimeoutExpired:
                p.kill()
            faulty = True
            self.truth.count("producers killed")
        try:
            out, err = p.communicate(text, timeout=120)
        except BrokenPipeError:
            out, err = "", ""
            p.wait()
        allowed = (0, -9, 12) if faulty or self.soak.small else (0,)
        if p.returncode not in allowed:
            self.soak.fault(f"{words[0]} {words[1]} ended with {p.returncode}: {err.strip()}")
        self.truth.count("add calls")
        return p.returncode, out

    def add_one(self, rnd):
        object = rnd.choice(list(OBJECTS))
        refused = rnd.random() < 0.02
        name, = self.truth.make(1, None, refused=refused)
        cells = row(name, not refused).split(",")
        columns = OBJECTS[object].split(",")
        words = [f"{c}={v}" for c, v in zip(columns[:2], cells[:2])]
        code, _ = self.run(rnd, ["add", object, *words, f"{columns[2]}=a \"b\", c"])
        if code == 0:
            self.truth.acked([name])

    def add_many(self, rnd):
        object = rnd.choice(list(OBJECTS))
        columns = OBJECTS[object].split(",")
        names = self.truth.make(rnd.randrange(1, 40), None)
        if rnd.random() < 0.5:
            text = OBJECTS[object] + "\n" + "".join(row(n, True, rnd.choice(NOTES)) + "\n"
                                                    for n in names)
        else:
            text = "".join(json.dumps(dict(zip(columns, row(n).split(",")))) + "\n" for n in names)
        code, out = self.run(rnd, ["--json", "add", object], text)
        told = re.search(r'"added":\s*(\d+)', out)
        added = len(names) if code == 0 else int(told[1]) if told else 0
        self.truth.acked(names[:added])

    def file_text(self, rnd, object, names_of):
        """A file as producers make them: of names, and whether all of it is unreadable."""
        kind = rnd.random()
        rows, end = [], rnd.choice(("\n", "\n", "\r\n"))
        for _ in range(rnd.choice((1, 3, 10, 25, 26, 60))):
            what = rnd.random()
            if what < 0.02:
                name, = names_of(1, malformed=True)
                rows.append(f"{name},too,many,cells,here")
            else:
                name, = names_of(1, refused=what < 0.05)
                rows.append(row(name, what >= 0.05, rnd.choice(NOTES)))
        text = (OBJECTS[object] + end + end.join(rows)).encode()
        if kind < 0.15:
            text = b"\xef\xbb\xbf" + text
        if kind < 0.03:
            return text + b"," + bytes([0xC3, 0x28]) + b"\n"
        if kind > 0.97:
            return text.replace(OBJECTS[object].encode(), b"other,columns,here", 1) + b"\n"
        return text if 0.3 < kind < 0.4 else text + end.encode()

    def hand_in(self, rnd):
        """Written, synced, renamed, the folder synced: then it counts."""
        object = rnd.choice(list(OBJECTS))
        folder = self.lab.spool / "outbox" / object
        folder.mkdir(parents=True, exist_ok=True)
        self.truth.count("files handed in")
        file = f"f{self.truth.counts['files handed in']:06d}.csv"
        names = []

        def names_of(n, **what):
            names.extend(self.truth.make(n, file, **what))
            return names[-n:]
        text = self.file_text(rnd, object, names_of)
        with open(folder / (file + ".part"), "wb") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        (folder / (file + ".part")).rename(folder / file)
        fd = os.open(folder, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)
        self.truth.acked(names)

    def produce(self, way, number):
        rnd = random.Random(f"{self.seed} {way.__name__} {number}")
        while not self.soak.over.is_set():
            if self.soak.backlog > BACKLOG_MAX:  # else the soak tests a queue and little more
                self.soak.over.wait(1)
                continue
            way(rnd)
            self.soak.over.wait(rnd.expovariate(1) * (0.4 if way == self.add_one else 2.5))

    # --- the person

    def rows_of(self, item):
        """Names of its rows."""
        if item.get("file"):
            return names_in((self.lab.spool / item["file"]).read_bytes())
        last = self.soak.journal.last[int(item["batch"])]
        path = self.lab.spool / "queue" / item["object"] / f"{last.segment:08d}.csv"
        return names_in(path.read_bytes()[last.at:last.end])

    def batch_number(self, item):
        """What the service would know it by."""
        if not item.get("file"):
            return int(item["batch"])
        reason = (self.lab.spool / item["file"]).with_suffix(".reason").read_text()
        tag = re.search(r"^tag = (\S+)", reason, re.M)
        return batch_of(tag[1])[1] if tag else None

    def look(self):
        r = self.lab.ocbulk("queue", "--json")
        if r.code not in (0, 9, 12):
            self.soak.fault(f"queue ended with {r.code}: {r.err.strip()}")
            return []
        return [{**b, "object": o["object"]} for o in r.json().get("objects", [])
                for b in o["batches"]]

    def settle(self, item):
        """What one does with it, and which rows that concerns."""
        names = set(self.rows_of(item))
        jobs, good, bad = service(self.lab)
        number = self.batch_number(item)
        mine = [job for job in jobs.values()
                if number is not None and job["object"] == item["object"] and
                (job["tag"] or "").startswith("oc-") and batch_of(job["tag"])[1] == number and
                batch_of(job["tag"])[0] in self.soak.journal.spools]
        there = {n for n in names if n in good or n in bad}
        if item["state"] == "held" and there == names and len(mine) > 0:
            if len(mine) == 1 and not item.get("file") and self.rnd.random() < 0.5:
                return ["accept", item["batch"], str(mine[0]["id"])], names, self.truth.accepted
            return ["accept", item["batch"]], names, self.truth.accepted
        if self.rnd.random() < 0.7:
            return ["retry", item["batch"], "--all"], names, self.truth.again
        return ["drop", item["batch"]], names, self.truth.dropped

    def unblock(self):
        """With strict order a held batch is in the way of those behind it."""
        self.act(lambda i: i["state"] == "held" and not i.get("file"))

    def act(self, concerns=lambda i: i["state"] in ("held", "failed", "quarantine")):
        items = [i for i in self.look() if concerns(i)]
        if not items:
            return
        item = self.rnd.choice(items)
        try:
            words, names, into = self.settle(item)
        except (OSError, KeyError):
            return  # it went meanwhile
        if not item.get("file"):
            words += ["--seq", str(item["seq"])]
        into |= names  # before it is known whether it was done: told or not, it may have been
        r = self.lab.ocbulk(*words)
        self.truth.count(f"{words[0]} by hand" + ("" if r.code == 0 else f" refused ({r.code})"))
        if r.code not in (0, 2, 11, 12):
            self.soak.fault(f"{words} ended with {r.code}: {r.err.strip()}")

    def mind(self):
        while not self.soak.over.wait(self.rnd.uniform(2, 8)):
            if self.rnd.random() < 0.7:
                self.act()
