#!/bin/sh
# Runs once, on an empty volume: the portal's own role, bound by row-level security, and its database.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres --set=password="$LATCHKEY_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE latchkey LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'password';
CREATE DATABASE latchkey OWNER latchkey;
SQL
