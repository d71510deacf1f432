"""What a soak knows to be true: every record by its name, what its producer was told, what a person
did with it; and what the journal has said, read while it is written.

A name is `R` and 8 digits and stands once in its row, so that it is found in any file by search."""
import collections
import json
import re
import struct
import threading
import zlib

NAME = re.compile(r"R\d{8}")
ENTRY_LEN = 128
HEAD, OBJECT, LOW, INTENT, COMMIT, VOID, HELD, MOVED, CREATED, FINAL, PAUSE = range(1, 12)
TYPES = ("", "HEAD", "OBJECT", "LOW", "INTENT", "COMMIT", "VOID", "HELD", "MOVED", "CREATED", "FINAL",
         "PAUSE")
REASON_BODY, REASON_ABSENT, REASON_POLICY = 1, 5, 19
WHY = {REASON_BODY: "body incomplete", REASON_ABSENT: "proven absent", REASON_POLICY: "on_unknown"}
ANSWERED, ADOPTED, BY_HAND = range(3)


class Record:
    __slots__ = ("source", "acked", "malformed", "refused")

    def __init__(self, source, malformed, refused):
        self.source, self.malformed, self.refused = source, malformed, refused
        self.acked = False


class Truth:
    def __init__(self):
        self.lock = threading.Lock()
        self.records = {}
        self.again, self.dropped, self.accepted = set(), set(), set()  # by hand
        self.counts = collections.Counter()

    def make(self, n, source, malformed=False, refused=False):
        with self.lock:
            first = len(self.records)
            names = [f"R{first + i:08d}" for i in range(n)]
            for name in names:
                self.records[name] = Record(source, malformed, refused)
        return names

    def acked(self, names):
        for name in names:
            self.records[name].acked = True

    def count(self, what, n=1):
        with self.lock:
            self.counts[what] += n


class Entry:
    __slots__ = ("seq", "type", "reason", "batch", "segment", "at", "end", "attempt", "how", "id",
                 "object")

    def __init__(self, raw):
        self.seq, self.type, self.reason, self.object, self.batch, self.segment = struct.unpack_from(
            "<IBBHII", raw)
        self.at, self.end = struct.unpack_from("<QQ", raw, 28)
        self.attempt, how = struct.unpack_from("<BB", raw, 58)
        self.how = how & 0x7F
        self.id = raw[60:124].split(b"\0")[0].decode() if self.type in (CREATED, HELD) else ""


# From what a batch was last to what it may be next (spool page, "Journal", "Start-up", "Unknown").
NEXT = {
    None: (INTENT, FINAL),
    INTENT: (INTENT, COMMIT, VOID, HELD, CREATED, FINAL),
    COMMIT: (INTENT, VOID, HELD, CREATED, FINAL),
    CREATED: (HELD, FINAL, CREATED),
    HELD: (MOVED, VOID, CREATED, FINAL),
    VOID: (INTENT, FINAL), MOVED: (), FINAL: (),
}


class Journal:
    """Reads the whole journal again and again; what stands in it twice is taken once."""

    def __init__(self, path):
        self.path = path
        self.spools, self.faults = set(), []
        self.seq = self.epoch = 0
        self.largest = 0
        self.last = {}                             # batch: its last entry
        self.sent = {}                             # (batch, attempt): reason
        self.jobs = collections.defaultdict(dict)  # batch: {job: how}
        self.intents = collections.Counter()       # reason of a second attempt

    def look(self):
        try:
            raw = self.path.read_bytes()
        except OSError:
            return
        self.largest = max(self.largest, len(raw))
        epoch, before, gap = None, None, False
        for at in range(0, len(raw) - ENTRY_LEN + 1, ENTRY_LEN):
            part = raw[at:at + ENTRY_LEN]
            seed = 0 if part[4] == HEAD else epoch
            if seed is None or zlib.crc32(part[:124], seed) != struct.unpack_from("<I", part, 124)[0]:
                break  # what is being written, or was cut
            entry = Entry(part)
            if entry.type == HEAD:
                epoch = struct.unpack_from("<I", part, 40)[0]
                # A compaction writes what counts: not what a failed sync has left in the old one.
                gap = gap or epoch != self.epoch
                self.spools.add(struct.unpack_from("<Q", part, 44)[0])
            if before is not None and entry.seq != before + 1:
                self.faults.append(f"sequence {before} is followed by {entry.seq}")
            before = entry.seq
            if entry.seq > self.seq:
                self.epoch = epoch
                gap = gap or entry.seq != self.seq + 1  # a compaction was quicker
                self.take(entry, not gap)
                self.seq = entry.seq

    def take(self, e, seen_all):
        if e.type not in (INTENT, COMMIT, VOID, HELD, MOVED, CREATED, FINAL):
            return
        last = self.last.get(e.batch)
        copied = last is not None and last.type == e.type  # by a compaction
        if seen_all and last is not None and not copied and e.type not in NEXT[last.type]:
            self.faults.append(f"batch {e.batch}: {TYPES[last.type]} is followed by {TYPES[e.type]}")
        self.last[e.batch] = e
        if e.type in (INTENT, COMMIT):
            known = (e.batch, e.attempt) in self.sent
            self.sent[e.batch, e.attempt] = e.reason
            if e.attempt > 1 and not known:
                self.intents[WHY.get(e.reason, f"reason {e.reason}")] += 1
        if e.type == CREATED:
            self.jobs[e.batch].setdefault(e.id, e.how)


def names_in(text):
    return NAME.findall(text if isinstance(text, str) else text.decode("utf-8", "replace"))


def batch_of(tag):
    """(spool, batch, attempt) of a tag."""
    part = tag.split("-")
    return int(part[1], 16), int(part[2], 16), int(part[4], 16)


def service(lab):
    """Jobs by id, and of each name the jobs that have it: good ones, refused ones."""
    jobs = {job["id"]: job for job in map(json.loads, lab.admin("/jobs").splitlines())}
    good, bad = collections.defaultdict(list), collections.defaultdict(list)
    for line in lab.admin("/all-rows").splitlines():
        row = json.loads(line)
        for name in names_in(json.dumps(row["row"]))[:1]:
            (bad if row.get("bad") else good)[name].append(row["job"])
    return jobs, good, bad
