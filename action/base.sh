#!/usr/bin/env bash
# Finds the commit to compare with, and fetches it if a shallow checkout lacks it. A base that is named and not there is
# an error: without it, whatever a change does would pass as content.
set -euo pipefail
# shellcheck source=action/lib.sh
. "$GITHUB_ACTION_PATH/action/lib.sh"

# Its commit is here, not only its name.
is_here() { git cat-file -e "$1^{commit}" 2>/dev/null; }

# Git, that may ask the server with the token of the step. In the environment, where no process list shows it.
with_token() {
    local server=${GITHUB_SERVER_URL:-https://github.com}
    if [ -z "${INPUT_TOKEN-}" ] || git config --get-all "http.$server/.extraheader" >/dev/null; then
        "$@"
        return
    fi
    local basic count=${GIT_CONFIG_COUNT:-0}
    basic=$(printf 'x-access-token:%s' "$INPUT_TOKEN" | base64 | tr -d '\n')
    (
        export "GIT_CONFIG_KEY_$count=http.$server/.extraheader"
        export "GIT_CONFIG_VALUE_$count=AUTHORIZATION: basic $basic"
        export GIT_CONFIG_COUNT=$((count + 1))
        "$@"
    )
}

fetch() {
    # In a full clone, a depth would cut off what is here.
    local depth=
    if [ "$(git rev-parse --is-shallow-repository)" = true ]; then depth=--depth=1; fi
    GIT_TERMINAL_PROMPT=0 with_token git fetch --quiet --no-tags --no-recurse-submodules ${depth:+"$depth"} \
        origin "$1" >"$log" 2>&1
}

# Compares with that commit. `merge` looks for where both parted, `exact` needs no history. `settled` is what landed before:
# it is judged as a whole, by its own policy.
use() {
    local what=$1 commit=$2 is=$3
    if ! is_here "$commit"; then
        fetch "$commit" || { show "$log"; fail "no base: $what, $commit, can't be fetched."; }
        is_here "$commit" || fail "no base: $what, $commit, was fetched and is not there."
    fi
    printf 'Comparing with %s, %s.\n' "$what" "$commit"
    output base "$commit"
    output is "$is"
    exit 0
}

# The parents that a commit names, also where a shallow checkout was cut off at it.
parents() { git cat-file -p "$1" | sed -n -e '/^$/q' -e 's/^parent //p'; }

# Of the commit that GitHub made to try a merge: the base that it tried. Any other merge is the author's own, and what it
# names as its first parent may be anything.
first_parent_of_trial() {
    local tip=${EVENT_PULL_REQUEST_HEAD-} base='' merged='' more=''
    if ! is_sha "$tip" || [ "$head" != "${GITHUB_SHA-}" ] || [ "$head" = "$tip" ]; then return; fi
    { read -r base && read -r merged && read -r more; } < <(parents "$head") || true
    if [ "$merged" = "$tip" ] && [ -z "$more" ]; then printf '%s' "$base"; fi
}

# The only commit that a revision names. With a tag called like a branch, whoever pushed it would choose the base.
only() {
    local name=$1 found='' commit full
    for full in "$name" "refs/$name" "refs/tags/$name" "refs/heads/$name" "refs/remotes/$name" "refs/remotes/$name/HEAD"; do
        commit=$(git rev-parse --verify --quiet --end-of-options "$full^{commit}" 2>/dev/null) || continue
        if [ -n "$found" ] && [ "$commit" != "$found" ]; then
            fail "\`$name\` is ambiguous: $full is another commit than $found. Give the full name, as in refs/heads/main." 2
        fi
        found=$commit
    done
    printf '%s' "$found"
}

# The newest commit of the default branch. Nothing where nobody can be asked.
default_tip() {
    local name=${EVENT_DEFAULT_BRANCH-}
    git remote get-url origin >/dev/null 2>&1 || return 0
    if [ -z "$name" ]; then
        name=$(GIT_TERMINAL_PROMPT=0 with_token git ls-remote --symref origin HEAD 2>"$log" | sed -n 's|^ref: refs/heads/\(.*\)\tHEAD$|\1|p')
    fi
    git check-ref-format "refs/heads/$name" || return 0
    fetch "refs/heads/$name" || { show "$log" >&2; return 1; }
    git rev-parse --verify --quiet 'FETCH_HEAD^{commit}'
}

# Where the head parted from a commit. A shallow checkout gets as much history as that takes.
parted() {
    local tip=$1 depth
    for depth in --deepen=100 --deepen=2000 --unshallow ''; do
        if git merge-base "$head" "$tip"; then return; fi
        if [ -z "$depth" ] || [ "$(git rev-parse --is-shallow-repository)" != true ]; then return; fi
        GIT_TERMINAL_PROMPT=0 with_token git fetch --quiet --no-tags --no-recurse-submodules "$depth" \
            origin "$tip" "$head" >"$log" 2>&1 || { show "$log" >&2; return 1; }
    done
}

# No event names a base: the branch is new, or somebody or the clock started the run. Then it is where the branch parted
# from the default one; of what is on that already, the commit before.
use_history() {
    local tip before is=exact
    tip=$(default_tip) || fail "no base: the default branch can't be fetched."
    if is_sha "$tip" && [ "$tip" != "$head" ]; then
        before=$(parted "$tip") || fail "no base: the history can't be fetched to find where this branch began."
        if [ -z "$before" ]; then return; fi
        if [ "$before" != "$head" ]; then use "where this branch parted from the default one" "$before" exact; fi
    fi
    before=$(parents "$head" | head -n 1)
    if [ "${GITHUB_EVENT_NAME-}" != push ]; then is=settled; fi
    if is_sha "$before"; then use "the commit before" "$before" "$is"; fi
}

# What an event says is exact for the commit that it speaks of, and a hint for any other.
of_event() { if [ "$head" = "${GITHUB_SHA-}" ]; then echo exact; else echo merge; fi; }

log=$(scratch)/log
head=$(git rev-parse --verify --quiet 'HEAD^{commit}') || fail "There is no commit here: check the repository out first."

if [ -n "${INPUT_BASE-}" ]; then
    case "$INPUT_BASE" in -*) fail "\`base\` is a revision." 2 ;; esac
    # A whole id is nothing but an id.
    if ! is_sha "$INPUT_BASE"; then
        commit=$(only "$INPUT_BASE") || { code=$?; printf '%s\n' "$commit"; exit "$code"; }
        if [ -n "$commit" ]; then use "the base that was given" "$commit" merge; fi
    fi
    is_sha "$INPUT_BASE" || fail "no base: there is no revision $INPUT_BASE here. Fetch it before, or give its full id."
    use "the base that was given" "$INPUT_BASE" merge
