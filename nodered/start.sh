#!/bin/sh
# Puts the flow into an empty /data, where people may change it from then on, and starts Node-RED.  `hash-pw` makes a password's hash.
set -eu
if [ "${1:-}" = hash-pw ]; then
    exec node node_modules/node-red/red.js admin hash-pw
fi

case ${NODE_RED_PUBLISH:-} in
    127.0.0.1:* | localhost:* | '[::1]:'*) ;;
    *)
        if [ -z "${NODE_RED_PASSWORD_HASH:-}" ]; then
            echo "published at ${NODE_RED_PUBLISH:-an unknown address}, the editor needs a password: set NODE_RED_PASSWORD_HASH in .env" >&2
            exit 1
        fi
        ;;
esac

if [ ! -e "$NODE_RED_FLOWS" ]; then
    cp flows-hybrid.json "$NODE_RED_FLOWS"
    cp flows-hybrid_cred.json "${NODE_RED_FLOWS%.json}_cred.json"
elif ! cmp -s flows-hybrid.json "$NODE_RED_FLOWS"; then
    echo "$NODE_RED_FLOWS differs from this image's flow: changed by hand, or from an older version; DEPLOYMENT_GUIDE.md, Upgrade"
fi
exec node node_modules/node-red/red.js --userDir /data --settings /srv/settings.js
