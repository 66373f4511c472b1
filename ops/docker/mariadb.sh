#!/bin/sh
# Starts MariaDB with the account that setup.sh made; makes the database at the first start.
set -eu
data=/var/lib/mysql
if [ ! -d "$data/mysql" ]; then
  mariadb-install-db --no-defaults --user=mysql --datadir="$data" --skip-test-db >/dev/null
fi
# With 1, a committed step survives a power loss.
exec mariadbd --no-defaults --user=mysql --datadir="$data" --init-file=/deployment/accounts.sql \
  --bind-address=0.0.0.0 --skip-name-resolve --character-set-server=utf8mb4 --innodb-flush-log-at-trx-commit=1
