#!/bin/bash
# BUILDS: plain
# Every trick of the fault script, seen byte for byte from the other end of the wire.
# shellcheck disable=SC2154
set -u
. "$(dirname "$0")/lib.sh"

names='["activities","contact","campaign","list","account"]'
seq -f 'user%g@example.org,Ann' 1 40000 | sed '1i C_EmailAddress,C_FirstName' >"$work/big.csv"
for n in 1 2 3; do cat "$work/big.csv"; done >"$work/huge.csv"

raw() { # METHOD PATH [OPTIONS]: the answer as it came, then how it ended
    # shellcheck disable=SC2086
    python3 "$here/raw.py" "$port" "$@" $tls | tr -d '\r'
}
use() { # SCRIPT
    local got
    still_runs
    got=$(faults "$1")
    [ "$got" = ok ] || echo "script refused: $got" >&2
}
get() { # PATH SCRIPT: a GET with these faults
    use "$2"
    raw GET "$base$1"
}
up() { # SCRIPT [FILE] [OPTIONS]: an upload with these faults
    local file=${2:-$sample}
    use "$1"
    raw POST "$base/bulk/contact" --file "$file" "${@:3}"
}
code() { # of the answer on stdin
    awk 'NR == 1 { print $2 }'
}
body() { # of the answer on stdin, with the mark of its end
    sed '1,/^$/d'
}
pure() {
    body | sed 's/\[[a-z]*\]$//'
}
json() {
    python3 "$here/check.py" json "$1"
}
ids() { # SCRIPT [QUERY]
    get "/bulk/jobs${2:-}" "$1" | pure | json '[j["id"] for j in d]'
}
ends() { # the marks of the answers on stdin
    sed -n 's/.*\(\[[a-z]*\]\)$/\1/p' | xargs
}
settle() { # waits until job N is over
    until raw GET "$base/bulk/$1/status" | grep -q COMPLETE; do still_runs; sleep 0.05; done
}

