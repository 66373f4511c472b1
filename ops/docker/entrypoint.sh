#!/bin/sh
# What a container of the image does: the roles that its command names, or any verb of instance-ha.
set -eu
umask 077

case ${1-} in
  gateway | engine | host-monitor | instance-monitor | bridge | *,*)
    INSTANCE_HA_ROLES__ENABLED=$1
    export INSTANCE_HA_ROLES__ENABLED
    exec instance-ha run --config /etc/xavs/instance-ha/instance-ha.conf
    ;;
esac
exec instance-ha "$@"
