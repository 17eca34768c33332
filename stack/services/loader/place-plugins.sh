#!/bin/sh
# Unpacks every NocoBase plugin of the artifacts into NocoBase's folder of plugins, each whole or not at all.
set -eu
target=$1
artifacts=${BIZSTACK_ARTIFACTS:-/opt/bizstack/artifacts}
for tarball in "$artifacts"/*.tgz; do
  manifest=$(tar -xzOf "$tarball" package/package.json)
  name=$(printf '%s' "$manifest" | node -p 'const m = JSON.parse(require("node:fs").readFileSync(0, "utf8")); m.nocobase ? m.name : ""')
  [ -n "$name" ] || continue
  partial=$target/$name.partial
  rm -rf "$partial"
  mkdir -p "$partial"
  tar -xzf "$tarball" --no-same-owner --strip-components=1 -C "$partial"
  rm -rf "${target:?}/$name"
  mv "$partial" "$target/$name"
  echo "placed $name"
done
