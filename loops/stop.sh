#!/bin/sh
# End loops after their current output:  loops/stop.sh [a b c d]   (none named: all that run)
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
exec "$here/lab" loop stop "$@"
