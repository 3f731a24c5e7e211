#!/bin/sh
# Sets up what the tests need and runs all of them. With arguments: only the named test files.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here"
. scripts/setup.sh
portolan_setup_node "$here"
portolan_setup_system "$here" test

export PATH="$PATH:/usr/sbin:/sbin"
if [ $# -gt 0 ]; then
  exec "$PORTOLAN_NODE" --disable-warning=ExperimentalWarning --test "$@"
fi
sh scripts/check.sh
# Two at a time: the end-to-end suites each start a cluster of their own.
exec "$PORTOLAN_NODE" --disable-warning=ExperimentalWarning --test --test-concurrency=2 --test-timeout=300000 \
  'src/**/*.test.ts' 'test/**/*.test.ts'
