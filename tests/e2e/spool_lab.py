"""A laboratory with a spool: records handed in, the daemon run, and what became of each record.

Rows are `mail, name`; each record's name is unique, so that it can be looked for in every file."""
import csv
import io
import json
import os
import signal
import socket
import subprocess
import time

from lab import BUILD, Lab

HEADER = "C_EmailAddress,C_FirstName"


class SpoolLab(Lab):
    def __init__(self, *cloud_options, **options):
        super().__init__(*cloud_options, **options)
        self.serial = 0
        self.spools = 0
        self.fresh()

    def fresh(self, **more):
        """A new spool, an empty service whose jobs are final at once, the settings of `settings`."""
        assert self.cloud.poll() is None, f"the service has ended: {self.cloud.returncode}"
        self.reset()
        self.faults("upload slow=0 count=0")
        self.spools += 1
        self.spool = self.dir / f"spool{self.spools}"
        self.run_dir = self.dir / f"run{self.spools}"
        self.status, self.metrics = self.dir / "status.json", self.dir / "metrics.prom"
        self.status.unlink(missing_ok=True)
        self.metrics.unlink(missing_ok=True)
        self.settings(**more)

    def settings(self, spool="", schedule="splay = 0\n", log="", rest="", **replace):
        self.config(rest=f"[spool]\ndir = {self.spool}\nrun_dir = {self.run_dir}\n{spool}\n"
                    f"[schedule]\n{schedule}\n[log]\nstatus_file = {self.status}\n"
                    f"metrics_file = {self.metrics}\n{log}\n{rest}\n", **replace)

    def names(self, n):
        """n names of records that there have not been yet."""
        self.serial += n
        return [f"Record{i:07d}" for i in range(self.serial - n + 1, self.serial + 1)]

    def rows(self, names, mail="{}@example.org"):
        return "".join(f"{mail.format(n.lower())},{n}\n" for n in names)

    def text(self, names, **more):
        return HEADER + "\n" + self.rows(names, **more)

    def hand_in(self, names, text=None, object="contact", file=None):
        """As a producer of files does it: written beside, then renamed."""
        folder = self.spool / "outbox" / object
        self.spool.mkdir(exist_ok=True)
        self.spool.chmod(0o2770)
        folder.mkdir(parents=True, exist_ok=True)
        file = file or f"{names[0]}.csv"
        part = folder / f"{file}.part"
        part.write_text(text or self.text(names))
        part.rename(folder / file)

    def once(self, *args, **more):
        return self.ocbulk("run", "--once", *args, **more)

    def stored(self, bad=False):
        """Names of the records that the service has, with repetitions; bad: refused ones too."""
        lines = self.admin("/all-rows").splitlines()
        return [row["row"][1] for row in map(json.loads, lines) if bad or not row.get("bad")]

    def kept(self, *folders):
        """Names of the records in held/, failed/, quarantine/ (or those folders named)."""
        found = []
        for folder in folders or ("held", "failed", "quarantine"):
            for path in sorted((self.spool / folder).glob("*/*.csv")):
                rows = list(csv.reader(io.StringIO(path.read_text())))
                found += [row[1] for row in rows if len(row) > 1 and row[1] != "C_FirstName"]
        return found

    def waiting(self):
        return [str(p.relative_to(self.spool)) for f in ("outbox", "queue")
                for p in sorted((self.spool / f).glob("*/*")) if p.name not in (".lock",)]

    def found_in_spool(self, name):
        return [str(p) for p in self.spool.rglob("*")
                if p.is_file() and name.encode() in p.read_bytes()]

    def reason(self, folder):
        return "".join(p.read_text() for p in sorted((self.spool / folder).glob("*/*.reason")))

    def daemon(self, *args, **more):
        return Daemon(self, *args, **more)

    def preload(self, name, **more):
        """The environment with tests/e2e/preload_NAME.c in front of the C library."""
        asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        return self.environment(LD_PRELOAD=str(BUILD / f"tests/e2e/preload_{name}.so"),
                                ASAN_OPTIONS=asan, **more)

    def told(self):
        """What the status file says; nothing while there is none."""
        return json.loads(self.status.read_text()) if self.status.exists() else {"state": None,
                                                                                "why": None}

    def until(self, what, seconds=30):
        """Waits for a condition; how long it took is nobody's business."""
        for _ in range(seconds * 50):
            got = what()
            if got:
                return got
            time.sleep(0.02)
        raise AssertionError(f"not so after {seconds} s")


class Daemon:
    """`ocbulk run` with its log in a file; ends with the `with` block, whatever happened in it."""

    def __init__(self, lab, *args, env=None):
        self.lab = lab
        self.path = lab.dir / "daemon.log"
        self.process = None
        self.args, self.env = args, env

    def __enter__(self):
        with open(self.path, "w") as log:
            self.process = subprocess.Popen(
                [BUILD / "ocbulk", "run", *map(str, self.args)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=self.env or self.lab.environment())
        if "--once" not in self.args:
            self.lab.until(lambda: "sends from" in self.log() or self.process.poll() is not None)
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self):
        return self.path.read_text()

    def says(self, part, seconds=30):
        """Waits for words in the log."""
        self.lab.until(lambda: part in self.log() or self.process.poll() is not None, seconds)
        self.lab.has(self.log(), part)

    def drained(self):
        """Waits until a job is done and nothing waits any more."""
        self.says("all stored")
        self.lab.until(lambda: self.lab.waiting() == [])

    def hup(self):
        self.process.send_signal(signal.SIGHUP)

    def wake(self):
        """The datagram of `add`."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"", str(self.lab.run_dir / "wake"))

    def stop(self, seconds=30):
        """SIGTERM: its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def proc(self, file, key):
        """A number of /proc/PID/FILE."""
        for line in open(f"/proc/{self.process.pid}/{file}"):
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise AssertionError(key)
