#!/bin/bash
# BUILDS: plain asan-gcc
# Our reader of HTTP replies beside llhttp, the parser of Node: see http_llhttp.js.
# test_http_llhttp.sh [COUNT [SEED]]; ends with one line `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.."
tool=${OCB_BUILD:-build}/tests/differential/tool_http_response
exec node --no-deprecation tests/differential/http_llhttp.js "$tool" "$@"
