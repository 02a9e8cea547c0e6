#!/bin/sh
# Makes a repository of two states: a lockfile as npm wrote it, and one that somebody has edited by hand. Then asks
# lockproof. Three lines were changed; a frozen install would take them all.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lockproof=${LOCKPROOF:-"cargo run --quiet --release --locked --manifest-path $here/../../Cargo.toml --bin lockproof --"}
repo=$(mktemp -d)
trap 'rm -rf "$repo"' EXIT
cd "$repo"
git init --quiet .
cp "$here"/before/* .
git add .
git -c user.name=Ada -c user.email=ada@example.com -c commit.gpgSign=false commit --quiet -m "Lock"
cp "$here"/after/* .
$lockproof check
