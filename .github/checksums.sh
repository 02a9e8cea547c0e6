#!/usr/bin/env bash
# Prints the lines of action/checksums.txt for the archives in a folder. For a tag, they have to be in there already.
set -euo pipefail

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
lines=$(cd "$1" && sha256sum -- *.tar.gz | sed "s|  |  v$version/|")
printf '%s\n' "$lines"

if [ "${GITHUB_REF_TYPE-}" = tag ]; then
    if [ "$GITHUB_REF_NAME" != "v$version" ]; then
        echo "The tag is $GITHUB_REF_NAME, and Cargo.toml says $version." >&2
        exit 1
    fi
    if [ "$(grep -F "  v$version/" action/checksums.txt)" != "$lines" ]; then
        echo "action/checksums.txt does not say the same of v$version." >&2
        exit 1
    fi
fi
