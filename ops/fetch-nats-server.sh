#!/bin/sh
# Fetches a nats-server that is fit for a cluster (2.10 or later) for the specs, from the package of a later Debian release.
# Nothing is installed: apt works with a list of sources and a state of our own, and the program stays below node_modules.
# The archive and its keys are those of the machine's own apt. When the program cannot be had, the file `missing` says why,
# and the specs that need a cluster are left out with this reason.
set -eu
cd "$(dirname "$0")/.."

RELEASE=trixie
KEPT=$PWD/node_modules/.cache/nats-server

say() { printf 'instance-ha: %s\n' "$*" >&2; }

# The same reason is said once.
give_up() {
  if [ "$(cat "$KEPT/missing" 2>/dev/null)" != "$1" ]; then say "no nats-server for clusters: $1"; fi
  printf '%s\n' "$1" >"$KEPT/missing"
  exit 0
}

# The archive of this machine's own release, as apt is configured.
archive() {
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME-}")
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(IDENTIFIER)' |
    awk -v release="$codename" '$2 == release && $3 == "main" && $4 == "Packages" { print $1; exit }'
}

privately() {
  apt-get -qq -o Dir::Etc::sourcelist="$work/next.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State="$work/state" -o Dir::State::status=/dev/null -o Dir::Cache="$work/cache" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none \
    -o Acquire::Retries=0 -o Acquire::http::Timeout=20 "$@" </dev/null >&2
}

[ ! -x "$KEPT/nats-server" ] || exit 0
mkdir -p "$KEPT"
for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null 2>&1 || give_up "this system has no $tool"
done
uri=$(archive)
[ -n "$uri" ] || give_up 'apt names no archive of Debian'

say "fetching nats-server of $RELEASE for clusters…"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
printf 'deb %s %s main\n' "$uri" "$RELEASE" >"$work/next.list"
privately update || give_up "apt cannot read $RELEASE from $uri"
(cd "$work" && privately download nats-server) || give_up "the package cannot be downloaded from $uri"
dpkg-deb -x "$work"/nats-server_*.deb "$work/files" || give_up 'the package cannot be unpacked'
"$work/files/usr/sbin/nats-server" --version >&2 || give_up 'the program does not run on this system'
mv "$work/files/usr/sbin/nats-server" "$KEPT/nats-server"
rm -f "$KEPT/missing"
