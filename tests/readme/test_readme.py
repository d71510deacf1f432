#!/usr/bin/env python3
# BUILDS: plain
"""The README's commands, pasted one by one, work as printed; its C example compiles and runs.

test_readme.py --write puts what the commands print now into the README.
"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
README = TOP / "README.md"
MARK = "@@@ next @@@"
BLOCK = re.compile(r"```console\n(.*?)```", re.S)
passed = failed = 0


def told(name, ok, detail=""):
    global passed, failed
    passed, failed = passed + ok, failed + (not ok)
    print(f"{'ok' if ok else 'not ok'} - {name}{'' if ok else detail}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


PORTS = {"8443": free_port(), "8081": free_port()}


def to_here(text):
    for there, here in PORTS.items():
        text = text.replace(there, here)
    return text


def to_readme(text):
    for there, here in PORTS.items():
        text = text.replace(here, there)
    return text


def steady(text):
    """What may differ from run to run: times, request ids, and which job ends first."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)
    return sorted(re.sub(r"bench-\d+", "bench-ID", text).splitlines())


def commands(block):
    """Pairs of a command and what the README says it prints."""
    pairs = []
    for line in block.splitlines():
        if line.startswith("$ "):
            pairs.append([line[2:], ""])
        else:
            pairs[-1][1] += line + "\n"
    return pairs


class Shell:
    def __init__(self):
        env = {k: v for k, v in os.environ.items() if not k.startswith("OCBULK_")}
        self.bash = subprocess.Popen(["bash"], cwd=TOP, env=env, text=True, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command):
        self.bash.stdin.write(f"{to_here(command)}\necho '{MARK}'\n")
        self.bash.stdin.flush()
        lines = []
        for line in self.bash.stdout:
            if line.rstrip("\n").endswith(MARK):
                break
            lines.append(line)
        return to_readme("".join(lines))

    def end(self):
        self.bash.stdin.write("kill $(jobs -p); wait\n")
        self.bash.stdin.close()
        self.bash.wait(60)


def wait_for_port():
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", int(PORTS["8443"])), 1).close()
            return
        except OSError:
            subprocess.run(["sleep", "0.1"], check=True)


def run_block(shell, block):
    text = ""
    for command, want in commands(block):
        got = shell.run(command)
        if command.endswith("&"):
            wait_for_port()
        text += f"$ {command}\n{got}"
        if "--write" not in sys.argv:
            told(command[:70], steady(got) == steady(want), f"\n got: {got!r}\nwant: {want!r}")
    return text


def run_example(text):
    """The C code and the commands below it, as they stand."""
    code = re.search(r"```c\n(.*?)```\n+```sh\n(.*?)\nTOKEN", text, re.S)
    (TOP / "build" / "example.c").write_text(code.group(1))
    build = code.group(2).replace("example", "build/example")
    done = subprocess.run(build, shell=True, cwd=TOP, capture_output=True, text=True)
    told("the C example compiles", done.returncode == 0, done.stderr)
    port = PORTS["8443"]
    done = subprocess.run([TOP / "build/example", port, f"localhost:{port}",
                           TOP / "build/certs/root.pem"], capture_output=True, text=True,
                          env={"TOKEN": "bench-element-token", "SECRET": "bench-user-secret="})
    want = "activities\ncontact\ncampaign\nlist\naccount\n"
    told("the C example lists the objects", done.stdout == want, repr(done))


def forget():
    """What a run that was cut has left of the sample's upload."""
    shutil.rmtree(TOP / "tests/data/sample.csv.ocbulk", ignore_errors=True)


source = README.read_text()
forget()
shell = Shell()
result = BLOCK.sub(lambda m: f"```console\n{run_block(shell, m.group(1))}```", source)
if "--write" in sys.argv:
    README.write_text(result)
else:
    run_example(source)
shell.end()
forget()
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
