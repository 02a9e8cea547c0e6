#!/usr/bin/env bash
# Runs lockproof, and tells what it found: in the log, as annotations, in the summary, as outputs.
set -euo pipefail
# shellcheck source=action/lib.sh
. "$GITHUB_ACTION_PATH/action/lib.sh"

folder=$(scratch)

# What is judged is what was committed, whatever earlier steps made of the worktree.
arguments=(check --head HEAD --fail-on "${INPUT_FAIL_ON:-error}" --color always)
case "$BASE_IS" in
    exact) arguments+=(--against "$BASE") ;;
    merge) arguments+=(--base "$BASE") ;;
    settled) arguments+=(--against "$BASE" --policy-from head --scope all) ;;
    none) arguments+=(--no-base) ;;
    *) fail "The step before did not say what to compare with." ;;
esac

# A policy by another name: the base's, as the default one is. Outside of the repository it is the workflow's own.
if [ -n "${INPUT_CONFIG-}" ]; then
    case "$INPUT_CONFIG" in
        /* | [A-Za-z]:[/\\]*) arguments+=(--config "$INPUT_CONFIG") ;;
        *)
            from=${BASE:-HEAD}
            git cat-file blob "$from:$INPUT_CONFIG" >"$folder/policy.toml" 2>"$folder/log" ||
                fail "There is no policy $INPUT_CONFIG in $from." 2
            arguments+=(--config "$folder/policy.toml")
            ;;
    esac
fi

case "${INPUT_REQUIRE_COVERAGE:-true}" in
    true) arguments+=(--require-coverage) ;;
    false) ;;
    *) fail "\`require-coverage\` is true or false." 2 ;;
esac
if [ -n "${INPUT_SHARD-}" ]; then arguments+=(--shard "$INPUT_SHARD"); fi
arguments+=(--format "text=$folder/text" --format "json=$folder/json" --format "markdown=$folder/markdown")
case "${INPUT_ANNOTATIONS:-true}" in
    true) arguments+=(--format "github=$folder/github") ;;
    false) ;;
    *) fail "\`annotations\` is true or false." 2 ;;
esac
if [ -n "${INPUT_SARIF_FILE-}" ]; then arguments+=(--format "sarif=$INPUT_SARIF_FILE"); fi

arguments+=(--)
while IFS= read -r path; do
    path=${path%$'\r'}
    if [ -n "$path" ]; then arguments+=("$path"); fi
done <<<"${INPUT_PATHS-}"

code=0
"$LOCKPROOF" "${arguments[@]}" >"$folder/out" 2>"$folder/err" || code=$?

touch "$folder/text"
show "$folder/text" "$folder/out" "$folder/err"
if [ -e "$folder/github" ]; then cat "$folder/github"; fi
if [ -e "$folder/markdown" ] && [ -n "${GITHUB_STEP_SUMMARY-}" ]; then
    cat "$folder/markdown" >>"$GITHUB_STEP_SUMMARY"
fi

# A line of JSON can't be forged by a text in it: line breaks are escaped there.
findings=0
if [ -e "$folder/json" ]; then
    findings=$(grep -c '^      "preexisting": false,\{0,1\}$' "$folder/json" || true)
fi
output exit-code "$code"
output findings "$findings"
if [ -n "${INPUT_SARIF_FILE-}" ] && [ -e "$INPUT_SARIF_FILE" ]; then output sarif-file "$INPUT_SARIF_FILE"; fi

case "$code" in
    0 | 1) ;;
    2) printf '::error title=lockproof::%s\n' "lockproof was not understood, or its policy is not: see the log." ;;
    *) printf '::error title=lockproof::%s\n' "The check is incomplete (exit code $code), so it proves nothing: see the log." ;;
esac
exit "$code"
