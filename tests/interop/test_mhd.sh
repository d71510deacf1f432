#!/bin/bash
# BUILDS: plain
# libmicrohttpd's HTTP server and form parser read every request of the corpus (C01-C04).
set -u -o pipefail
cd "$(dirname "$0")/../.."
tools=${OCB_BUILD:-build}/tests/interop
"$tools/corpus" tests/data/sample.csv | "$tools/mhd"
