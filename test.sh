#!/bin/sh
# Sets up what the tests need and runs all of them. With arguments: only the named test files.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here"
. scripts/setup.sh
portolan_setup_node "$here"
portolan_setup_system "$here" test

export PATH="$PATH:/usr/sbin:/sbin"
# The limit of the runner is for each test and hook. A file that has left something open goes on after its last test, so
# the whole run has a limit, too. --test-force-exit would end such files, but it loses results that are not yet told,
# failures among them (seen with Node 24.21).
run() {
  exec timeout --foreground --kill-after=10 1800 "$PORTOLAN_NODE" --disable-warning=ExperimentalWarning \
    --test --test-timeout=300000 "$@"
}
if [ $# -gt 0 ]; then
  run "$@"
fi
sh scripts/check.sh
# Two at a time: the end-to-end suites each start a cluster of their own.
run --test-concurrency=2 'src/**/*.test.ts' 'test/**/*.test.ts'
