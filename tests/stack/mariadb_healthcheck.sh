#!/bin/bash
# Stands in for healthcheck.sh of the official MariaDB image: healthy once it answers over TCP, not while it is being set up.
exec mariadb --no-defaults --user=healthcheck --password=healthcheck --host=127.0.0.1 --protocol=tcp --execute="SELECT 1" >/dev/null
