#!/bin/sh
# Starts a libvirt daemon in the namespace of keep-namespace.sh, or starts it again after it was killed: its guests run on meanwhile.
# usage: start-daemon.sh FOLDER   (sockets: FOLDER/run/libvirt-sock and …-ro; ends when the daemon answers)
set -eu
base=$1
PATH=$PATH:/usr/sbin:/sbin

# The emulated guests must not take the processor from other specs that run at the same time.
nice -n 10 libvirtd --daemon --config /etc/libvirt/libvirtd.conf --pid-file "$base/daemon.pid"
# It goes to the background before its drivers have started, and ends when one of them fails.
tries=0
until virsh --quiet --connect "qemu:///system?socket=$base/run/libvirt-sock" uri >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 600 ]; then
    echo 'the libvirt daemon does not start:' >&2
    tail -n 5 "$base/daemon.log" >&2
    exit 1
  fi
  sleep 0.1
done