fi

case "${GITHUB_EVENT_NAME-}" in
    pull_request | pull_request_target)
        parent=$(first_parent_of_trial)
        if is_sha "$parent"; then use "the base of the pull request's merge" "$parent" exact; fi
        if [ "$head" = "${EVENT_PULL_REQUEST_BASE-}" ] || [ "$GITHUB_EVENT_NAME/$head" = "pull_request_target/${GITHUB_SHA-}" ]; then
            fail "no base: what is checked out is the base itself, so nothing of the pull request would be judged. \
Use \`on: pull_request\`."
        fi
        is_sha "${EVENT_PULL_REQUEST_BASE-}" || fail "no base: the event names none."
        use "the base of the pull request" "$EVENT_PULL_REQUEST_BASE" merge
        ;;
    merge_group)
        is_sha "${EVENT_MERGE_GROUP_BASE-}" || fail "no base: the event names none."
        use "the base of the merge group" "$EVENT_MERGE_GROUP_BASE" "$(of_event)"
        ;;
    push)
        if is_sha "${EVENT_BEFORE-}" && [ "$EVENT_BEFORE" != 0000000000000000000000000000000000000000 ]; then
            use "what the branch was before the push" "$EVENT_BEFORE" "$(of_event)"
        fi
        ;;
esac
use_history
notice "There is nothing to compare with: only what the lockfiles say by themselves is checked."
output base ""
output is none
