#!/bin/bash
# BUILDS: plain
# What a spool has to be tested against: tags and look-alikes, jobs that come late, twice or of half
# a body, lists that hide or mislead, outages, a whole fleet at once.
# shellcheck disable=SC2154
set -u
. "$(dirname "$0")/lib.sh"

tag=oc-fedcba9876543210-0000002a-89abcdef-01
meta="{\"callback-payload\":\"$tag\",\"action\":\"upsert\"}"

use() { # SCRIPT
    local got
    still_runs
    got=$(faults "$1")
    [ "$got" = ok ] || echo "script refused: $got" >&2
}
call() { # CURL-ARGUMENTS
    curl -sS -H "$auth" "$@"
}
up() { # SCRIPT [FILE] [CURL-ARGUMENTS]: a tagged upload with these faults
    local file=${2:-$sample}
    use "$1"
    call -H 'Expect:' -H "Elements-Async-Callback-Url: https://device.example.net/hook?ocb=$tag" \
        -F "metaData=$meta" -F "file=@$file;filename=$tag.csv" "${@:3}" \
        "$api/bulk/contact?path=/$tag.csv"
}
get() { # PATH SCRIPT: a GET with these faults
    use "$2"
    call "$api$1"
}
json() {
    python3 "$here/check.py" json "$1"
}
lines() { # PATH EXPRESSION over d: JSON lines of the admin port
    curl -sS "$admin/$1" | python3 "$here/check.py" lines "$2"
}
ids() { # SCRIPT
    get /bulk/jobs "$1" | json '[j["id"] for j in d]'
}
settle() { # waits until job N is over
    until call "$api/bulk/$1/status" | grep -q COMPLETE; do still_runs; sleep 0.05; done
}
objects() { # how a call ends: a connection that is reset at once may not even seem to be made
    call "$api/objects" >"$work/objects" 2>&1
    case $? in 0) echo answered ;; 7 | 35 | 55 | 56) echo reset ;; *) cat "$work/objects" ;; esac
}
raw() {
    python3 "$here/raw.py" "$port" "$@" | tr -d '\r'
}

start_cloud --plain
api=http://localhost:$port$base

### Where a tag shows
is 'a tagged upload makes a job' '{"id":"1234","status":"CREATED"}' "$(up '')"
settle 1234
is 'its status shows metaData and the callback URL' \
    "('$tag', 'https://device.example.net/hook?ocb=$tag')" \
    "$(get /bulk/1234/status '' | json 'd["metaData"]["callback-payload"], d["notificationUrl"]')"
is 'an item of the list has these keys and no others' \
    'completion_time createdDate error_count fileFormat id instanceId job_direction job_state notification_url object_name record_count status' \
    "$(get /bulk/jobs '' | json '" ".join(sorted(d[0]))')"
is 'so the tag is in the callback URL only' 1 "$(get /bulk/jobs '' | grep -o "$tag" | wc -l)"
is 'metaData as a text in a string' "$tag" \
    "$(get /bulk/1234/status 'status metadata=text' | json 'json.loads(d["metaData"])["callback-payload"]')"
is 'metaData in the list' "$tag" "$(get /bulk/jobs 'jobs metadata=object' | json 'd[0]["metadata"]["callback-payload"]')"
is 'in a string there too' "$tag" \
    "$(get /bulk/jobs 'jobs metadata=text' | json 'json.loads(d[0]["metadata"])["callback-payload"]')"
