#!/bin/sh
# Compose only: Temporal's role and databases in the stack's PostgreSQL. Safe to run again.
set -eu
psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet -d postgres <<'SQL'
\getenv password TEMPORAL_PASSWORD
SELECT 'CREATE ROLE temporal LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'temporal') \gexec
ALTER ROLE temporal PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER temporal', name)
  FROM unnest(ARRAY['temporal', 'temporal_visibility']) AS name
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec
REVOKE ALL ON DATABASE temporal, temporal_visibility FROM PUBLIC;
SQL
