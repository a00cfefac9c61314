#!/bin/sh
# Starts Mosquitto with the users of the environment; their passwords reach no disk. certs/server.key beside this file turns TLS on.
set -eu
umask 077
here=$(dirname "$0")

add_user() { # name, password, the variable of .env
    [ -n "$2" ] || { echo "set $3 in .env to what \`openssl rand -hex 24\` prints" >&2; exit 1; }
    echo "$1:$2" >>/tmp/passwords
}

rm -rf /tmp/passwords /tmp/tls
add_user optimizer "${OPTIMIZER_PASSWORD:-}" OPTIMIZER_MQTT__PASSWORD
add_user homeassistant "${HOMEASSISTANT_PASSWORD:-}" MQTT_HOMEASSISTANT_PASSWORD
add_user nodered "${NODERED_PASSWORD:-}" MQTT_NODERED_PASSWORD
mosquitto_passwd -U /tmp/passwords

cat "$here/acl" >/tmp/acl
mkdir /tmp/tls
if [ -e "$here/certs/server.key" ]; then
    printf 'listener 8883\ncertfile %s\nkeyfile %s\n' "$here/certs/server.crt" "$here/certs/server.key" >/tmp/tls/tls.conf
fi
unset NODERED_PASSWORD HOMEASSISTANT_PASSWORD
exec mosquitto -c "$here/mosquitto.conf"
