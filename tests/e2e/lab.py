"""A laboratory for whole-program tests: bench_cloud, a folder, a configuration, and a verdict.

    lab = Lab()
    with lab.test("objects are listed"):
        r = lab.ocbulk("objects")
        lab.same(r.code, 0)
    lab.end()

A test fails by exception and the others go on; end() prints the line that tools/check adds up.
"""
import atexit
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("OCB_BUILD", "build")
CERTS = TOP / "build" / "certs"
TOKEN, SECRET = "bench-element-token", "bench-user-secret="
# A copy of each run's own: an upload keeps its journal beside its file.
SAMPLE = pathlib.Path(tempfile.mkdtemp(prefix="ocbulk-sample-")) / "sample.csv"
shutil.copy(TOP / "tests" / "data" / "sample.csv", SAMPLE)
atexit.register(shutil.rmtree, SAMPLE.parent, ignore_errors=True)


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def json(self):
        return json.loads(self.out)


class Lab:
    def __init__(self, *cloud_options, cert="good", plain=False):
        self.passed = self.failed = 0
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="ocbulk-test-"))
        subprocess.run([TOP / "tools" / "certs", CERTS], check=True, stdout=subprocess.DEVNULL)
        self.cloud = None
        self.program = BUILD / "ocbulk"
        self.start_cloud(*cloud_options, cert=cert)
        self.credentials = self.file("credentials",
                                     f"element_token = {TOKEN}\nuser_secret = {SECRET}\n", 0o600)
        self.config()

    def start_cloud(self, *options, cert="good"):
        ports = self.dir / "ports"
        ports.unlink(missing_ok=True)
        self.cloud = subprocess.Popen(
            [BUILD / "bench_cloud", "-q", "--cert", CERTS / f"{cert}.pem", "--key",
             CERTS / f"{cert}.key", "--port-file", ports, *options])
        for _ in range(300):
            if ports.exists():
                break
            time.sleep(0.05)
        found = dict(line.split("=") for line in ports.read_text().split())
        self.port, self.admin_port = int(found["port"]), int(found["admin"])

    def stop_cloud(self):
        self.cloud.terminate()
        return self.cloud.wait(30)

    @property
    def base(self):
        return f"https://localhost:{self.port}/elements/api-v2"

    def file(self, name, content, mode=0o644):
        path = self.dir / name
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        path.chmod(mode)
        return path

    def config(self, service="", link="", job="", rest="", **replace):
        """Writes the configuration; keys of `replace` stand in for those of [service]."""
        keys = {"base_url": self.base, "hub": "marketing",
                "credentials_file": self.credentials, "ca_file": CERTS / "root.pem", **replace}
        lines = "".join(f"{k} = {v}\n" for k, v in keys.items() if v is not None)
        self.conf = self.file("ocbulk.conf", f"[service]\n{lines}{service}\n[link]\n{link}\n"
                              f"[job]\npoll_first = 1s\npoll_max = 2s\n{job}\n{rest}\n")

    def open_up(self):
        """What other users need to run it: what is built may stand where they cannot look."""
        self.dir.chmod(0o755)
        self.program = shutil.copy(BUILD / "ocbulk", self.dir / "ocbulk")
        ca = shutil.copy(CERTS / "root.pem", self.dir / "root.pem")
        self.conf.write_text(self.conf.read_text().replace(str(CERTS / "root.pem"), str(ca)))
        self.conf.chmod(0o644)

    def environment(self, **extra):
        env = {k: v for k, v in os.environ.items() if not k.startswith("OCBULK_")}
        return {**env, "OCBULK_CONFIG": str(self.conf), **extra}

    def start(self, *args, **more):
        more.setdefault("env", self.environment())
        return subprocess.Popen([self.program, *map(str, args)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, **more)

    def ocbulk(self, *args, timeout=120, env=None, **more):
        return Result(subprocess.run(
            [self.program, *map(str, args)], capture_output=True, text=True, timeout=timeout,
            env=env or self.environment(), **{"stdin": subprocess.DEVNULL, **more}))

    def admin(self, path, body=None, method=None):
        data = body.encode() if body is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.admin_port}{path}", data,
                                         method=method or ("POST" if data is not None else "GET"))
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.read().decode()

    def faults(self, script):
        self.admin("/faults", script)

    def stats(self):
        return json.loads(self.admin("/stats"))

    def reset(self):
        """A new service, and no upload that was cut before."""
        self.admin("/reset", "")
        for folder in (self.dir, SAMPLE.parent):
            for journal in folder.glob("*.ocbulk"):
                shutil.rmtree(journal)

    def jobs(self):
        return self.stats()["jobs"]

    @contextlib.contextmanager
    def test(self, name):
        try:
            yield
        except Exception:  # a failed test must not hide the others
            self.failed += 1
            print(f"not ok - {name}")
            traceback.print_exc(file=sys.stdout)
        else:
            self.passed += 1
            print(f"ok - {name}")
        sys.stdout.flush()

    def same(self, got, want):
        assert got == want, f"got {got!r}, want {want!r}"

    def has(self, text, part):
        assert part in text, f"no {part!r} in {text!r}"

    def lacks(self, text, part):
        assert part not in text, f"{part!r} in {text!r}"

    def ends(self, result, code, *parts):
        """The exit code, and words that stderr must have."""
        assert result.code == code, f"exit {result.code}, want {code}: {result.err!r} {result.out!r}"
        for part in parts:
            assert re.search(part, result.err), f"no {part!r} in {result.err!r}"

    def end(self):
        self.stop_cloud()
        shutil.rmtree(self.dir)
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(self.failed > 0)
