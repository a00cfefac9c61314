#!/bin/sh
# Starts Mosquitto with the users of the environment; their passwords reach no disk. certs/server.key beside this file turns TLS on,
# and what `battery-optimizer ca create` made in /dongles opens the door for dongles.
set -eu
umask 077
here=$(dirname "$0")
door=/dongles

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

files() { cksum "$door/ca.crt" "$door/server.crt" "$door/revoked.crl"; }
revoked() { sed -n 's/^revoked \([^ ]*\) \([^ ]*\)$/\1=\2/p' "$door/revoked.crl"; }

end_connection() { # a dongle: a broker ends a connection when somebody else comes by its name; its session ends with it
    mosquitto_sub -p 1883 -u optimizer -P "$OPTIMIZER_PASSWORD" -i "$1" -t '$SYS/broker/uptime' -E -W 5 >/dev/null
}

follow() { # a process: tells the broker within seconds when its certificate, or the list of revoked ones, is another
    before=$(files) known=$(revoked | tr '\n' ' ') open=''
    while sleep 2 && kill -0 "$1"; do
        now=$(files) || continue
        if [ "$now" != "$before" ]; then
            before=$now
            kill -HUP "$1"
            for each in $(revoked); do # a list that is only written anew, or shorter, names nobody new
                case " $known " in *" $each "*) ;; *) known="$known $each" open="$open ${each%%=*}" ;; esac
            done
        fi
        still=''
        for each in $open; do end_connection "$each" || still="$still $each"; done
        open=$still
    done
}

if [ -e "$door/server.key" ]; then
    [ -r "$door/server.key" ] || { echo "$door/server.key: the broker's user must be in the group of this file" >&2; exit 1; }
    cat "$here/dongles.conf" >/tmp/tls/dongles.conf
    log=$door/log/mosquitto.log # the optimizer reads in it whom the broker refused, and empties it
    if [ ! -w "$log" ]; then # none yet, or one of a restored backup
        rm -f "$log"
        : >"$log"
        chgrp "$(stat -c %g "$door/log")" "$log"
        chmod 660 "$log"
    fi
    follow $$ 2>/dev/null &
fi
unset NODERED_PASSWORD HOMEASSISTANT_PASSWORD
exec mosquitto -c "$here/mosquitto.conf"
