#!/bin/sh
# Print an environment file with new passwords. Once, before the first `docker compose up`:
#   sh deploy/env.sh > .env && chmod 600 .env
set -eu

for name in POSTGRES_PASSWORD TEMPORAL_DB_PASSWORD ESCALATION_DB_PASSWORD; do
    # Hexadecimal, because a password also stands in a database address.
    printf '%s=%s\n' "$name" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
done
