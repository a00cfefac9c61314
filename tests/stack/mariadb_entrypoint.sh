#!/bin/bash
# Stands in for the entry point of the official MariaDB image: of its contract, the part that docker-compose.yml relies on.
set -euo pipefail
data=/var/lib/mysql
[ "${1:0:1}" != - ] || set -- mariadbd "$@"
if [ "$1" = mariadbd ] && [ ! -d "$data/mysql" ]; then
    mariadb-install-db --datadir="$data" --skip-test-db --auth-root-authentication-method=socket --auth-root-socket-user=mysql >/dev/null
    "$@" --skip-networking &
    until mariadb-admin ping --silent 2>/dev/null; do sleep 0.2; done
    mariadb <<SQL
CREATE DATABASE \`$MARIADB_DATABASE\`;
CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$MARIADB_PASSWORD';
GRANT ALL ON \`${MARIADB_DATABASE//_/\\_}\`.* TO '$MARIADB_USER'@'%';
CREATE USER healthcheck@'127.0.0.1' IDENTIFIED BY 'healthcheck';
SQL
    for file in /docker-entrypoint-initdb.d/*.sql; do mariadb "$MARIADB_DATABASE" <"$file"; done
    mariadb-admin shutdown
    wait
fi
unset MARIADB_PASSWORD
exec "$@"
