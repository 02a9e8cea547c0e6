# Two modules in one repository, split out of one and merged again.
A=example.com/acme
python3 "$(dirname "$recipe")/../proxy.py" "$PWD/.cache/proxy" <<M
$A/base v1.0.0
$A/base v1.1.0
$A/codec v1.0.0 $A/base@v1.0.0
$A/codec v1.1.0 $A/base@v1.1.0
$A/http v0.4.0 $A/codec@v1.0.0
$A/http v0.5.0 $A/codec@v1.1.0
$A/flags v1.0.0
$A/flags v1.0.1
$A/flags/v2 v2.0.0 $A/base@v1.1.0
M
export GOPROXY="file://$PWD/.cache/proxy" GOMODCACHE="$PWD/.cache/mod"
imports() { { echo "package $1"; printf 'import _ "%s"\n' "${@:2}"; [ "$1" != main ] || echo 'func main() {}'; } >main.go; }
printf 'module example.com/acme/app\n\ngo 1.19\n' >go.mod
imports main $A/http $A/flags && go get $A/http@v0.4.0 $A/flags@v1.0.0 && go mod tidy && step initial
go get $A/flags@v1.0.1 && go mod tidy && step upgrade
mkdir tools && (cd tools && printf 'module example.com/acme/app/tools\n\ngo 1.19\n' >go.mod && imports main $A/flags &&
    go get $A/flags@v1.0.1 && go mod tidy) && imports main $A/http && go mod tidy && step split
(cd tools && imports main $A/flags/v2 && go get $A/flags/v2@v2.0.0 && go mod tidy) && step major-upgrade
go get $A/http@v0.5.0 && go mod tidy && step upgrade-http
go get $A/http@v0.4.0 && go mod tidy && step downgrade
(cd tools && imports main $A/flags/v2 $A/codec && go get $A/codec@v1.0.0 && go mod tidy) && step shared
go get $A/codec@v1.1.0 && go mod tidy && step upgrade-codec
rm -r tools && imports main $A/http $A/flags/v2 && go get $A/flags/v2@v2.0.0 && go mod tidy && step merge
rm go.sum && go mod tidy && step regenerate
