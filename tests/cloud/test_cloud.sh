#!/bin/bash
# BUILDS: plain
# The stand-in service seen by curl and Python: the walk-through of the
# documentation, every call, paging, cancel, callbacks, cut requests.
# shellcheck disable=SC2154
set -u
. "$(dirname "$0")/lib.sh"

call() { # CURL-ARGUMENTS: with the right credentials
    curl -sS --cacert "$work/cert.pem" -H "$auth" "$@"
}
upload() { # FILE OBJECT [CURL-ARGUMENTS]
    local file=$1 object=$2
    shift 2
    call -H 'Expect:' "$@" -F "file=@$file" "$api/bulk/$object"
}
json() { # EXPRESSION over d
    python3 "$here/check.py" json "$1"
}
final() { # JOB: waits for it, prints its status
    local s=
    while still_runs; do
        s=$(call "$api/bulk/$1/status")
        case $s in *CREATED* | *RUNNING* | *PENDING*) sleep 0.05 ;; *) break ;; esac
    done
    echo "$s"
}
raw() {
    python3 "$here/raw.py" "$@"
}
jobs() {
    call "$api/bulk/jobs" | json 'len(d)'
}

start_cloud --cert "$work/cert.pem" --key "$work/key.pem" --callback-key abcd1234efgh5678
api=https://localhost:$port$base

### The walk-through, word for word
is 'objects are listed' '["activities","contact","campaign","list","account"]' "$(call "$api/objects")"
is 'an upload answers as documented' '{"id":"1234","status":"CREATED"}' \
    "$(curl -sS --cacert "$work/cert.pem" -H 'Authorization: Element bench-element-token, User bench-user-secret=' \
        -F "file=@$sample" "$api/bulk/contact?path=/sample.csv")"
is 'its job completes, all 10 records told' \
    '{"id":"1234","status":"COMPLETE","recordsCount":10,"recordsFailedCount":0}' "$(final 1234)"
is 'no errors' '[]' "$(call "$api/bulk/1234/errors")"
is 'the rows are those that Python reads' "$(python3 "$here/check.py" rows "$sample")" \
    "$(curl -sS "$admin/rows?job=1234" | json 'json.dumps(d)')"
is 'rows are told in parts' 2 "$(curl -sS "$admin/rows?job=1234&from=4&max=1" | json 'len(d)')"
is 'the digest is that of Python' "$(python3 "$here/check.py" digest "$sample")" \
    "$(curl -sS "$admin/digest?job=1234" | json 'str(d["rows"]) + " " + d["sha256"]')"

### Paths, methods, credentials
is 'the hub may be left out' '["activities","contact","campaign","list","account"]' \
    "$(call "https://localhost:$port/elements/api-v2/objects")"
is 'metadata has the sample columns' True "$(call "$api/objects/contact/metadata" |
    json '{"C_EmailAddress","C_FirstName","C_LastName","C_Title","C_BusPhone","C_Company","C_Website1"} <= {f["vendorPath"] for f in d["fields"]}')"
has 'metadata has every key' '"type":"date","mask":"yyyy-MM-dd' "$(call "$api/objects/contact/metadata")"
has 'metadata of no object is 404' ' 404 ' "$(call -i "$api/objects/nothing/metadata")"
has 'an unknown path is 404' ' 404 ' "$(call -i "$api/nothing")"
has 'a verb is no object' ' 404 ' "$(upload "$sample" query -i)"
has 'a wrong method is 405' 'Allow: GET' "$(call -i -X DELETE "$api/objects")"
has 'an unknown job is 404' ' 404 ' "$(call -i "$api/bulk/99/status")"
has 'a job that is no number is 404' ' 404 ' "$(call -i "$api/bulk/12x/status")"
for bad in 'Element bench-element-token' 'User bench-user-secret=' \
    'Element bench-element-token, User other' 'Element bench-element-tokens, User bench-user-secret=' ''; do
    has "'$bad' is not enough" '401' \
        "$(curl -sS -i --cacert "$work/cert.pem" -H "Authorization: $bad" "$api/objects")"
done
has 'an upload without credentials is refused at once' '401' \
    "$(raw "$port" POST "$base/bulk/contact" --tls --file "$sample" --auth 'Element a, User b')"
