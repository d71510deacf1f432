"""What a soak asserts once its spool is at rest (design page, "The promise"; spool page, "What a
checker asserts")."""
import collections
import json
import re

from soak_truth import ADOPTED, ANSWERED, BY_HAND, WHY, batch_of, names_in, service

KEPT = ("held", "failed", "quarantine")


class Judge:
    def __init__(self, soak):
        self.soak, self.lab, self.truth = soak, soak.lab, soak.truth
        self.journal = soak.journal
        self.jobs, self.good, self.bad = service(soak.lab)
        self.kept = {part: self.names_below(part) for part in KEPT}
        self.waits = self.names_below("outbox", "queue")
        self.tags = {job["id"]: batch_of(job["tag"]) for job in self.jobs.values()
                     if (job["tag"] or "").startswith("oc-")}

    def names_below(self, *parts):
        """Names in the files of records, each with how often it stands there."""
        found = collections.Counter()
        for part in parts:
            for path in (self.lab.spool / part).glob("*/*"):
                if path.is_file() and path.suffix != ".reason":
                    found.update(names_in(path.read_bytes()))
        return found

    def places(self, name):
        return {part: self.kept[part][name] for part in KEPT if self.kept[part][name]}

    def by_hand(self, name):
        t = self.truth
        return name in t.again or name in t.dropped or name in t.accepted

    def lost(self):
        """Acknowledged and nowhere. What a person has thrown away is counted, and only that."""
        gone = [n for n, r in self.truth.records.items() if r.acked and n not in self.good and
                not self.places(n) and not self.waits[n]]
        dropped = [n for n in gone if n in self.truth.dropped]
        refused = [n for n in gone if n in self.truth.accepted and n in self.bad]
        lost = sorted(set(gone) - set(dropped) - set(refused))
        return [f"{n} of {self.truth.records[n].source or 'add'}" for n in lost], dropped

    def stored_and_kept(self):
        """In two places without a reason: held and failed batches may be stored, as they say."""
        found = []
        for name, record in self.truth.records.items():
            places = self.places(name)
            total = sum(places.values())
            if not self.by_hand(name) and (total > 1 or
                                           (self.good[name] and "quarantine" in places)):
                found.append(f"{name}: stored by {self.good[name]}, {places}")
            elif record.malformed and (self.good[name] or self.bad[name]):
                found.append(f"{name} is malformed and was sent")
        return found

    def why_again(self, name, ids):
        """The written reason for which a name is in two jobs; None: there is none."""
        tags = [self.tags.get(i) for i in ids]
        if name in self.truth.again:
            return "by hand"
        if None in tags or len({t[:2] for t in tags}) > 1:
            return None
        if len(set(tags)) < len(tags):
            return "the service made two jobs of one request"
        reasons = {self.journal.sent.get((batch, attempt), self.soak.resent.get(batch))
                   for _, batch, attempt in sorted(tags)[1:]}
        return WHY.get(max((r for r in reasons if r in WHY), default=None))

    def twice(self):
        reasons, faults = collections.Counter(), []
        for name, ids in self.good.items():
            if len(ids) > 1:
                why = self.why_again(name, ids)
                reasons[why or "none"] += 1
                if why is None:
                    tags = [f"{i} {self.jobs[i]['tag']}" for i in ids]
                    faults.append(f"{name} of {self.truth.records[name].source}: {tags}")
        return reasons, faults

    def wrong_jobs(self):
        """Jobs that the journal has for a batch whose tag they do not bear."""
        adopted, wrong, named = 0, [], 0
        for batch, jobs in self.journal.jobs.items():
            for job, how in jobs.items():
                tag = self.tags.get(int(job)) if job.isdigit() else None
                right = tag is not None and tag[1] == batch and tag[0] in self.journal.spools
                adopted += how == ADOPTED
                named += how == ANSWERED and not right
                if not right and how in (ADOPTED, BY_HAND):
                    wrong.append(f"batch {batch} took job {job} of {tag}")
        return adopted, wrong, named

    def mixed_jobs(self):
        """A job is a run of one file's rows, in their order; two of one batch have the same rows."""
        rows, faults = collections.defaultdict(list), []
        for line in self.lab.admin("/all-rows").splitlines():
            row = json.loads(line)
            rows[row["job"]] += names_in(json.dumps(row["row"]))[:1]
        of_batch = {}
        for job, names in rows.items():
            fresh = [n for n in names if n not in self.truth.again]
            sources = {self.truth.records[n].source for n in fresh}
            if len(sources) > 1:
                faults.append(f"job {job} has rows of {sources}")
            if None not in sources and fresh != sorted(fresh):
                faults.append(f"job {job} has rows out of order")
            known = of_batch.setdefault(self.tags.get(job, (0, 0, 0))[:2], names)
            whole, part = sorted((known, names), key=len, reverse=True)
            if whole[:len(part)] != part or (len(whole) != len(part) and not self.soak.halves):
                faults.append(f"jobs of batch {self.tags.get(job)} have other rows")
        return faults

    def left(self):
        """Files that nothing accounts for."""
        spool = self.lab.spool
        found = [str(p.relative_to(spool)) for p in spool.rglob("*")
                 if p.suffix in (".tmp", ".new") or
                 (p.parent.name == "ctl" and p.suffix != ".done")]  # an answer goes at a start
        for part in KEPT:
            for path in (spool / part).glob("*/*.csv"):
                if not path.with_suffix(".reason").exists():
                    found.append(f"{path.relative_to(spool)} without a reason")
        if not (spool / "reserve").exists() or (spool / "reserve").stat().st_size != 8192:
            found.append("no whole reserve")
        return found

    def dropped_told(self):
        objects = self.lab.ocbulk("queue", "--json").json().get("objects", [])
        return sum(o["dropped"] or 0 for o in objects)

    def reasons_kept(self):
        count = collections.Counter()
        for part in KEPT:
            for path in (self.lab.spool / part).glob("*/*.reason"):
                found = re.search(r"^reason = (.*)", path.read_text(), re.M)
                count[f"{part}: {found[1] if found else '?'}"] += 1
        return count
