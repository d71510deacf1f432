#!/bin/bash
# The page as a person's browser shows it: the new contacts are found by searching.
# BUILDS: plain
# shellcheck disable=SC2154
set -u
. "$(dirname "$0")/lib.sh"

browse() { # URL [OPTIONS]: the document after the browser has read it
    timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$work/profile" "${@:2}" --dump-dom "$1" 2>"$work/chromium.log"
}
call() {
    curl -sSk -H "$auth" "$@"
}

start_cloud
api=https://localhost:$port$base
call -F "file=@$sample" "$api/bulk/contact?path=/sample.csv" >"$work/out"
printf 'C_EmailAddress,C_FirstName\n<b>x</b>@example.org,"<script>document.title=1</script>"\nnobody,"A&B"\na@b.c,"one, [two] ""three"""\n' >"$work/odd.csv"
call -F "file=@$work/odd.csv;filename=<i>odd.csv" "$api/bulk/contact" >"$work/out"
call -F "file=@$sample" "$api/bulk/nosuch" >"$work/out"
until call "$api/bulk/1236/status" | grep -q COMPLETE; do sleep 0.05; done

page=$(browse "$admin/")
has 'the title says what it is' '<title>bench_cloud: what arrived</title>' "$page"
has 'all new contacts are counted, bad rows are not' 'contact: 12</h2>' "$page"
has 'they are shown' '<td>norm.smith@acme.com</td><td>Norm</td><td>Smith</td>' "$page"
has 'as they came' '<td>444) 444-1234</td>' "$page"
has 'jobs have states and counts' '<td>1234</td><td>contact</td><td>COMPLETE</td><td>10</td><td>0</td>' "$page"
has 'and first errors' "row 2: nobody: invalid e-mail address 'nobody'" "$page"
has 'also jobs for no object' "<td>1236</td><td>nosuch</td><td>COMPLETE</td><td>10</td><td>10</td>" "$page"
has 'cells are text, never markup' '&lt;script&gt;document.title=1&lt;/script&gt;' "$page"
hasnt 'nothing runs' '<script>document' "$page"
has 'file names neither' '&lt;i&gt;odd.csv' "$page"
hasnt 'and no script is needed' '<script' "$page"

page=$(browse "https://localhost:$port/?q=BURGANDY" --ignore-certificate-errors)
has 'a contact is found on the service port too' '<td>ron.bergandy@acmecommunications.com</td>' "$page"
has 'alone' 'contact: 1</h2>' "$page"
hasnt 'without the others' '<td>norm.smith' "$page"
has 'the words stay in the field' 'value="BURGANDY"' "$page"
search() { # WORDS
    curl -sSG --data-urlencode "q=$1" "$admin/"
}
has 'punctuation of JSON is searched in cells only' 'contact: 1</h2>' "$(search ',')"
has 'brackets too' 'contact: 1</h2>' "$(search '[two]')"
has 'and quotes' 'contact: 1</h2>' "$(search '"three"')"
has 'nothing is found' 'contact: 0</h2>' "$(search 'nobody at all')"
has 'words come back escaped' 'value="&quot;&gt;&lt;b&gt;"' "$(search '"><b>')"

call -H 'Expect:' -F "file=@$work/odd.csv" "$api/bulk/contact" >"$work/out"
curl -sS -X POST "$admin/reset" >"$work/out"
has 'after a reset it is empty' 'contact: 0</h2>' "$(search '')"
stop_cloud

done_with
