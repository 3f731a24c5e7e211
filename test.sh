#!/bin/sh
# Sets up what the tests need and runs all of them. With arguments: only the named test files.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here"
. scripts/setup.sh
portolan_setup_node "$here"
portolan_setup_system "$here" test

export PATH="$PATH:/usr/sbin:/sbin"
# The limit is for each test and hook, not for the file: without --test-force-exit a file whose test failed and left
# something open would keep the run for ever, and hide which test it was.
run() {
  exec "$PORTOLAN_NODE" --disable-warning=ExperimentalWarning \
    --test --test-timeout=300000 --test-force-exit "$@"
}
if [ $# -gt 0 ]; then
  run "$@"
fi
sh scripts/check.sh
# Two at a time: the end-to-end suites each start a cluster of their own.
run --test-concurrency=2 'src/**/*.test.ts' 'test/**/*.test.ts'
