#!/bin/sh
# Container only: gives each role the password that the environment names. The value reaches psql through
# the environment, never through an argument. The native stack sets passwords over its own connection.
set -eu
for role in business nocobase activepieces n8n metabase; do
  variable="POSTGRES_$(printf '%s' "$role" | tr '[:lower:]' '[:upper:]')_PASSWORD"
  eval "password=\${$variable:-}"
  if [ -z "$password" ]; then
    echo "$variable is empty: the role $role gets no password and cannot log in" >&2
    continue
  fi
  ROLE="$role" PASSWORD="$password" psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$POSTGRES_USER" -d postgres <<'SQL'
\getenv role ROLE
\getenv password PASSWORD
ALTER ROLE :"role" PASSWORD :'password';
SQL
done
