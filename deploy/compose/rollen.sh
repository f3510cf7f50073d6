#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Run once by the PostgreSQL container, on an empty data directory: the roles with their passwords. eakte_migration owns
# the tables, each service that owns tables is one, eakte_betrieb (commands, nightly runs) is a member of those. Tables
# and rights are made by `eakte migrate`. Lines of the secret "rollen": NAME PASSWORD.
set -euo pipefail

sql() { psql -v ON_ERROR_STOP=1 --username postgres --dbname eakte --quiet "$@"; }

while read -r role password; do
  sql --set role="$role" --set password="$password" <<<"CREATE ROLE :\"role\" LOGIN PASSWORD :'password'"
done <"${EAKTE_ROLLEN:-/run/secrets/rollen}"

sql <<'SQL'
ALTER DATABASE eakte OWNER TO eakte_migration;
REVOKE CONNECT, TEMPORARY ON DATABASE eakte FROM PUBLIC;
GRANT CONNECT ON DATABASE eakte TO eakte_portal, eakte_eingang, eakte_geschaeftsgang, eakte_akten, eakte_betrieb;
GRANT eakte_portal, eakte_eingang, eakte_geschaeftsgang, eakte_akten TO eakte_betrieb;
SQL