is 'no metaData, but the callback URL' 1 "$(get /bulk/1234/status 'status metadata=none' | grep -o "$tag" | wc -l)"
hasnt 'a list that hides tags' "$tag" "$(get /bulk/jobs 'jobs hide-tags=1 count=0')"
has 'while the status shows them' "$tag" "$(call "$api/bulk/1234/status")"
hasnt 'a status that hides them' "$tag" "$(get /bulk/1234/status 'status hide-tags=1 count=0')"
has 'while the list shows them' "$tag" "$(call "$api/bulk/jobs")"
is 'a refused list' 403 "$(get /bulk/jobs 'jobs status=403' -o /dev/null | json '403 if "requestId" in d else d')"
is 'the admin port knows it all' "('$tag', '$tag', '/$tag.csv', '$tag.csv', 'contact', 10, 0)" \
    "$(lines jobs '[(j["tag"], j["payload"], j["path"], j["file"], j["object"], j["rows"], j["errors"]) for j in d][0]')"

### Counts
reset
up 'upload slow=600000' >"$work/out"
use 'status running=null,null count=0'
is 'no counts while it runs, but null' '(None, None)' \
    "$(call "$api/bulk/1234/status" | json 'd["recordsCount"], d["recordsFailedCount"]')"
is 'null in the list' '(None, None)' "$(call "$api/bulk/jobs" | json 'd[0]["record_count"], d[0]["error_count"]')"
is 'or part of the truth' 7 "$(get /bulk/1234/status 'status running=7,0' | json 'd["recordsCount"]')"
up 'upload slow=300' >"$work/out"
use 'status running=null,null count=0'
settle 1235
is 'the truth at the end' '(10, 0)' "$(call "$api/bulk/1235/status" | json 'd["recordsCount"], d["recordsFailedCount"]')"
is 'told without failed' True "$(get /bulk/1235/status 'status counts==,none' | json '"recordsFailedCount" not in d and d["recordsCount"] == 10')"

### Look-alikes
reset
is 'among jobs of other devices' '{"id":"1236","status":"CREATED"}' "$(up 'upload lookalike=5')"
is 'five of them' '[1239, 1238, 1237, 1236, 1235, 1234]' "$(ids '')"
is 'with tags that differ' 6 "$(lines jobs 'len({j["tag"] for j in d})')"
is 'in whose spool they are from, and nothing else' "{'${tag:19}'} 6" \
    "$(lines jobs 'str({j["tag"][19:] for j in d}) + " " + str(len({j["tag"][:19] for j in d if len(j["tag"]) == 40 and j["tag"].startswith("oc-")}))')"
is 'tags that stand everywhere' True \
    "$(lines jobs 'all(j["payload"] == j["tag"] and j["path"] == "/" + j["tag"] + ".csv" and j["callback"].endswith("?ocb=" + j["tag"]) for j in d)')"
is 'their metaData is ours but for that' True \
    "$(get /bulk/1234/status '' | json "set(d['metaData']) == {'callback-payload', 'action'} and d['metaData']['callback-payload'] != '$tag'")"
is 'as many rows are told' "[10]" "$(settle 1239; call "$api/bulk/jobs" | json 'sorted({j["record_count"] for j in d})')"
is 'but none are there' '[1236]' "$(lines all-rows 'sorted({r["job"] for r in d})')"
is 'and they are no jobs of ours' 1 "$(curl -sS "$admin/stats" | json 'd["jobs"]')"
is 'a list tells of some that are not there' '[1239, 900001, 900002, 1238, 1237, 1236, 1235, 1234]' "$(ids 'jobs lookalike=2')"

### Jobs that come late, of half a body, twice
reset
up 'upload lost=1 late-job=600000' >"$work/out" 2>&1
is 'an answer is lost, and no job is there' '[]' "$(ids '')"
before=$(date +%s%N)
up 'upload lost=1 late-job=1000' >"$work/out" 2>&1
until [ "$(ids '')" = '[1235]' ]; do still_runs; sleep 0.1; done
is 'it comes late' True "$(call "$api/bulk/jobs" | json "d[0]['createdDate'] >= ${before%??????} + 1000")"
has 'with its tag' "$tag" "$(call "$api/bulk/1235/status")"
reset
up 'upload cut=800 job-of-half=1' >"$work/out" 2>&1
settle 1234
is 'half a body makes a job whose tag is found' "('$tag', True)" \
    "$(call "$api/bulk/1234/status" | json 'd["metaData"]["callback-payload"], 0 < d["recordsCount"] < 10')"
