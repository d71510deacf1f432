#!/bin/bash
# BUILDS: plain
# Node's HTTP server with npm's busboy and formidable read every request of the corpus (C01-C04).
set -u
cd "$(dirname "$0")/../.."
corpus=${OCB_BUILD:-build}/tests/interop/corpus
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
"$corpus" tests/data/sample.csv >"$work/corpus" || exit 1
for parser in busboy formidable; do
    node tests/interop/judge.mjs "$parser" <"$work/corpus" | sed "s/^not ok - /&$parser: /" >"$work/log"
    grep '^not ok' "$work/log"
    read -r p _ f _ < <(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$work/log" || echo "0 passed, 1 failed")
    echo "$parser: $p passed, $f failed"
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
