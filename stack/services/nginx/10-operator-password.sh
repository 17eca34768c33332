#!/bin/sh
# Run by the image's entry point: the operators' password, in a file in memory that only nginx can read.
set -eu
umask 077
printf '%s:{PLAIN}%s\n' "$BIZSTACK_OPERATOR_USER" "$BIZSTACK_OPERATOR_PASSWORD" > /tmp/operators
