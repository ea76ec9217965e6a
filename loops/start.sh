#!/bin/sh
# Start a loop detached from this shell, with a log:  loops/start.sh a [options of ./lab loop a]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
case ${1:-} in a | b | c | d) loop=$1 ;; *)
    echo "Which loop? loops/start.sh a|b|c|d [options]; ./lab loop a --help lists the options." >&2
    exit 2 ;;
esac
shift
logs=${NMA_DATA:-$here/data/user}/logs
(umask 077 && mkdir -p "$logs")
log=$logs/loop_$loop.log
detach=
command -v setsid >/dev/null 2>&1 && detach=setsid   # macOS has none; nohup alone does there
# shellcheck disable=SC2086
nohup $detach "$here/lab" loop "$loop" "$@" >>"$log" 2>&1 </dev/null &
pid=$!
sleep 2
if kill -0 "$pid" 2>/dev/null; then
    echo "Loop $loop runs (process $pid). Its log: $log"
    echo "See how it stands: loops/status.sh    End it: loops/stop.sh $loop"
else
    wait "$pid" && status=0 || status=$?
    echo "Loop $loop has ended (exit status $status). The end of $log:" >&2
    tail -n 5 "$log" >&2
    exit "$status"
fi
