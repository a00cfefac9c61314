#!/usr/bin/env bash
# Put Node-RED with the flow's nodes into .parts/nodered, as pinned in nodered/package-lock.json, and Node-RED 5 with its own Node.js into
# .parts/nodered5, as pinned in tests/stack/nodered5; quick when they are there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v npm >/dev/null || (($(node -p 'process.versions.node.split(".")[0]') < 20)); then
    echo "missing: Node.js 20 or newer with npm; the tests of the flow in a real Node-RED are skipped by name"
    exit 0
fi

install() { # WHAT FOLDER PINS
    local pins
    pins=$(sha256sum "$3/package-lock.json" | cut -d' ' -f1)
    if [[ -f $2/installed.sha256 && $(<"$2/installed.sha256") == "$pins" ]]; then
        echo "$1 is there"
        return
    fi
    mkdir -p "$2"
    rm -f "$2/installed.sha256"
    cp "$3/package.json" "$3/package-lock.json" "$2/"
    npm ci --prefix "$2" --ignore-scripts --no-audit --no-fund --silent
    echo "$pins" >"$2/installed.sha256"
    echo "$1 is installed"
}

install "Node-RED" .parts/nodered nodered
install "Node-RED 5" .parts/nodered5 tests/stack/nodered5
