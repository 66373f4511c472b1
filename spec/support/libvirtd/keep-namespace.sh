#!/bin/sh
# Holds the mounts and processes of one libvirt daemon and its guests: all of them end with this script.
# usage: unshare --mount --pid --fork --kill-child --mount-proc keep-namespace.sh FOLDER   (says `ready`)
set -eu
base=$1

for folder in etc lib cache log run small domains; do mkdir -p "$base/$folder"; done
cat /proc/sys/kernel/random/uuid >"$base/host-uuid"
printf '%s\n' 'auth_unix_ro = "none"' 'auth_unix_rw = "none"' \
  "host_uuid = \"$(cat "$base/host-uuid")\"" \
  "log_outputs = \"3:file:$base/daemon.log\"" >"$base/etc/libvirtd.conf"
# Nothing that a container or a small machine lacks: no confinement, cgroups, namespaces or log daemon.
printf '%s\n' 'user = "root"' 'group = "root"' 'dynamic_ownership = 0' 'remember_owner = 0' \
  'security_driver = "none"' 'cgroup_controllers = []' 'namespaces = []' \
  'stdio_handler = "file"' >"$base/etc/qemu.conf"

# The daemon's folders are fixed when it is built, so it sees ours in their places.
for folder in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run/libvirt; do mkdir -p "$folder"; done
mount --bind "$base/etc" /etc/libvirt
mount --bind "$base/lib" /var/lib/libvirt
mount --bind "$base/cache" /var/cache/libvirt
mount --bind "$base/log" /var/log/libvirt
mount --bind "$base/run" /run/libvirt
# The disks of guests lie on a file system that holds less than they claim: what is written to them fails.
mount -t tmpfs -o size=1m small "$base/small"

echo ready
# The first process of a namespace must wait for the orphans in it.
while true; do sleep 1; done