is 'a request id stands in header and body' '' "$(call -i "$api/nothing" | tr -d '\r' |
    awk '/^Elements-Request-Id/ { id = $2 } END { if (index($0, id) == 0) print "differs" }')"

### Bad uploads make no job
before=$(jobs)
has 'no multipart' ' 415 ' "$(call -i -d x=y "$api/bulk/contact")"
has 'no part file' 'no part file' "$(call -F other=x "$api/bulk/contact")"
has 'an empty file' 'the file is empty' "$(call -F 'file=;filename=x.csv' "$api/bulk/contact")"
has 'metaData that is no JSON' 'no JSON object' "$(upload "$sample" contact -F 'metaData={"a":')"
has 'metaData behind the file' 'must come before' \
    "$(call -F "file=@$sample" -F 'metaData={}' "$api/bulk/contact")"
has 'two files' 'more than one' "$(upload "$sample" contact -F "file=@$sample")"
has 'a missing closing delimiter' 'closing delimiter' \
    "$(raw "$port" POST "$base/bulk/contact" --tls --file "$sample" --no-delimiter)"
size=$(raw "$port" POST "$base/bulk/contact" --tls --file "$sample" --type text/csv >/dev/null; stat -c %s "$sample")
for n in 0 1 200 "$size" $((size + 100)); do
    raw "$port" POST "$base/bulk/contact" --tls --file "$sample" --send "$n" >"$work/cut"
done
is 'no cut request and no bad one made a job' "$before" "$(jobs)"
has 'cut requests are counted' '"cut_requests":5' "$(curl -sS "$admin/stats")"

### Row errors
printf 'C_EmailAddress,name\r\nno address,A\r\nann@example.org,A,B\r\n,C\r\nbob@example.org,D\r\n' >"$work/bad.csv"
reset
has 'rows that fail still make a job' 'CREATED' \
    "$(upload "$work/bad.csv" contact -F 'metaData={"identifierFieldName":"C_EmailAddress"}')"
has 'counts tell the failures' '"recordsCount":4,"recordsFailedCount":3' "$(final 1234)"
is 'errors name row and reason' \
    "[{\"status\":\"no address: invalid e-mail address 'no address'\"},{\"status\":\"ann@example.org: 3 cells under a header of 2\"},{\"status\":\"missing value of C_EmailAddress\"}]" \
    "$(call "$api/bulk/1234/errors")"
page=$(call -i "$api/bulk/1234/errors?pageSize=2")
token=$(echo "$page" | tr -d '\r' | sed -n 's/^Elements-Next-Page-Token: //p')
is 'the first page has two' 2 "$(echo "$page" | tail -1 | json 'len(d)')"
page=$(call -i "$api/bulk/1234/errors?pageSize=2&nextPage=$token")
is 'the second has the last' "[{'status': 'missing value of C_EmailAddress'}]" "$(echo "$page" | tail -1 | json d)"
hasnt 'and no token' 'Elements-Next-Page-Token' "$page"
for query in pageSize=0 pageSize=x pageSize=9999 nextPage=x nextPage=p nextPage=q1; do
    has "$query is refused" ' 400 ' "$(call -i "$api/bulk/1234/errors?$query")"
done
upload "$sample" contact -F 'metaData={"identifierFieldName":"nosuch"}' >"$work/out"
has 'an identifier that is no column fails every row' '"recordsFailedCount":10' "$(final 1235)"
has 'an unknown object is CREATED all the same' 'CREATED' "$(upload "$sample" contct)"
has 'and fails row by row' '"recordsCount":10,"recordsFailedCount":10' "$(final 1236)"
has 'with its name' "'contct' is no object" "$(call "$api/bulk/1236/errors?pageSize=1")"

