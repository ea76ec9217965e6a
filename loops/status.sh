#!/bin/sh
# How the loops stand:  loops/status.sh [a b c d] [--json]   Exit status 1 when one has stalled or died.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
exec "$here/lab" loop status "$@"
