#!/bin/sh
# Format, lint, types, pure tests and architecture. Run before each commit; stays under ten seconds.
set -eu
cd "$(dirname -- "$0")/.."
. scripts/setup.sh
portolan_setup_node "$PWD"
bin=node_modules/.bin

"$bin/tsc" -p tsconfig.json &
types=$!
"$PORTOLAN_NODE" "$bin/biome" ci --colors=off --log-level=warn .
wait "$types"
# In one process: starting one for each file costs more than the tests. A test file that needs a kernel, a socket or
# another program lies under test/ or is named *.system.test.ts.
"$PORTOLAN_NODE" --disable-warning=ExperimentalWarning --test --test-isolation=none --test-reporter=dot \
  $(find src -name '*.test.ts' ! -name '*.system.test.ts') test/architecture.test.ts
