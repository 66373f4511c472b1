#!/bin/sh
# Makes the configuration of each container of compose.yaml, with secrets that exist nowhere else.
# It runs once, as root, before everything else; what is there already stays.
set -eu
umask 027
out=/deployment
group=42480

[ ! -e "$out/cloud/made" ] || exit 0

secret() { openssl rand -hex 24; }

keystone=$(secret)
database=$(secret)
broker=$(secret)
routes=$(secret)
console=$(openssl rand -base64 32)
credentials=$(openssl rand -base64 32)

# Files of servers are read by the accounts of their images; each volume is mounted in one server only.
for server in nats mariadb rabbitmq; do chmod 755 "$out/$server"; done

work=$(mktemp -d)
instance-ha bus-permissions --keys "$work" \
  gateway-1=gateway gateway-2=gateway engine-1=engine engine-2=engine \
  host-monitor-1=host-monitor host-monitor-2=host-monitor bridge-1=bridge \
  this-machine=instance-monitor desk=tap >"$out/nats/accounts.conf"
for number in 1 2 3; do
  cat >"$out/nats/nats-$number.conf" <<END
server_name: nats-$number
listen: 0.0.0.0:4222
http: 0.0.0.0:8222
jetstream { store_dir: /data }
cluster {
  name: instance-ha
  listen: 0.0.0.0:6222
  authorization { user: routes, password: $routes }
  routes: [nats://routes:$routes@nats-1:6222, nats://routes:$routes@nats-2:6222, nats://routes:$routes@nats-3:6222]
}
include accounts.conf
END
done
cat >"$out/mariadb/accounts.sql" <<END
CREATE DATABASE IF NOT EXISTS instance_ha CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS 'instance_ha'@'%' IDENTIFIED BY '$database';
GRANT ALL ON instance_ha.* TO 'instance_ha'@'%';
END
cat >"$out/rabbitmq/90-account.conf" <<END
default_user = nova
default_pass = $broker
END
chmod 644 "$out"/nats/* "$out"/mariadb/* "$out"/rabbitmq/*

# The files of a process of ours: its group reads them, and nobody but root changes them.
put() { # NODE FILE, the text comes from the standard input
  cat >"$out/$1/$2"
  chown "0:$group" "$out/$1/$2"
  chmod 640 "$out/$1/$2"
}

node() { # NODE: what all processes have; the standard input follows it
  chown "0:$group" "$out/$1"
  chmod 750 "$out/$1"
  mkdir -p "$out/$1/instance-ha.conf.d"
  chown "0:$group" "$out/$1/instance-ha.conf.d"
  put "$1" nats.nk <"$work/$1.nk"
  {
    printf '[DEFAULT]\nhost = %s\n' "$1"
    printf '[bus]\nservers = nats://nats-1:4222, nats://nats-2:4222, nats://nats-3:4222\nnkey_file = /etc/xavs/instance-ha/nats.nk\n'
    cat
  } | put "$1" instance-ha.conf
}

with_cloud() { # NODE: accounts of the database and of Compute, and the keys of stored credentials
  printf '%s' "mysql+pymysql://instance_ha:$database@mariadb:3306/instance_ha" | put "$1" database.url
  printf '%s' "$keystone" | put "$1" keystone.password
  printf '%s\n' "$credentials" | put "$1" credentials.key
  cat <<END
[DEFAULT]
os_privileged_user_auth_url = http://cloud:5000/v3
os_privileged_user_name = masakari
os_privileged_user_password_file = keystone.password
os_privileged_user_tenant = service
[database]
connection_file = database.url
credentials_key_file = /etc/xavs/instance-ha/credentials.key
END
}

for name in gateway-1 gateway-2; do
  printf '%s' "$console" | put "$name" console.key
  { with_cloud "$name"; cat <<END
[api]
listen = 0.0.0.0
[keystone_authtoken]
auth_url = http://cloud:5000/v3
username = masakari
password_file = keystone.password
project_name = service
[console]
session_key_file = console.key
END
  } | node "$name"
  # Absent or empty: the built-in rules.
  : | put "$name" policy.yaml
done
for name in engine-1 engine-2 host-monitor-1 host-monitor-2; do with_cloud "$name" | node "$name"; done
printf '%s' "rabbit://nova:$broker@rabbitmq:5672/" | put bridge-1 broker.url
printf '%s' "rabbit://nova:$broker@rabbitmq:5672/" | put cloud broker.url
printf '[bridge]\ntransport_url_file = broker.url\n' | node bridge-1
# An instance-monitor needs the bus and libvirt, and no other secret.
printf '' | node this-machine

chown "0:$group" "$out/cloud"
chmod 750 "$out/cloud"
printf '%s' "$keystone" | put cloud keystone.password
# For the operators' verbs: docker compose exec cloud instance-ha notification list
put cloud clouds.yaml <<END
clouds:
  simulated:
    auth:
      auth_url: http://cloud:5000/v3
      username: masakari
      password: $keystone
      project_name: service
      user_domain_name: Default
      project_domain_name: Default
END
rm -rf "$work"
touch "$out/cloud/made"
echo 'the configuration of all containers is made'