up 'upload cut=150 job-of-half=1' >"$work/out" 2>&1
settle 1235
is 'a job of half a metaData shows none of it' "('COMPLETE', False)" \
    "$(call "$api/bulk/1235/status" | json 'd["status"], "metaData" in d')"
is 'but has its path' "['$tag', '$tag']" "$(lines jobs '[j["tag"] for j in d]')"
use 'upload job-of-half=1'
raw POST "$base/bulk/contact?path=/$tag.csv" --file "$sample" --meta "$meta" --send 600 >"$work/out"
until [ "$(lines jobs 'len(d)')" = 3 ]; do still_runs; sleep 0.05; done
is 'the client cuts, and a job is made all the same' "('$tag', True)" \
    "$(lines jobs 'd[2]["payload"], 0 < d[2]["rows"] < 10')"
raw POST "$base/bulk/contact" --file "$sample" --send 600 >"$work/out"
until curl -sS "$admin/stats" | grep -q '"cut_requests":4'; do still_runs; sleep 0.05; done
is 'but not without that trick' 3 "$(lines jobs 'len(d)')"
reset
is 'an upload of which two jobs are made' '{"id":"1234","status":"CREATED"}' "$(up 'upload twice=1')"
is 'both with its tag' "[(1234, '$tag'), (1235, '$tag')]" "$(lines jobs '[(j["id"], j["tag"]) for j in d]')"
is 'and with all rows' True "$(lines all-rows '[r["row"] for r in d[:10]] == [r["row"] for r in d[10:]] and len(d) == 20')"

### Time
reset
up '' >"$work/out"
settle 1234
use 'any skew=-7200 date=0'
call -i "$api/bulk/jobs" | tr -d '\r' >"$work/out"
is 'createdDate is two hours behind Date' True "$(tail -1 "$work/out" |
    json "7100 < $(date -d "$(sed -n 's/^Date: //p' "$work/out")" +%s) - d[0]['createdDate'] / 1000 < 7300")"
use 'any expire=0 count=0'
is 'an expired job is 404' '404 404' "$(for n in status errors; do call -o /dev/null -w '%{http_code} ' "$api/bulk/1234/$n"; done | xargs)"
is 'and not in the list' '[]' "$(call "$api/bulk/jobs" | json 'd')"

### The list, page by page
reset
for n in 1 2 3 4 5; do up '' >"$work/out"; done
walk() { # SCRIPT: the last digits of the ids that a client sees, two a page, at most five pages
    local token='' n
    use "jobs $1 count=0"
    for n in 1 2 3 4 5; do
        call -D "$work/head" "$api/bulk/jobs?pageSize=2&nextPage=$token" | json '"".join(str(j["id"])[-1] for j in d)'
        token=$(tr -d '\r' <"$work/head" | sed -n 's/^Elements-Next-Page-Token: //p')
        [ -n "$token" ] || break
    done | xargs
}
is 'as it should be' '87 65 4' "$(walk status=200)"
is 'pages overlap by one' '87 76 65 54' "$(walk pages=twice)"
is 'pages leave one out' '87 54' "$(walk pages=skip)"
is 'the list ends too early' '87' "$(walk pages=lost)"
is 'it never ends' '87 87 87 87 87' "$(walk pages=loop)"