### The job list
list=$(call -G --data-urlencode "where=job_direction='UPLOAD'" "$api/bulk/jobs")
is 'newest first, numbers as ids' '[1236, 1235, 1234]' "$(echo "$list" | json '[j["id"] for j in d]')"
is 'keys as the documentation has them' True "$(echo "$list" | json '{"id","instanceId","object_name","job_direction","status","job_state","record_count","error_count","createdDate","completion_time","fileFormat"} <= set(d[0])')"
is 'one object' '[1236]' "$(call -G --data-urlencode "where=job_direction='UPLOAD' and object_name='contct'" "$api/bulk/jobs" | json '[j["id"] for j in d]')"
is 'no downloads' '[]' "$(call -G --data-urlencode "where=job_direction='DOWNLOAD'" "$api/bulk/jobs")"
has 'another where is refused' ' 400 ' "$(call -i -G --data-urlencode "where=id > 3" "$api/bulk/jobs")"
seen= token=
for n in 1 2 3; do
    page=$(call -i "$api/bulk/jobs?pageSize=1&nextPage=$token")
    token=$(echo "$page" | tr -d '\r' | sed -n 's/^Elements-Next-Page-Token: //p')
    seen="$seen $(echo "$page" | tail -1 | json 'd[0]["id"]')"
done
is 'page by page' ' 1236 1235 1234 ' "$seen $token"
is 'metaData shows in the status' True "$(final 1235 | json 'd["metaData"]["identifierFieldName"] == "nosuch"')"
hasnt 'and not in the list' 'nosuch' "$list"

### Cancel
faults 'upload slow=60000' >"$work/out"
upload "$sample" contact >"$work/out"
has 'a slow job is going on' 'CREATED' "$(call "$api/bulk/1237/status")"
is 'counts are null in the list meanwhile' 'None' "$(call "$api/bulk/jobs" | json 'd[0]["record_count"]')"
has 'cancel is taken' 'CANCELLATION_PENDING' "$(call -X PUT "$api/bulk/1237/cancel")"
has 'and comes true' '"status":"CANCELLED"' "$(final 1237)"
has 'a job that is over cannot be cancelled' ' 409 ' "$(call -i -X PUT "$api/bulk/1234/cancel")"

### Random files, as bytes in any pieces
echo "seed 20261"
reset
mkdir "$work/random"
python3 "$here/check.py" random 20261 25 "$work/random"
differ=0
for n in $(seq 0 24); do
    upload "$work/random/$n.csv" contact >"$work/out"
    curl -sS "$admin/digest?job=$((1234 + n))" | json 'str(d["rows"]) + " " + d["sha256"]' >"$work/got"
    python3 "$here/check.py" digest "$work/random/$n.csv" | cmp -s - "$work/got" || differ=$((differ + 1))
done
is 'all random files are read as Python reads them' 0 "$differ"
reset
has 'a body byte by byte' 'CREATED' "$(raw "$port" POST "$base/bulk/contact" --tls --file "$sample" --per-byte)"
is 'is the same rows' "$(python3 "$here/check.py" digest "$sample")" \
    "$(curl -sS "$admin/digest?job=1234" | json 'str(d["rows"]) + " " + d["sha256"]')"

### Several at once
reset
for n in 1 2 3 4 5 6 7 8; do
    call -F "file=@$work/random/$n.csv;filename=$n.csv" "$api/bulk/contact" >"$work/out.$n" &
    uploads="${uploads:-} $!"
done
# shellcheck disable=SC2086
wait $uploads
differ=0
for id in $(seq 1234 1241); do
    d=$(curl -sS "$admin/digest?job=$id")
    file=$(echo "$d" | json 'd["file"]')
    [ "$(echo "$d" | json 'str(d["rows"]) + " " + d["sha256"]')" = "$(python3 "$here/check.py" digest "$work/random/$file")" ] ||
        differ=$((differ + 1))
done
is 'eight uploads at once are eight jobs, none mixed up' 0 "$differ"
seq -f 'user%g@example.org,Ann' 1 60000 | sed '1i C_EmailAddress,C_FirstName' >"$work/big.csv"
has 'a large upload that waits for 100 Continue' CREATED \
    "$(call -H 'Expect: 100-continue' -F "file=@$work/big.csv" "$api/bulk/contact")"
has 'and one in chunks' CREATED "$(call -H 'Transfer-Encoding: chunked' -F "file=@$work/big.csv" "$api/bulk/contact")"
is 'arrive whole' "$(python3 "$here/check.py" digest "$work/big.csv")" \
    "$(curl -sS "$admin/digest?job=1243" | json 'str(d["rows"]) + " " + d["sha256"]')"
reset
upload "$sample" contact >"$work/out"