# What happens on the wire. A reset within TLS is told by OpenSSL as an early end.
wire() { # KIND NORMAL-END TORN-END RESET-END
    local kind=$1 end=$2 torn=$3 rst=$4 got

    use 'upload status=413 count=2
upload status=503'
    is "$kind: a status for two requests, another for the next" '413 413 503 200' \
        "$(for n in 1 2 3 4; do raw POST "$base/bulk/contact" --file "$sample" | code; done | xargs)"
    is "$kind: one job of them" '[1234]' "$(ids '')"
    is "$kind: exactly these bytes" "HTTP/1.1 200 OK|Content-Length: 9||{}[$end]" \
        "$(get /objects 'objects raw=HTTP/1.1%20200%20OK%0aContent-Length:%209%0a%0a{}' | paste -sd '|')"
    is "$kind: the end at once" "[$end]" "$(get /objects 'objects raw=')"
    use 'objects garbage=50'
    is "$kind: garbage, as much as wished" $((50 + ${#end} + 3)) \
        "$(python3 "$here/raw.py" "$port" GET "$base/objects" $tls | wc -c)"
    is "$kind: an early answer is heard while the body still goes out" 413 "$(up 'upload early=4096' "$work/big.csv" | code)"
    is "$kind: with another status, before the body" 401 "$(up 'upload early=0 status=401' "$work/big.csv" | code)"
    has "$kind: or followed by a reset" "[$rst]" "$(up 'upload early=4096 close=rst' "$work/big.csv" | tail -1)"
    is "$kind: an upload is cut" "[$rst]" "$(up 'upload cut=300')"
    up 'upload cut=100000' "$work/huge.csv" --count 2>"$work/count" >"$work/out"
    [ "$(cat "$work/count")" -lt 2000000 ]
    ok "$kind: long before the client has sent it all" $? "    sent: $(cat "$work/count") of $(stat -c %s "$work/huge.csv")"
    is "$kind: none of these made a job" '[1234]' "$(ids '')"
    is "$kind: an answer is lost" "[$rst]" "$(up 'upload lost=1')"
    is "$kind: or the connection ends quietly" "[$torn]" "$(up 'upload lost=1 close=torn')"
    is "$kind: but the jobs are there" '[1236, 1235, 1234]' "$(ids '')"
    is "$kind: half a job is made" "[$rst]" "$(up 'upload cut=500 job-of-half=1')"
    settle 1237
    got=$(get /bulk/jobs '' | pure | json 'd[0]["id"], d[0]["record_count"] < 10')
    is "$kind: of what came" '(1237, True)' "$got"
    is "$kind: interim replies" 'HTTP/1.1 100 Continue|HTTP/1.1 103 Early Hints|HTTP/1.1 200 OK' \
        "$(get /objects 'objects continue=2' | grep HTTP | paste -sd '|')"
    is "$kind: interim replies before an upload's body" 'HTTP/1.1 100 Continue|HTTP/1.1 200 OK' \
        "$(up 'upload continue=1' | grep HTTP | paste -sd '|')"
    is "$kind: a reply in drops" "$names[$end]" "$(get /objects 'objects drip=1' | body)"
    is "$kind: a reply in chunks" "14|[\"activities\",\"conta|14|ct\",\"campaign\",\"list|c|\",\"account\"]|0||[$end]" \
        "$(get /objects 'objects chunked=20' | body | paste -sd '|')"
    is "$kind: a reply cut short" "[\"act[$torn]" "$(get /objects 'objects reply-cut=5' | body)"
    has "$kind: a close that is said" 'Connection: close' "$(get /objects 'objects close=said')"
    use 'objects close=silent'
    is "$kind: a close that is not" "[open] [$end]" "$(raw GET "$base/objects" --twice 0.1 | ends)"
    is "$kind: a connection is kept" '[open] [open]' "$(raw GET "$base/objects" --twice 0.1 | ends)"
    got=$(get /objects 'objects close=end')
    is "$kind: an answer as long as the connection" "$names[$end]" "$(echo "$got" | body)"
    hasnt "$kind: names no length" 'Content-Length' "$got"
    is "$kind: nor when it is torn" "$names[$torn]" "$(get /objects 'objects close=torn' | body)"
    is "$kind: a reset behind the answer" "$names[$rst]" "$(get /objects 'objects close=rst' | body)"
}

start_cloud --cert "$work/cert.pem" --key "$work/key.pem"
tls=--tls
wire TLS notify torn torn
stop_cloud
start_cloud --plain
tls=
wire plain fin fin rst

### The answer
reset
has 'a whole page of HTML' '<h1>502 Bad Gateway</h1>' "$(get /objects 'objects html=502')"
has 'a redirect' 'Location: https://other.example.com/in' "$(get /objects 'objects redirect=https://other.example.com/in')"
is 'of another kind' 307 "$(get /objects 'objects redirect=/x status=307' | code)"
is 'a good status of another number' '202 {"id":"1234","status":"CREATED"}' \
    "$(up 'upload status=202' | sed -n -e '1s/[^ ]* \([0-9]*\).*/\1/p' -e '$s/\[.*//p' | xargs -0 echo | paste -sd ' ' | sed 's/ *$//')"
up 'upload status=500 made=1' >"$work/out"
is 'a bad status although the job was made' 500 "$(code <"$work/out")"
is 'a job indeed' '[1235, 1234]' "$(ids '')"
is 'another body' '{"a b":1}' "$(get /objects "objects body='{\"a b\":1}'" | pure)"
got=$(get /objects "objects header='X-One: 1%0aX-Two: 2' status=429 retry-after=120")
has 'headers' 'X-One: 1
X-Two: 2' "$got"
has 'Retry-After in seconds' 'Retry-After: 120' "$got"
got=$(get /objects 'objects status=503 retry-after=date:90 date=-86400')
is 'Retry-After as a date, Date off by a day' 86490 \
    "$(($(date -d "$(echo "$got" | sed -n 's/^Retry-After: //p')" +%s) - $(date -d "$(echo "$got" | sed -n 's/^Date: //p')" +%s)))"
is 'one Date only' 1 "$(echo "$got" | grep -c '^Date:')"
start=$(date +%s%N)
get /objects 'objects delay=300' >"$work/out"
up 'upload read-delay=300' >"$work/out"
[ $((($(date +%s%N) - start) / 1000000)) -ge 600 ]
ok 'delays are at least as long as wished' $? ''

### Selectors, count, after
use 'status status=500 count=0
objects after=1 status=418'
is 'only requests of the kind' '200 418 200' "$(for n in 1 2 3; do raw GET "$base/objects" | code; done | xargs)"
is 'count=0 is for ever' '500 500 500' "$(for n in 1 2 3; do raw GET "$base/bulk/1234/status" | code; done | xargs)"
has 'what is left is told' 'objects after=1 status=418 # 0 left' "$(curl -sS "$admin/faults")"
use 'any status=599'
is 'any is any' '599 404' "$(for n in 1 2; do raw GET "$base/nothing" | code; done | xargs)"
use 'objects status=500'
is 'PUT adds to the script' ok "$(curl -sS -X PUT --data-binary 'objects status=501' "$admin/faults")"
is 'in order' '500 501' "$(for n in 1 2; do raw GET "$base/objects" | code; done | xargs)"
use 'objects status=503
objects retry-after=7'
has 'two lines work together' 'Retry-After: 7' "$(raw GET "$base/objects")"
use 'objects html=502
objects redirect=/x'
is 'two answers go one by one' '502 302 200' "$(for n in 1 2 3; do raw GET "$base/objects" | code; done | xargs)"
for line in 'upload lost=x' 'nobody status=3' 'upload shine=1' 'upload close=loud' 'upload close=sai' \
    'jobs pages=sideways' 'upload status' 'upload count=-1 status=1'; do
    has "'$line' is refused" "in: $line" "$(faults "$line")"
done

### What is told about jobs
reset
up 'upload slow=60000' >"$work/out"
is 'a slow job' '{"id":"1234","status":"CREATED"}' "$(get /bulk/1234/status '' | pure)"
up 'upload late-job=60000' >"$work/out"
is 'a job that nobody knows yet' 404 "$(get /bulk/1235/status '' | code)"
is 'nor the list' '[1234]' "$(ids '')"
is 'an id of 18 digits' '{"id":"640794306199020323","status":"CREATED"}' "$(up 'upload id=640794306199020323' | pure)"
settle 640794306199020323
is 'is a job' '640794306199020323' "$(get /bulk/640794306199020323/status '' | pure | json 'd["id"]')"
is 'an id that is none' '{"id":"../x","status":"CREATED"}' "$(up 'upload id=../x' | pure)"
is 'the same id twice' '{"id":"640794306199020324","status":"CREATED"}' "$(up 'upload same-id=1' | pure)"
reset
up '' >"$work/out"
settle 1234
told() { # SCRIPT: the status, or what is left of it
    get /bulk/1234/status "status $1" | pure
}
is 'another word' '{"id":"1234","status":"Queued","recordsCount":10,"recordsFailedCount":0}' "$(told word=Queued)"
is 'wrong counts' '{"id":"1234","status":"COMPLETE","recordsCount":7,"recordsFailedCount":3}' "$(told counts=7,3)"
is 'told but not failed' '{"id":"1234","status":"COMPLETE","recordsCount":10}' "$(told counts==,none)"
is 'counts that are null' '{"id":"1234","status":"COMPLETE","recordsCount":null,"recordsFailedCount":null}' "$(told counts=null,null)"
is 'the spelling of the documentation' '{"id":"1234","status":"COMPLETE"}' "$(told spelling=0)"
is 'a second spelling' '{"id":1234,"jobStatus":"COMPLETE","recordCount":10,"errorCount":0}' "$(told spelling=2)"
is 'a third' '{"id":"1234","status":"COMPLETE","record_count":10,"error_count":0}' "$(told spelling=3)"
is 'a crowded one still is JSON' "('1234', 'COMPLETE', 10)" "$(told spelling=4 | json 'd["id"], d["status"], d["recordsCount"]')"
is 'an expired job' 404 "$(get /bulk/1234/status 'status expire=0' | code)"
is 'that is young enough' 200 "$(get /bulk/1234/status 'status expire=60000' | code)"
use 'jobs skew=3600'
is 'times are an hour off' True "$(raw GET "$base/bulk/jobs" | pure | json "3500e3 < d[0]['createdDate'] - $(date +%s)e3 < 3700e3")"
up '' "$sample" --meta '{"callback-payload":"oc-1"}' >"$work/out"
has 'a payload shows' 'oc-1' "$(get /bulk/1235/status '')"
hasnt 'unless it is hidden' 'oc-1' "$(get /bulk/1235/status 'status hide-tags=1')"
got=$(get /bulk/jobs 'jobs lookalike=2 metadata=object' | pure)
is 'jobs that look alike' '[1235, 900001, 900002, 1234]' "$(echo "$got" | json '[j["id"] for j in d]')"
is 'but for the tag' 1 "$(echo "$got" | grep -o 'oc-1"' | wc -l)"

### Lists
is 'objects as objects' contact "$(get /objects 'objects items=objects' | pure | json 'd[1]["name"]')"
is 'many objects' 5005 "$(get /objects 'objects items=5000' | pure | json 'len(d)')"
is 'many fields' 512 "$(get /objects/contact/metadata 'metadata items=500' | pure | json 'len(d["fields"])')"
printf 'C_EmailAddress\nx\ny\nz\n' >"$work/bad.csv"
reset
up '' "$work/bad.csv" >"$work/out"
settle 1234
errors() { # SCRIPT QUERY
    get "/bulk/1234/errors$2" "errors $1"
}
walk() { # SCRIPT: what a client sees that follows the tokens, at most six pages
    local token='' page n
    use "errors $1 count=0"
    for n in 1 2 3 4 5 6; do
        page=$(raw GET "$base/bulk/1234/errors?pageSize=1&nextPage=$token")
        printf '%s ' "$(echo "$page" | pure | json '"".join(e["status"][0] for e in d)')"
        token=$(echo "$page" | sed -n 's/^Elements-Next-Page-Token: //p')
        [ -n "$token" ] || break
    done
}
is 'errors as strings' "x: invalid e-mail address 'x'" "$(errors items=strings '' | pure | json 'd[0]')"
is 'long errors' True "$(errors items=long '' | pure | json 'len(json.dumps(d[0])) > 10000')"
is 'many errors, page after page' "200 200 103" "$(
    use 'errors items=500 count=0'
    for token in '' p200 p400; do
        raw GET "$base/bulk/1234/errors?nextPage=$token" | pure | json 'len(d)'
    done | xargs)"
is 'pages as they should be' 'x y z ' "$(walk status=200)"
is 'pages that never end' 'x x x x x x ' "$(walk pages=loop)"
is 'a list that ends too early' 'x ' "$(walk pages=lost)"
is 'pages that overlap' "xy yz" "$(
    use 'errors pages=twice count=0'
    for token in '' p1; do
        raw GET "$base/bulk/1234/errors?pageSize=2&nextPage=$token" | pure | json '"".join(e["status"][0] for e in d)'
    done | xargs)"
use 'errors pages=empty count=2'
page=$(raw GET "$base/bulk/1234/errors?pageSize=1")
is 'an empty page first' '[]' "$(echo "$page" | pure)"
has 'with a token' 'Elements-Next-Page-Token: p0' "$page"
is 'to the first true one' x "$(raw GET "$base/bulk/1234/errors?pageSize=1&nextPage=p0" | pure | json 'd[0]["status"][0]')"
has 'a token that is none' 'Elements-Next-Page-Token: a b/../%00?&x=1' "$(errors pages=bad '?pageSize=1')"
is 'a token too long' 2001 "$(errors pages=long '' | sed -n 's/^Elements-Next-Page-Token: //p' | tr -d '\n' | wc -c)"
stop_cloud
is 'it ends with 0 in the end' 0 "$ended"

done_with
