# shellcheck shell=bash
# What the steps of the action share. Whatever a repository or an event put into a text goes through here before a runner
# reads it: it takes every line that begins with `::` for a command.

# A text as the data of a workflow command.
escaped() {
    local text=$1
    text=${text//'%'/%25}
    text=${text//$'\r'/%0D}
    text=${text//$'\n'/%0A}
    printf '%s' "$text"
}

notice() { printf '::notice title=lockproof::%s\n' "$(escaped "$1")"; }

# Says why, and ends the step.
fail() {
    printf '::error title=lockproof::%s\n' "$(escaped "$1")"
    exit "${2:-3}"
}

# Nobody can guess it, so nobody can end what it begins.
random() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# Sets an output of the step, whatever its value holds.
output() {
    local delimiter
    delimiter=$(random)
    printf '%s<<%s\n%s\n%s\n' "$1" "$delimiter" "$2" "$delimiter" >>"$GITHUB_OUTPUT"
}

# Shows the output of a program, in which nothing is a command.
show() {
    local token
    token=$(random)
    printf '::stop-commands::%s\n' "$token"
    cat -- "$@"
    printf '\n::%s::\n' "$token"
}

# A folder for this step's files, which the runner removes with its own.
scratch() { mktemp -d "${RUNNER_TEMP:-/tmp}/lockproof.XXXXXXXX"; }

is_sha() { [[ $1 =~ ^[0-9a-f]{40}$ ]]; }
