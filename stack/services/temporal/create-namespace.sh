#!/bin/sh
# Compose only: the namespace `default`. The server answers some seconds before it can create one.
set -eu
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12; do
  if temporal operator namespace describe --namespace default >/dev/null 2>&1 ||
    temporal operator namespace create --namespace default --retention "$RETENTION"; then
    exit 0
  fi
  echo "attempt $attempt: not yet" >&2
  sleep 5
done
exit 1
