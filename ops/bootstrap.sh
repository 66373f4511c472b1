#!/bin/sh
# Makes a fresh checkout runnable: it installs npm packages, Node 24 and, with --servers, the servers that specs start.
# It runs before every `npm start` and `npm test`, so it ends quickly when nothing is missing.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'instance-ha: %s\n' "$*" >&2; }

# npm replaces node_modules, so it must not run on the Node inside that folder.
outer_path=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v '/node_modules/' | paste -sd: -)

has() { PATH=$outer_path command -v "$1" >/dev/null 2>&1; }

can_compile() { has python3 && has make && has g++; }

packages_are_current() {
  [ -f node_modules/.package-lock.json ] || return 1
  [ -z "$(find package-lock.json -newer node_modules/.package-lock.json)" ] || return 1
  # Specs need node-pty for sessions with real BMC simulators, so it is installed as soon as it can be compiled.
  [ "$with_servers" = no ] || [ -d node_modules/node-pty ] || ! can_compile
}

# node-pty is compiled with the headers of Node. When the running Node has them, they are not downloaded.
use_local_headers() {
  prefix=$(PATH=$outer_path node -p 'require("path").resolve(process.execPath, "../..")' 2>/dev/null) || return 0
  if [ -f "$prefix/include/node/node_api.h" ]; then export npm_config_nodedir="$prefix"; fi
}

install_packages() {
  has npm || { say 'npm is missing: install Node 20 or later together with npm'; exit 1; }
  # npm would empty the folder behind the link, which another checkout may use.
  [ ! -L node_modules ] || { say 'node_modules is a symbolic link: remove it, and start again'; exit 1; }
  say 'installing packages …'
  use_local_headers
  if ! PATH=$outer_path npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null; then
    say 'npm ci failed, see above; it needs the npm registry or a filled npm cache'
    exit 1
  fi
  touch node_modules/.package-lock.json
  if [ ! -d node_modules/node-pty ]; then
    say 'node-pty could not be built, so hosts cannot be watched or fenced through IPMI;' \
      'install python3, make and g++, remove node_modules, and start again'
  fi
}

assert_node_24() {
  version=$(PATH="$PWD/node_modules/.bin:$outer_path" node --version 2>&1) || version=none
  case $version in
    v24.*) ;;
    *)
      say "Node 24 is needed, found $version: there is no packaged Node for $(uname -sm)," \
        'so install Node 24 and put it first on PATH'
      exit 1
      ;;
  esac
}

with_servers=no
case ${1-} in
  '') ;;
  --servers) with_servers=yes ;;
  *) say 'usage: ops/bootstrap.sh [--servers]'; exit 2 ;;
esac

[ "$with_servers" = no ] || sh ops/install-servers.sh
packages_are_current || install_packages
# npm scripts and npx find the command of this checkout.
[ ! -d node_modules/.bin ] || ln -sfn ../../ops/bin/instance-ha node_modules/.bin/instance-ha
assert_node_24
[ "$with_servers" = no ] || sh ops/fetch-nats-server.sh
