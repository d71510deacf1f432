"""Whether a text is in Prometheus' text exposition format 0.0.4, as its documentation has it, and
keeps promtool's rules for names; written from that page, not from the program that is tested."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(\{{(?:{LABEL}(?:,{LABEL})*,?)?\}})? (\S+)( -?\d+)?")
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}


def number(text):
    return float(text)  # Go's ParseFloat takes what Python's float does, as far as we write it


def check_metrics(text, before=None):
    """The samples by name and labels; before: those of an earlier text of the same run."""
    assert text.endswith("\n"), "the last line has no end"
    helped, kind, samples, current, closed = {}, {}, {}, None, set()
    for line in text.split("\n")[:-1]:
        assert line != "", "an empty line"
        if line.startswith("# "):
            word, name, rest = line[2:].split(" ", 2)
            assert word in ("HELP", "TYPE"), line
            assert re.fullmatch(NAME, name), line
            if name != current:
                assert name not in closed, f"{name}: its lines do not stand together"
                closed.add(current)
                current = name
            known = helped if word == "HELP" else kind
            assert name not in known, f"{line}: twice"
            assert word == "HELP" or rest in TYPES, line
            assert not any(s.split("{")[0] == name for s in samples), f"{line}: behind a sample"
            known[name] = rest
            continue
        found = SAMPLE.fullmatch(line)
        assert found, f"no sample: {line!r}"
        name, labels = found[1], found[2] or ""
        assert name == current and name in helped and name in kind, f"{line}: without HELP, TYPE"
        assert name + labels not in samples, f"{line}: twice"
        samples[name + labels] = number(found[3])
        # promtool check metrics
        assert (kind[name] == "counter") == name.endswith("_total"), f"{name}: {kind[name]}"
        assert not re.search(r"(_ms|_milliseconds|_kilobytes|_count|_sum|_bucket|[A-Z])", name), name
        assert kind[name] != "counter" or samples[name + labels] >= 0, line
    for key, value in (before or {}).items():
        if kind.get(key.split("{")[0]) == "counter":
            assert samples[key] >= value, f"{key} went from {value} to {samples[key]}"
    return samples
