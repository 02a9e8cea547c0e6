#!/usr/bin/env bash
# Finds a lockproof to run: the one that was given, a release whose digest is known, or one compiled here. What can't be
# proven to be lockproof is not started.
set -euo pipefail
# shellcheck source=action/lib.sh
. "$GITHUB_ACTION_PATH/action/lib.sh"

repository=lockproof/lockproof
releases=https://github.com/$repository/releases/download
# Digests of release archives, as `sha256sum` writes them: `<sha256>  v<version>/<archive>`, the newest release last.
checksums=$GITHUB_ACTION_PATH/action/checksums.txt

is_version() { [[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]]; }

# What a release is built for that runs here.
target() {
    case "${RUNNER_OS-}/${RUNNER_ARCH-}" in
        Linux/X64) echo x86_64-unknown-linux-musl ;;
        Linux/ARM64) echo aarch64-unknown-linux-musl ;;
        macOS/X64) echo x86_64-apple-darwin ;;
        macOS/ARM64) echo aarch64-apple-darwin ;;
        Windows/X64) echo x86_64-pc-windows-msvc ;;
        *) return 1 ;;
    esac
}

newest() { sed -n 's|^[0-9a-f]\{64\}  v\([^/]*\)/.*|\1|p' "$checksums" | tail -n 1; }

# The digest that a file of a release has to have; nothing for an unknown one.
digest_of() {
    local digest name
    while read -r digest name; do
        if [ "$name" = "$1" ] && [[ $digest =~ ^[0-9a-f]{64}$ ]]; then echo "$digest" && return; fi
    done <"$checksums"
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -c 1-64
}

download() {
    curl --fail --silent --show-error --location --proto '=https' --tlsv1.2 --retry 3 --max-time 300 \
        --output "$2" "$1" || fail "$1 can't be downloaded"
}

# The release's archive has to be the one that this commit of the action knows.
by_digest() {
    local version=$1 archive=$2 expected actual
    expected=$(digest_of "v$version/${archive##*/}")
    [ -n "$expected" ] || fail "This commit of the action knows no digest of lockproof $version for $target. \
Pin the action to a newer commit, or set \`version\` to \`attested:$version\` or \`source\`."
    download "$releases/v$version/${archive##*/}" "$archive"
    actual=$(sha256 "$archive")
    [ "$actual" = "$expected" ] || fail "The digest of lockproof $version for $target is $actual, and not $expected."
}

# The release's archive has to come from lockproof's release workflow, run for that tag.
by_attestation() {
    local version=$1 archive=$2
    command -v gh >/dev/null || fail "Attestations are verified by gh, which is not on this runner."
    download "$releases/v$version/${archive##*/}" "$archive"
    GH_TOKEN=${INPUT_TOKEN-} gh attestation verify "$archive" --repo "$repository" \
        --signer-workflow "$repository/.github/workflows/release.yml" --source-ref "refs/tags/v$version" \
        >"$folder/attestation" 2>&1 || { show "$folder/attestation"; fail "lockproof $version for $target is not attested."; }
}

unpack() {
    # Names, not `.`: an archive decides nothing but what these hold.
    local name=lockproof
    case "$target" in *-windows-*) name=lockproof.exe ;; esac
    (cd "$folder" && tar -xzf "${1##*/}" "$name") || fail "The archive of lockproof holds no $name."
    binary=$folder/$name
}

compile() {
    command -v cargo >/dev/null || fail "\`version: source\` needs cargo."
    # Not in the workspace, whose configuration cargo would obey.
    (cd "$GITHUB_ACTION_PATH" && CARGO_TARGET_DIR="$folder/target" cargo install --locked --path . --root "$folder" --quiet) \
        >"$folder/log" 2>&1 || { show "$folder/log"; fail "lockproof can't be compiled."; }
    binary=$folder/bin/lockproof
}

folder=$(scratch)
wanted=${INPUT_VERSION-}
if [ -n "${INPUT_BINARY-}" ]; then
    binary=$INPUT_BINARY
    command -v "$binary" >/dev/null || fail "There is no program $binary." 2
elif [ "$wanted" = source ]; then
    compile
else
    target=$(target) || fail "There is no release of lockproof for ${RUNNER_OS-}/${RUNNER_ARCH-}: set \`version: source\`."
    archive=$folder/lockproof-$target.tar.gz
    version=${wanted#attested:}
    if [ -z "$wanted" ]; then
        version=$(newest)
        [ -n "$version" ] || fail "This commit of the action knows no release of lockproof yet. \
Set \`version: source\` to compile it, or \`binary\` to the path of one."
    fi
    is_version "$version" || fail "\`version\` is X.Y.Z, attested:X.Y.Z or source." 2
    case "$wanted" in
        attested:*) by_attestation "$version" "$archive" ;;
        *) by_digest "$version" "$archive" ;;
    esac
    unpack "$archive"
fi

says=$("$binary" --version 2>/dev/null) || fail "$binary does not start."
[[ $says =~ ^lockproof\ [0-9A-Za-z.+-]+$ ]] || fail "$binary is no lockproof."
[ -z "${version-}" ] || [ "$says" = "lockproof $version" ] || fail "The release of lockproof $version says it is $says."
output path "$binary"
output version "${says#lockproof }"
