"""The corpus of requests, read by tests in Python; see corpus.c for its form."""
import os
import re
import subprocess
from typing import NamedTuple, Optional

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Case(NamedTuple):
    sentence: str
    boundary: str
    metadata: Optional[bytes]
    name: bytes
    file: bytes
    request: bytes

    def name_sent(self):
        return re.sub(rb'["\\\r\n]', lambda byte: b"%%%02X" % byte[0][0], self.name)


def netstrings(data):
    at = 0
    while at < len(data):
        colon = data.index(b":", at)
        end = colon + 1 + int(data[at:colon])
        assert data[end:end + 1] == b",", "the corpus is damaged"
        yield data[colon + 1:end]
        at = end + 1


def cases():
    build = os.environ.get("OCB_BUILD", "build")
    data = subprocess.run([os.path.join(TOP, build, "tests/interop/corpus"), "tests/data/sample.csv"],
                          cwd=TOP, check=True, stdout=subprocess.PIPE).stdout
    fields = netstrings(data)
    for sentence, boundary, has, metadata, name, file, request in zip(*[fields] * 7):
        yield Case(sentence.decode(), boundary.decode(), metadata if has == b"+" else None, name, file,
                   request)
