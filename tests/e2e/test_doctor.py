#!/usr/bin/env python3
# BUILDS: plain asan-gcc
"""doctor: each thing that can be wrong is found, told in its own line, and decides the exit code."""
from lab import CERTS
from spool_lab import SpoolLab

lab = SpoolLab()


def doctor(*args, **more):
    """The result, and its checks as {name: [(state, what, fix), ...]}."""
    r = lab.ocbulk("--json", "doctor", *args, **more)
    found = {}
    for c in r.json()["checks"]:
        assert set(c) == {"check", "state", "what", "fix"}
        found.setdefault(c["check"], []).append((c["state"], c["what"], c["fix"]))
    lab.same(r.json()["exit"], r.code)
    return r, found


def states(found, *names):
    return [found[name][0][0] if name in found else None for name in names]


WAY = ("resolver", "connection", "tls", "credentials")

with lab.test("with a spool and a daemon all is well, one line each"):
    lab.hand_in(lab.names(1))
    with lab.daemon() as d:
        d.drained()
        r = lab.ocbulk("doctor", "contact")
        lab.ends(r, 0)
        lab.lacks(r.out, "FAIL")
        lab.lacks(r.out, "skip")
        for line in ("ok    configuration ", "ok    resolver      localhost has an address",
                     f"ok    connection    to localhost:{lab.port}", "ok    tls           TLSv1.3",
                     "certificates good until 20", "ok    credentials   taken; the service has 5",
                     "ok    object        contact", f"ok    spool         {lab.spool}",
                     f"ok    daemon        process {d.process.pid} sends", "ok    journal ",
                     "ok    reserve "):
            lab.has(r.out, line)
        lab.same(d.stop(), 0)

with lab.test("no daemon is a warning, and no failure"):
    r, found = doctor()
    lab.same((r.code, states(found, "daemon", *WAY)), (0, ["warn"] + ["ok"] * 4))
    lab.same(r.json()["error"], None)

with lab.test("without a configuration file it goes by what it has"):
    env = lab.environment(OCBULK_BASE_URL=lab.base, OCBULK_HUB="marketing",
                          OCBULK_CA_FILE=str(CERTS / "root.pem"), OCBULK_DIR=str(lab.spool),
                          OCBULK_CREDENTIALS_FILE=str(lab.credentials))
    del env["OCBULK_CONFIG"]
    r, found = doctor(env=env)
    lab.same((r.code, found["configuration"][0][0]), (0, "ok"))

for name, change, code, want in (
        ("no address for the host", {"base_url": "https://nohost.invalid/elements/api-v2"}, 5,
         ["FAIL", "skip", "skip", "skip"]),
        ("nobody at the port", {"base_url": "https://localhost:1/elements/api-v2"}, 5,
         ["ok", "FAIL", "skip", "skip"]),
        ("an issuer that is not trusted", {"ca_file": CERTS / "unknown_root.pem"}, 8,
         ["ok", "ok", "FAIL", "skip"]),
        ("a CA file that is none", {"ca_file": lab.file("empty", "")}, 2,
         ["ok", "ok", "FAIL", "skip"]),
        ("credentials that the service refuses", {"credentials_file": lab.file(
            "wrong", "element_token = wrong-token\nuser_secret = wrong-secret\n", 0o600)}, 7,
         ["ok", "ok", "ok", "FAIL"])):
    with lab.test(f"{name}: {code}"):
        lab.settings(**change)
        r, found = doctor()
        lab.same((r.code, states(found, *WAY)), (code, want))
        (fail,) = [c[0] for c in found.values() if c[0][0] == "FAIL"]
        assert fail[2] != "", "no fix"
        lab.lacks(r.out + r.err, "wrong-")
lab.settings()

with lab.test("a hub that is none, an answer that is no list: told as the service's"):
    lab.faults("objects html=404 count=0")
    r, found = doctor()
    lab.same((r.code, states(found, "service", *WAY[:3])), (4, ["FAIL", "ok", "ok", "ok"]))
    lab.faults("")

with lab.test("an object that the service does not have: 2"):
    r, found = doctor("contacts")
    lab.same((r.code, found["object"]), (2, [("FAIL", "the service has no such object: contacts",
                                              "`ocbulk objects` lists the names")]))
    lab.settings(rest="[object contact]\n[object nobody]\n")
    r, found = doctor()
    lab.same((r.code, [c[0] for c in found["object"]]), (2, ["ok", "FAIL"]))
    lab.settings()

with lab.test("credentials that others can read: 7, and the spool is looked at all the same"):
    open_file = lab.file("open", lab.credentials.read_text(), 0o644)
    lab.settings(credentials_file=open_file)
    r, found = doctor()
    lab.same((r.code, states(found, "files", "service", "spool")), (7, ["FAIL", "skip", "ok"]))
    lab.settings()

with lab.test("no spool: 12, with the command that makes it"):
    there, lab.spool = lab.spool, lab.dir / "nowhere"
    lab.settings()
    r, found = doctor()
    lab.same((r.code, found["spool"][0][0]), (12, "FAIL"))
    lab.has(found["spool"][0][2], f"install -d -m 2770 -g ocbulk {lab.spool}")
    lab.same(lab.spool.exists(), False)
    lab.spool = there
    lab.settings()

with lab.test("a spool that everybody can read, a journal with rot, no reserve"):
    lab.spool.chmod(0o2775)
    journal = lab.spool / "journal"
    good = journal.read_bytes()
    journal.write_bytes(good[:300] + b"\xff" + good[301:])
    (lab.spool / "reserve").unlink()
    r, found = doctor()
    lab.same((r.code, states(found, "spool", "journal", "reserve")),
             (12, ["warn", "FAIL", "warn"]))
    journal.write_bytes(good)
    lab.spool.chmod(0o2770)

with lab.test("a clock that is not set, one that no server keeps, one that is wrong"):
    r, found = doctor(env=lab.preload("clock"))
    lab.same((r.code, states(found, "clock", "tls")), (8, ["FAIL", "FAIL"]))
    lab.faults("objects date=7200 count=0")
    r, found = doctor()
    lab.same(r.code, 0)
    skew = found["clock"][-1]
    lab.same((skew[0], skew[1].split(" s ")[1]), ("warn", "behind the service's"))
    assert 7190 < int(skew[1].split()[0]) < 7210, skew
    lab.faults("")

with lab.test("what the service says is not repeated"):
    lab.faults("objects status=403 body='{\"message\":\"ana@example.org is not let in\"}' count=0")
    r, _ = doctor()
    lab.same(r.code, 7)
    lab.lacks(r.out + r.err, "ana@example.org")

lab.end()
