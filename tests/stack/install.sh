#!/usr/bin/env bash
# Install the real parts that the stack tests use: install.sh VENV_BIN
# On Debian and Ubuntu with apt packages as root or by sudo; elsewhere it names what is missing, and the tests skip it by name.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$1

declare -A packages=(
    [g++]="g++ g++-multilib"
    [mariadbd]="mariadb-server mariadb-client"
    [mosquitto]="mosquitto mosquitto-clients"
    [chromium]="chromium fonts-dejavu-core"
    [faketime]="faketime"
)
wanted=()
for program in "${!packages[@]}"; do
    command -v "$program" >/dev/null || wanted+=(${packages[$program]})
done
[[ -e /usr/include/x86_64-linux-gnu/c++ && ! -e /usr/lib32/libstdc++.so.6 ]] && wanted+=(g++-multilib)
if ((${#wanted[@]})); then
    if ! command -v apt-get >/dev/null; then
        echo "missing, and not installed because this is not Debian or Ubuntu: ${wanted[*]}"
    else
        sudo=$([[ $(id -u) == 0 ]] || echo sudo)
        $sudo apt-get update -qq
        DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
    fi
fi
"$bin/python" -m tests.stack.install_home_assistant
"$bin/python" -m tests.esphome.firmware
bash tests/stack/install_nodered.sh
