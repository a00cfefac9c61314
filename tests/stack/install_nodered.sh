#!/usr/bin/env bash
# Put Node-RED with the flow's nodes into .parts/nodered, as pinned in nodered/package-lock.json; quick when it is there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=.parts/nodered
if ! command -v npm >/dev/null || (($(node -p 'process.versions.node.split(".")[0]') < 20)); then
    echo "missing: Node.js 20 or newer with npm; the tests of the flow in a real Node-RED are skipped by name"
    exit 0
fi
pins=$(sha256sum nodered/package-lock.json | cut -d' ' -f1)
if [[ -f $folder/installed.sha256 && $(<"$folder/installed.sha256") == "$pins" ]]; then
    echo "Node-RED is there"
    exit 0
fi
mkdir -p "$folder"
rm -f "$folder/installed.sha256"
cp nodered/package.json nodered/package-lock.json "$folder/"
npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent
echo "$pins" >"$folder/installed.sha256"
echo "Node-RED is installed"
