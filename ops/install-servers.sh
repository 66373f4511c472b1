#!/bin/sh
# Installs the servers and tools that specs need, from the packages of the distribution.
# With --containers, it also installs a container engine and what the deployments under ops/docker consist of.
# It starts nothing: every spec runs its own instance on a free loopback port.
set -eu

# One program:package per line. A package without a program is named by the path of one of its files.
WANTED='
nats-server:nats-server
mariadbd:mariadb-server
rabbitmq-server:rabbitmq-server
ipmitool:ipmitool
ipmi_sim:openipmi
fence_ipmilan:fence-agents
sshd:openssh-server
ssh-keygen:openssh-client
python3:python3
openstack:python3-openstackclient
/usr/lib/python3/dist-packages/masakariclient:python3-masakariclient
/usr/lib/python3/dist-packages/openstack:python3-openstacksdk
promtool:prometheus
systemd-notify:systemd
make:make
zsh:zsh
g++:g++
libvirtd:libvirt-daemon
virsh:libvirt-clients
qemu-system-x86_64:qemu-system-x86
chromium:chromium
/usr/bin/masakari-wsgi:python3-masakari
/usr/lib/python3/dist-packages/pymysql:python3-pymysql
'
CONTAINED='
dockerd:docker.io
docker-compose:docker-compose
haproxy:haproxy
'
case ${1-} in
  '') ;;
  --containers) WANTED="$WANTED$CONTAINED" ;;
  *) printf 'usage: ops/install-servers.sh [--containers]\n' >&2; exit 2 ;;
esac
PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin
POLICY=/usr/sbin/policy-rc.d

say() { printf 'instance-ha: %s\n' "$*" >&2; }

is_there() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}

missing_packages() {
  for pair in $WANTED; do
    is_there "${pair%%:*}" || printf '%s ' "${pair#*:}"
  done
}

give_up() {
  say "$1"
  say "missing packages: $packages"
  say "install them as root: apt-get install $packages"
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# dpkg runs this file before it starts a service; the exit status 101 forbids the start.
forbid_services() {
  [ -e "$POLICY" ] && return
  trap 'as_root rm -f "$POLICY"' EXIT
  trap 'exit 130' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
  as_root chmod 755 "$POLICY"
}

lists_know() {
  for package in $packages; do
    apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [^(]' || return 1
  done
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
    -o DPkg::Lock::Timeout=120 "$@" </dev/null >&2
}

install_packages() {
  # shellcheck disable=SC2086 # the words must be split
  apt_get install --yes --no-install-recommends $packages
}

packages=$(missing_packages)
[ -n "$packages" ] || exit 0

command -v apt-get >/dev/null 2>&1 || give_up 'specs need servers, and this system has no apt-get'
if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
  give_up 'specs need servers, and this user may not install them (no root, no passwordless sudo)'
fi

say "installing $packages…"
forbid_services
lists_know || apt_get update || give_up 'apt-get update failed, see above'
install_packages || { apt_get update && install_packages; } || give_up 'apt-get failed, see above'

packages=$(missing_packages)
[ -z "$packages" ] || give_up 'some programs are still missing after the installation'
