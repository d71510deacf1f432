#!/bin/bash
# BUILDS: plain
# A short soak; `make soak` is the long one.
set -eu
cd "$(dirname "$0")/../.."
export OCB_BUILD=${OCB_BUILD:-build} SEED=${SEED:-20261125}
exec tools/soak "${SOAK_S:-40}"
