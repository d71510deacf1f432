#!/bin/bash
# BUILDS: plain
# A small fleet; `make fleet` is the large one.
set -eu
cd "$(dirname "$0")/../.."
export OCB_BUILD=${OCB_BUILD:-build}
SPLAY_S=3 OUTAGE_S=4 LOST=4 LIMIT_S=240 exec tools/fleet "${DEVICES:-25}" 4
