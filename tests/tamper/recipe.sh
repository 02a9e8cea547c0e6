# What the recipes of honest histories share: `cargo xtask tamper --generate` runs, for each of them,
#   bash tests/tamper/recipe.sh RECIPE OUT CLIENTS
# in an empty folder. A recipe changes a project the way that people do, with the real clients, and calls `step` for
# each commit that they would have made. Registries are those of this machine; what is kept names none of them.
set -euo pipefail
recipe=$1 out=$2 clients=$3 count=0
export CI=1 npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm_config_ignore_scripts=true
export npm_config_omit_lockfile_registry_resolved=false npm_config_cache=$clients/cache/npm
export UV_CACHE_DIR=$clients/cache/uv UV_PYTHON_DOWNLOADS=never
export GOCACHE=$clients/cache/go GOSUMDB=off GOTOOLCHAIN=local GOWORK=off GOFLAGS="-mod=mod -modcacherw"

# A client of the major version (for uv: the version) that a step asks for, installed when it is first asked for.
npm_of() { # VERSION ARGUMENTS...
    [ -d "$clients/npm-$1" ] || npm install --silent --no-package-lock --prefix "$clients/npm-$1" "npm@$1"
    node "$clients/npm-$1/node_modules/npm/bin/npm-cli.js" "${@:2}" >&2
}
pnpm_of() {
    [ -d "$clients/pnpm-$1" ] || npm install --silent --no-package-lock --prefix "$clients/pnpm-$1" "pnpm@$1"
    CI= "$clients/pnpm-$1/node_modules/.bin/pnpm" "${@:2}" --lockfile-only --store-dir "$clients/cache/pnpm-$1" >&2
}
uv_of() {
    [ -d "$clients/uv-$1" ] || python3 -m pip install --quiet --target "$clients/uv-$1" "uv==$1"
    "$clients/uv-$1/bin/uv" "${@:2}" >&2
}

# Edits a JSON file: `json package.json 'd.version = "2.0.0"'`
json() {
    node -e 'const fs = require("fs"), [file, edit] = process.argv.slice(1);
        const d = JSON.parse(fs.readFileSync(file)); eval(edit);
        fs.writeFileSync(file, JSON.stringify(d, null, 2) + "\n")' "$1" "$2"
}

# Writes a file, with the folders that it needs.
put() { mkdir -p "$(dirname "$1")" && cat >"$1"; }

# Keeps what a commit would hold.
step() {
    count=$((count + 1))
    local to file
    to=$out/$(printf '%02d-%s' "$count" "$1")
    find . \( -name node_modules -o -name target -o -name .venv -o -name '.cache' \) -prune -o -type f \( \
        -name 'package*.json' -o -name .npmrc -o -name 'pnpm-*.yaml' -o -name 'Cargo.*' -o -name config.toml \
        -o -name 'pyproject.toml' -o -name uv.lock -o -name 'go.*' \) -print | while read -r file; do
        put "$to/$file" < <(anonymous <"$file")
    done
}

# Hosts of registries, replaced. What a recipe makes up is at example.com already.
anonymous() {
    sed -E -e '/example\.com/!s#("resolved": "https?://)[^/"]+/#\1registry.example.com/#' \
        -e '/example\.com/!s#(registry = "https?://)[^/"]+/#\1pypi.example.com/#' \
        -e '/example\.com/!s#(url = "https?://)[^/"]+/packages/#\1files.example.com/packages/#'
}

# shellcheck disable=SC1090
. "$recipe"
