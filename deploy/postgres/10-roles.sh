#!/bin/sh
# Run once by the postgres image, on an empty volume: the two roles and their database (docs/operations.md, section 4).
set -eu
psql --set ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname postgres \
    --set owner_password="$LTC_OWNER_PASSWORD" --set app_password="$LTC_APP_PASSWORD" <<'SQL'
CREATE ROLE ltc_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE ltc_app LOGIN PASSWORD :'app_password';
CREATE DATABASE ltc OWNER ltc_owner;
REVOKE ALL ON DATABASE ltc FROM PUBLIC;
GRANT CONNECT ON DATABASE ltc TO ltc_app;
SQL
