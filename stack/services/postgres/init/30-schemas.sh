#!/bin/sh
# Container only: applies schemas/<database>/*.sql to that database. The native stack reads the same files.
set -eu
cd "$(dirname "$0")/schemas"
for file in */*.sql; do
  psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$POSTGRES_USER" -d "$(dirname "$file")" -f "$file"
done
