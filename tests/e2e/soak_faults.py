"""The faults that a soak's service plays, drawn from a generator: nothing that no client could see
through (a job that is said to be made and is not, rows that are said to be stored and are not)."""

UPLOAD = {
    "status=400": 2, "status=422": 2, "status=413": 1, "status=429": 2, "status=429 retry-after=1": 3,
    "status=401": 1, "status=403": 1, "status=404": 1, "status=405": 1, "status=409": 1,
    "status=302": 1, "redirect=/elements/api-v2/x": 1, "status=408": 2, "status=500": 3,
    "status=503": 3, "status=503 retry-after=1": 3, "status=502 made=1": 3, "status=504 made=1": 3,
    "html=200 made=1": 2, "html=502": 2, "html=404": 1, "html=200": 1, "lost=1": 8,
    "lost=1 close=torn": 4, "lost=1 late-job=3000": 4, "lost=1 late-job=20000": 1, "twice=1": 1,
    "twice=1 lost=1": 1, "cut=1": 2, "cut=300": 3, "cut=900": 3, "cut=900 job-of-half=1": 3,
    "early=0 status=503": 2, "early=100 status=401": 1, "early=200 close=rst": 2,
    "early=50 status=429 retry-after=1": 2, "reply-cut=0": 3, "reply-cut=5": 3, "reply-cut=31": 2,
    "garbage=50 made=1": 2, "garbage=7": 2, "raw= made=1": 2, "raw=": 2, "body={} made=1": 2,
    "body=[] made=1": 1, "id=a%2Fb": 1, "id=..": 1, "same-id=1": 1, "word=RUNNING": 2, "slow=3000": 4,
    "slow=10000": 2, "late-job=3000": 3, "lookalike=3": 3, "lookalike=12 lost=1": 2,
    "read-delay=20": 3, "read-delay=1500": 1, "delay=2000": 2, "delay=8000": 1,
    "chunked=7 drip=1": 2, "continue=3": 2, "close=said": 2, "close=silent": 3, "close=end": 2,
    "close=torn": 2, "close=rst": 3, "spelling=2": 2, "spelling=3": 2, "spelling=4": 2, "date=-40": 1,
    "outage=1500": 2,
}
STATUS = {
    "counts=none,none": 3, "counts=null,null": 3, "counts==,none": 2, "counts=none,=": 2,
    "counts=good,=": 3, "counts=999,0": 1, "counts=0,0": 1, "counts=999,0 count=6": 1,
    "running=null,null": 3, "running=1,0": 2, "word=RUNNING": 3, "word=ABORTED": 1, "word=ERROR": 1,
    "word=Completed": 2, "word=UNHEARD_OF": 1, "spelling=0": 2, "spelling=2": 2, "spelling=3": 2,
    "spelling=4": 2, "metadata=text": 2, "metadata=none": 2, "hide-tags=1": 2, "status=404": 3,
    "status=500": 3, "status=503 retry-after=1": 2, "status=401": 1, "status=403": 1, "html=502": 2,
    "html=200": 2, "reply-cut=10": 3, "garbage=9": 2, "lost=1": 2, "delay=7000": 1, "body={}": 1,
    "expire=500": 1,
}
ERRORS = {
    "items=strings": 2, "items=long": 1, "items=3": 2, "pages=empty": 2, "pages=twice": 2,
    "pages=bad": 1, "pages=long": 1, "status=500": 3, "status=404": 1, "status=403": 1,
    "html=200": 1, "reply-cut=10": 2, "garbage=9": 1, "chunked=3": 1,
}
JOBS = {
    "hide-tags=1": 3, "lookalike=5": 3, "lookalike=20": 1, "metadata=object": 2, "metadata=text": 2,
    "pages=loop": 1, "pages=lost": 2, "pages=twice": 2, "pages=skip": 1, "pages=empty": 2,
    "pages=bad": 1, "items=long": 1, "skew=-300": 2, "skew=300": 2, "expire=1000": 1, "status=403": 2,
    "status=404": 1, "status=500": 3, "status=503 retry-after=1": 2, "html=502": 2, "html=200": 2,
    "reply-cut=40": 3, "garbage=9": 2, "lost=1": 2, "delay=7000": 1, "body=[]": 1,
}
OBJECTS = {
    "status=500": 2, "status=401": 1, "status=403": 1, "status=404": 1, "html=502": 2, "html=200": 1,
    "items=3": 2, "items=objects": 2, "pages=lost": 2, "pages=twice": 1, "reply-cut=5": 2,
    "garbage=9": 1, "body=[]": 1, "delay=7000": 1,
}
ANY = {
    "delay=300": 3, "drip=1": 1, "chunked=3": 2, "continue=2": 2, "close=silent": 3, "close=end": 2,
    "status=503 retry-after=1": 2, "status=429": 1, "status=401": 2, "outage=3000": 1,
}
KINDS = {"upload": (UPLOAD, 10), "status": (STATUS, 5), "errors": (ERRORS, 3), "jobs": (JOBS, 5),
         "objects": (OBJECTS, 1), "any": (ANY, 2)}


def draw(rnd, of):
    return rnd.choices(list(of), [w[1] if isinstance(w, tuple) else w for w in of.values()])[0]


def line(rnd):
    """One fault: for the next request or two, seldom for all until the script is replaced."""
    kind = draw(rnd, KINDS)
    action = draw(rnd, KINDS[kind][0])
    if "count=" not in action and "outage" not in action:
        action += f" count={rnd.choice((1, 1, 1, 2, 3, 0))}"
    return f"{kind} {action}"


def script(rnd):
    """One fault for each selector at most: together two could make a job that is clearly refused."""
    lines = {}
    for _ in range(rnd.choice((1, 1, 2, 3))):
        made = line(rnd)
        lines.setdefault(made.split()[0], made)
    if "any" in lines:
        lines = {"any": lines["any"]}
    return "\n".join(lines.values())
