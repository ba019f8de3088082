#!/usr/bin/env bash
# Installs the real systems that some tests run against, where this machine has apt and we may use it: Request Tracker 5,
# PostgreSQL, Chromium. Never fails and never waits long: where one is missing, its tests skip and say so.
set -uo pipefail

say() { printf 'counterparts: %s\n' "$*"; }

has() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "no apt here; tests against real systems skip where those are missing"
    exit 0
fi

missing=()
for package in request-tracker5 rt5-db-sqlite rt5-standalone chromium; do
    has "$package" || missing+=("$package")
done
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
if [ "${#missing[@]}" -eq 0 ]; then
    say "all there"
    exit 0
fi

root=()
if [ "$(id -u)" -ne 0 ]; then
    root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
        say "not root and no sudo; tests skip without: ${missing[*]}"
        exit 0
    fi
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
trap 'rm -f "$log"; [ -z "${ours:-}" ] || "${root[@]}" rm -f "$policy"' EXIT

# The tests start their own servers; the packages' services would only be in the way.
ours=
if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null && "${root[@]}" chmod 755 "$policy"
fi

apt() {
    local seconds=$1
    shift
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive timeout "$seconds" apt-get -q -y \
        -o DPkg::Lock::Timeout=60 -o Acquire::Retries=1 -o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1 </dev/null
}

# What takes unforeseeably long is the network: it is done first, and may be broken off without harm.
say "installing ${missing[*]}"
if apt 120 update && apt 300 install --no-install-recommends --download-only "${missing[@]}" &&
    apt 400 install --no-install-recommends "${missing[@]}"; then
    say "installed after $SECONDS s"
else
    say "could not be installed; their tests skip. $(tail -n 1 "$log")"
fi
exit 0
