#!/bin/sh
# Installs HematoVision from this folder. Needs Python and no network; --help tells more.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if [ -n "${PYTHON:-}" ]; then
  exec "$PYTHON" -I "$here/install.py" "$@"
fi
for python in python3 python3.13 python3.12 python3.11; do
  if "$python" -I "$here/install.py" --fits >/dev/null 2>&1; then
    exec "$python" -I "$here/install.py" "$@"
  fi
done
echo "hematovision: no fitting Python was found ($(grep -A4 '"pythons"' "$here/manifest.json" | grep -o '3[.0-9]*' | tr '\n' ' ')): install one, or name it as PYTHON=/path/to/python3" >&2
exit 2
