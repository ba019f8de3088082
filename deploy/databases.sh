#!/bin/sh
# Create the roles and databases; PostgreSQL's image runs this once, on an empty volume. Temporal and the ledger have a
# role each, so that neither can read the other's data.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set temporal_password="${TEMPORAL_DB_PASSWORD:?}" --set escalation_password="${ESCALATION_DB_PASSWORD:?}" <<'SQL'
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE escalation LOGIN PASSWORD :'escalation_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE escalation OWNER escalation;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, escalation FROM PUBLIC;
SQL