### Everything at once, as JSON lines
reset
seq -f 'user%g@example.org,"A ""n"" ' 1 30000 | sed -e 's/$/é",/' -e '1i C_EmailAddress,C_FirstName,C_Title' >"$work/big.csv"
up '' "$work/big.csv" >"$work/out"
printf 'C_EmailAddress\nx\ny@z\n' >"$work/bad.csv"
up '' "$work/bad.csv" >"$work/out"
curl -sS "$admin/all-rows" >"$work/rows"
is 'all rows of all jobs' '30002' "$(wc -l <"$work/rows")"
is 'are those that Python reads' True "$(python3 -c '
import csv, json, sys
with open(sys.argv[1], newline="") as f: want = list(csv.reader(f))[1:]
got = [json.loads(line) for line in open(sys.argv[2])]
print([r["row"] for r in got if r["job"] == 1234] == want
      and [r["n"] for r in got if r["job"] == 1234] == list(range(1, 30001))
      and {(r["tag"], r["object"]) for r in got} == {(sys.argv[3], "contact")})' "$work/big.csv" "$work/rows" "$tag")"
is 'a refused one is marked' "[['x']]" "$(lines all-rows '[r["row"] for r in d if "bad" in r]')"
is 'each job has its line' '[(1234, 30000, 0), (1235, 2, 1)]' "$(lines jobs '[(j["id"], j["rows"], j["errors"]) for j in d]')"
curl -sS "$admin/stats" >"$work/stats"
is 'what came second by second adds up' True \
    "$(json 'sum(d["seconds"]["requests"]) == sum(d["requests"].values()) and sum(d["seconds"]["uploads"]) == 2 == d["requests"]["upload"] and sum(d["seconds"]["connections"]) == d["connections"] and len({len(v) for v in d["seconds"].values() if isinstance(v, list)}) == 1' <"$work/stats")"
is 'up to this second' True "$(json "d['seconds']['from'] + len(d['seconds']['requests']) - 1 <= $(date +%s) < d['seconds']['from'] + len(d['seconds']['requests']) + 3" <"$work/stats")"

### Outages
reset
is 'an outage is begun' ok "$(curl -sS -X POST "$admin/outage?ms=600000")"
is 'a connection is reset' reset "$(objects)"
is 'the next one too' reset "$(objects)"
is 'they are counted' True "$(curl -sS "$admin/stats" | json 'd["turned_away"] >= 2 and d["requests"]["objects"] == 0')"
is 'it tells how long' True "$(curl -sS "$admin/outage" | json '0 < d <= 600000')"
is 'a wrong length is refused' 400 "$(curl -sS -o /dev/null -w '%{http_code}' -X POST "$admin/outage?ms=x")"
curl -sS -X POST "$admin/outage?ms=0" >"$work/out"
is 'it is ended by hand' answered "$(objects)"
curl -sS -X POST "$admin/outage?ms=300" >"$work/out"
until [ "$(objects)" = answered ]; do still_runs; sleep 0.05; done
ok 'or by itself' $? ''
use 'objects outage=600000 after=1'
is 'one begins with a request' '[open] [rst]' "$(raw GET "$base/objects" --twice 0.1 | sed -n 's/.*\(\[[a-z]*\]\)$/\1/p' | xargs)"
is 'and goes on' reset "$(objects)"
curl -sS -X POST "$admin/outage?ms=0" >"$work/out"
use 'upload delay=3000'
call -F "file=@$sample" "$api/bulk/contact" >"$work/out" 2>&1 &
client=$!
until curl -sS "$admin/jobs" | grep -q 1234; do still_runs; sleep 0.05; done
curl -sS -X POST "$admin/outage?ms=600000" >"$work/out"
wait "$client"
is 'it takes the answer of a job just made' 56 $?
reset
stop_cloud

### A fleet at once
start_cloud --cert "$work/cert.pem" --key "$work/key.pem" --threads 1100
is 'a thousand are connected, then all of them ask' "{'200': 1000}" \
    "$(python3 "$here/check.py" crowd "$port" 1000 "$base/objects")"
is 'all of them came' '(1000, 1000)' "$(curl -sS "$admin/stats" | json 'd["connections"], d["handshakes"]')"
stop_cloud
is 'it ends with 0 in the end' 0 "$ended"

done_with
