# Shared by the scripts of this folder: starts the stand-in, counts assertions.
# shellcheck shell=bash
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$here/../..
cloud=${OCB_BUILD:-build}/bench_cloud
case $cloud in /*) ;; *) cloud=$root/$cloud ;; esac
sample=$root/tests/data/sample.csv
work=$(mktemp -d)
passed=0 failed=0
auth='Authorization: User bench-user-secret=, Organization any, Element bench-element-token'
base=/elements/api-v2/hubs/marketing

finish() {
    stop_cloud
    rm -rf "$work"
}
trap finish EXIT

start_cloud() { # OPTIONS: sets port, admin, pid
    rm -f "$work/ports"
    "$cloud" -q --port-file "$work/ports" "$@" &
    pid=$!
    until [ -e "$work/ports" ]; do
        kill -0 "$pid" 2>/dev/null || { echo "bench_cloud did not start"; exit 1; }
        sleep 0.05
    done
    port=$(sed -n 's/^port=//p' "$work/ports")
    admin=http://127.0.0.1:$(sed -n 's/^admin=//p' "$work/ports")
}

stop_cloud() { # leaves its exit status in ended
    ended=0
    if [ -n "${pid:-}" ]; then
        kill "$pid" 2>/dev/null
        wait "$pid"
        ended=$?
    fi
    pid=
}

ok() { # NAME CONDITION-STATUS DETAIL
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok - $1"
    else
        failed=$((failed + 1))
        printf 'not ok - %s\n%s\n' "$1" "$3"
    fi
}

is() { # NAME WANT GOT
    [ "$2" = "$3" ]
    ok "$1" $? "    want: $2
    got:  $3"
}

has() { # NAME PART TEXT
    case $3 in *"$2"*) true ;; *) false ;; esac
    ok "$1" $? "    want part: $2
    got:       $3"
}

hasnt() { # NAME PART TEXT
    case $3 in *"$2"*) false ;; *) true ;; esac
    ok "$1" $? "    unwanted: $2
    got:      $3"
}

faults() { # SCRIPT: replaces the script
    curl -sS --data-binary "$1" "$admin/faults"
}

reset() {
    curl -sS -X POST "$admin/reset" >"$work/reset"
}

still_runs() { # or the script ends: nothing more can be learned
    kill -0 "$pid" 2>/dev/null && return
    wait "$pid"
    echo "bench_cloud died with status $?"
    exit 1
}

done_with() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