### Callbacks
is 'Python agrees with the documented signatures' True "$(python3 "$here/check.py" vectors)"
python3 "$here/check.py" listen "$work/hook" abcd1234efgh5678 2 >"$work/calls" &
hook=$!
until [ -e "$work/hook" ]; do sleep 0.05; done
upload "$sample" contact -H "Elements-Async-Callback-Url: http://127.0.0.1:$(cat "$work/hook")/cb?ocb=tag-1" >"$work/out"
upload "$work/bad.csv" contact -H "Elements-Async-Callback-Url: http://127.0.0.1:$(cat "$work/hook")/" >"$work/out"
wait "$hook"
is 'callbacks come, signed' \
    '/cb?ocb=tag-1 signed {"id":"1235","status":"COMPLETE","recordsCount":10,"recordsFailedCount":0,"fileFormat":"csv"}' \
    "$(grep 1235 "$work/calls")"
has 'with the counts of each job' '/ signed {"id":"1236","status":"COMPLETE","recordsCount":4,"recordsFailedCount":2' "$(cat "$work/calls")"
has 'the list shows the URL' '/cb?ocb=tag-1' "$(call "$api/bulk/jobs")"

### What was seen
requests=$(curl -sS "$admin/requests")
is 'the log has method, target and body bytes' True "$(echo "$requests" | json 'any(r["method"] == "POST" and r["target"].endswith("/bulk/contact") and r["body"] > 1000 and r["status"] == 200 for r in d)')"
hasnt 'never a secret' 'bench-element-token' "$requests"
has 'only whether it was right' '"authorization":"ok"' "$requests"
has 'statistics' '"jobs":3,"rows":24' "$(curl -sS "$admin/stats")"
for version in TLSv1_2 TLSv1_3; do
    is "a session is resumed ($version)" "full ${version/_/.}
resumed ${version/_/.}" "$(python3 "$here/check.py" resume "$port" "$version")"
done
has 'resumed sessions are counted' '"resumed":2' "$(curl -sS "$admin/stats")"
stop_cloud
is 'SIGTERM ends it with 0' 0 "$ended"

### Other ways to run it
start_cloud --cert "$work/cert.pem" --key "$work/key.pem" --no-store --org secret/+= --tls NORMAL:-VERS-TLS1.3
api=https://localhost:$port$base
has 'the wrong organization is refused' '401' "$(call -i "$api/objects")"
auth='Authorization: Organization secret/+=,Element bench-element-token,User bench-user-secret='
printf 'a,"b\n""c"\r\n\r\n1,"2\n3"\r\n4,5' >"$work/odd.csv"
upload "$work/odd.csv" contact >"$work/out"
has 'rows are counted without a store' '"recordsCount":2' "$(final 1234)"
has 'the priority string is in force' 'ssl.SSL' "$(python3 "$here/check.py" resume "$port" TLSv1_3 2>&1 | tail -1)"
stop_cloud
start_cloud --plain --db "$work/jobs.db"
api=http://localhost:$port$base
auth='Authorization: Element bench-element-token, User bench-user-secret='
upload "$sample" contact >"$work/out"
raw "$port" POST "$base/bulk/contact" --file "$work/big.csv" --send 1000000 >"$work/cut"
until curl -sS "$admin/stats" | grep -q '"cut_requests":1'; do sleep 0.05; done
stop_cloud
is 'rows of a cut upload are gone' 10 "$(python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM staged").fetchone()[0])' "$work/jobs.db")"
start_cloud --plain --db "$work/jobs.db" --port "$port"
has 'a database keeps jobs' '"recordsCount":10' "$(final 1234)"
is 'and numbers go on' '{"id":"1235","status":"CREATED"}' "$(upload "$sample" contact)"
stop_cloud
"$cloud" --port x 2>"$work/out"
is 'a bad option is status 2' 2 $?
"$cloud" --cert only 2>"$work/out"
is 'a certificate without a key too' 2 $?
echo 'upload nonsense=1' >"$work/script"
"$cloud" --faults "$work/script" 2>"$work/out"
is 'and a bad fault script' 2 $?
has 'which is named' 'nonsense=1' "$(cat "$work/out")"
has 'help explains' 'stand-in' "$("$cloud" --help)"
has 'and the faults' 'SELECTOR action=value' "$("$cloud" --help-faults)"

done_with
