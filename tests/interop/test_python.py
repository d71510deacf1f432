#!/usr/bin/env python3
# BUILDS: plain
"""Python's standard library reads every request of the corpus (C01-C04): http.client's header
reader, then the email package, and cgi where it still exists."""
import email.feedparser
import email.policy
import http.client
import io
import re
import urllib.parse
import warnings

import corpus

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        import cgi
    except ImportError:
        cgi = None

PATH = "/elements/api-v2/hubs/marketing/bulk/contact"
STEPS = [1, 5, 77, 1000, 4096, 1 << 24]


def want(case):
    parts = [] if case.metadata is None else [("metaData", None, None, case.metadata)]
    return parts + [("file", case.name_sent(), "text/csv", case.file)]


def raw(text):
    return None if text is None else text.encode("utf-8", "surrogateescape")


class Raw(email.policy.Compat32):
    """Leaves bytes above ASCII as they are instead of wrapping the header in an object."""

    def header_fetch_parse(self, name, value):
        return value


def by_email(headers, body, step):
    parser = email.feedparser.BytesFeedParser(policy=Raw())
    parser.feed(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n")
    step = max(step, len(body) // 1000)
    for at in range(0, len(body), step):
        parser.feed(body[at:at + step])
    message = parser.close()
    assert message.is_multipart() and not message.defects, message.defects
    parts = []
    for part in message.get_payload():
        assert part.get_content_disposition() == "form-data"
        name = part.get_param("name", header="Content-Disposition")
        parts.append((name, raw(part.get_filename()), part.get("Content-Type"),
                      part.get_payload(decode=True)))
    return parts


def by_cgi(headers, body, _):
    form = cgi.FieldStorage(io.BytesIO(body), errors="surrogateescape", keep_blank_values=True,
                            environ={"REQUEST_METHOD": "POST",
                                     "CONTENT_TYPE": headers["Content-Type"],
                                     "CONTENT_LENGTH": headers["Content-Length"]})
    parts = []
    for field in form.list:
        value = field.file.read() if field.filename is not None else raw(field.value)
        kind = field.type if "content-type" in field.headers else None
        parts.append((field.name, raw(field.filename), kind, value))
    return parts


def judge(case, parse, step):
    head, body = case.request.split(b"\r\n\r\n", 1)
    line, _, fields = head.partition(b"\r\n")
    if not re.fullmatch(r"[0-9A-Za-z]{16,70}", case.boundary):
        return "the boundary is no plain token"
    method, target, version = line.decode("ascii").split(" ")
    url = urllib.parse.urlsplit(target)
    if (method, url.path, version) != ("POST", PATH, "HTTP/1.1"):
        return f"request line {line}"
    if urllib.parse.parse_qs(url.query, strict_parsing=True) != {"path": ["/" + case.name.decode()]}:
        return f"query {url.query}"
    headers = http.client.parse_headers(io.BytesIO(fields + b"\r\n\r\n"))
    if headers["Content-Length"] != str(len(body)):
        return f"{headers['Content-Length']} bytes announced, {len(body)} sent"
    got = parse(headers, body, step)
    if got != want(case):
        return f"{str(got)[:200]} instead of {str(want(case))[:200]}"
    return None


def main():
    passed = failed = 0
    parsers = [("email", by_email)] + ([("cgi", by_cgi)] if cgi else [])
    if cgi is None:
        print("skip - this Python has no cgi any more")
    for number, case in enumerate(corpus.cases()):
        for name, parse in parsers:
            try:
                why = judge(case, parse, STEPS[number % len(STEPS)])
            except Exception as e:  # a parser may fail in any way: that is the finding
                why = repr(e)
            if why is None:
                passed += 1
                continue
            failed += 1
            if failed < 20:
                print(f"not ok - {name}: {case.sentence} ({number}): {why}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    raise SystemExit(main())
