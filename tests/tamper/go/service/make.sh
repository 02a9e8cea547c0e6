# A service: upgrades, downgrades, replacements, pruning.
A=example.com/acme
python3 "$(dirname "$recipe")/../proxy.py" "$PWD/.cache/proxy" <<M
$A/text v0.1.0
$A/text v0.2.0
$A/text v0.3.0
$A/color v0.5.0
$A/color v0.6.0
$A/greet v1.0.0 $A/text@v0.1.0
$A/greet v1.1.0 $A/text@v0.2.0
$A/greet v1.2.0 $A/text@v0.3.0 $A/color@v0.5.0
$A/log/v2 v2.3.1 $A/color@v0.5.0
$A/log/v2 v2.4.0 $A/color@v0.6.0
$A/old v3.0.0+incompatible
$A/nightly v0.0.0-20240102030405-0123456789ab $A/text@v0.1.0
$A/check v1.0.0 $A/text@v0.1.0 $A/log/v2@v2.3.1
example.com/fork/text v0.2.1
M
export GOPROXY="file://$PWD/.cache/proxy" GOMODCACHE="$PWD/.cache/mod"
imports() { { echo 'package main'; printf 'import _ "%s"\n' "$@"; echo 'func main() {}'; } >main.go; }
printf 'module example.com/acme/service\n\ngo 1.16\n' >go.mod
imports $A/greet && go get $A/greet@v1.0.0 && go mod tidy && step initial
go get $A/greet@v1.1.0 && go mod tidy && step upgrade
imports $A/greet $A/log/v2 && go get $A/log/v2@v2.3.1 && go mod tidy && step add
go mod tidy -go=1.19 && step pruned
imports $A/greet $A/log/v2 $A/old $A/nightly
go get $A/old@v3.0.0+incompatible $A/nightly@v0.0.0-20240102030405-0123456789ab && go mod tidy && step pseudo-version
go mod edit -replace $A/text=example.com/fork/text@v0.2.1 && go mod tidy && step fork
go mod edit -dropreplace $A/text && go mod tidy && step fork-dropped
imports $A/greet $A/log/v2 $A/check && go get $A/check@v1.0.0 $A/log/v2@v2.4.0 && go mod tidy && step upgrade-log
go get $A/log/v2@v2.3.1 && go mod tidy && step downgrade
go get -u ./... && go mod tidy && step upgrade-all
imports $A/greet && go mod tidy && step remove
rm go.sum && go mod tidy && step regenerate
