#!/bin/sh
# Bring Temporal's own schema up to the version of this admin-tools image; does nothing when it is there already.
# Address, role and password of the database are SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD, which the tool reads.
set -eu

schema() {
    temporal-sql-tool --plugin postgres12 --database "$1" setup-schema --version 0.0
    temporal-sql-tool --plugin postgres12 --database "$1" update-schema \
        --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

schema temporal temporal
schema temporal_visibility visibility
