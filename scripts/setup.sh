# Sourced by ./portolan and ./test.sh: finds or installs what they need, and says so when it does.

say() { printf '%s\n' "$*" >&2; }

# Sets PORTOLAN_NODE to a Node 24, installing the npm packages of the lock file if they are missing.
portolan_setup_node() {
  root=$1
  if ! portolan_has_packages; then
    command -v npm >/dev/null 2>&1 || {
      say "Cannot start portolan: npm is missing. Install it: apt-get install -y nodejs npm"
      exit 1
    }
    if [ ! -w "$root" ]; then
      say "Cannot start portolan: its npm packages are missing and $root is not writable. As its owner run:"
      say "  (cd $root && npm ci)"
      exit 1
    fi
    # One at a time: npm empties the folder before it fills it.
    {
      ! command -v flock >/dev/null 2>&1 || flock 9
      portolan_has_packages || portolan_install_packages
    } 9<"$root/package-lock.json"
  fi
  for candidate in "$root"/node_modules/node-*/bin/node "$(command -v node 2>/dev/null || true)"; do
    [ -x "$candidate" ] || continue
    case "$("$candidate" --version 2>/dev/null)" in
    v2[4-9].* | v[3-9][0-9].*)
      PORTOLAN_NODE=$candidate
      return 0
      ;;
    esac
  done
  say "Cannot start portolan: Node 24 is missing. Try: (cd $root && npm ci)"
  exit 1
}

# Whether the npm packages are there, and as the lock file wants them.
portolan_has_packages() {
  stamp=$root/node_modules/.package-lock.json
  [ -e "$stamp" ] && [ ! "$root/package-lock.json" -nt "$stamp" ]
}

portolan_install_packages() {
  # npm empties the folder first, also one that only a link leads to and that others use.
  if [ -L "$root/node_modules" ]; then
    say "Cannot install the npm packages: $root/node_modules is a link. Remove it and try again"
    exit 1
  fi
  say "portolan: first use, installing npm packages (about 20 s)"
  (cd "$root" && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >&2 && touch "$stamp") || {
    say "Cannot install the npm packages. Try: (cd $root && npm ci)"
    exit 1
  }
}

# Installs the Debian packages that a part needs: "sandbox" to run one, "test" for the test suites too.
portolan_setup_system() {
  part=$2
  tools="ip:iproute2 nft:nftables nsenter:util-linux unshare:util-linux setpriv:util-linux mount:mount"
  if [ "$part" = test ]; then
    tools="$tools dig:bind9-dnsutils curl:curl conntrack:conntrack strace:strace python3:python3-minimal"
  fi
  missing=
  for entry in $tools; do
    tool=${entry%%:*}
    if ! PATH="$PATH:/usr/sbin:/sbin" command -v "$tool" >/dev/null 2>&1; then
      case " $missing " in *" ${entry#*:} "*) ;; *) missing="$missing ${entry#*:}" ;; esac
    fi
  done
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "portolan: installing Debian packages:$missing"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1 || {
      say "Cannot install:$missing. Try: apt-get update && apt-get install -y$missing"
      exit 1
    }
    return 0
  fi
  say "Cannot start: these Debian packages are missing:$missing. Run:"
  say "  sudo apt-get install -y$missing"
  exit 1
}
