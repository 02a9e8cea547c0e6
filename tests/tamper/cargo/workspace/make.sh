# A workspace, from the oldest format to the newest, split and merged.
mkdir -p src cli/src core/src && echo >src/lib.rs && echo 'fn main() {}' >cli/src/main.rs && echo >core/src/lib.rs
manifest() { # RUST-VERSION MEMBERS DEPENDENCIES
    put Cargo.toml <<T
[package]
name = "acme"
version = "0.1.0"
edition = "2018"
rust-version = "$1"

[dependencies]
$3

[workspace]
members = [$2]
T
}
member() { # FOLDER DEPENDENCIES
    put "$1/Cargo.toml" <<T
[package]
name = "acme-$1"
version = "0.1.0"
edition = "2018"

[dependencies]
$2
T
}
rm -r core cli
manifest 1.39 '' 'regex = "=1.5.0"
log = "0.4"'
cargo generate-lockfile && cargo update log --precise 0.4.14 && step initial-v1
cargo update log --precise 0.4.17 && step upgrade-v1
sed -i 's/1\.39/1.45/; s/=1\.5\.0/=1.5.4/' Cargo.toml && cargo update --workspace && step v2
mkdir -p cli/src && echo 'fn main() {}' >cli/src/main.rs
member cli 'acme = { path = ".." }
regex = "=1.5.4"
memchr = "2.4"'
manifest 1.60 '"cli"' 'log = "0.4"'
cargo update --workspace && step split-v3
member cli 'acme = { path = ".." }
regex = { version = "=1.5.4", default-features = false, features = ["std"] }
memchr = "2.4"'
cargo update --workspace && step fewer-features
member cli 'acme = { path = ".." }
regex = "1.5"
memchr = "2.4"
rand = "0.7"'
cargo update --workspace && step add-rand
mkdir -p core/src && echo >core/src/lib.rs
member core 'rand = "0.8"
log = { version = "0.4", features = ["std"] }'
manifest 1.85 '"cli", "core"' 'log = "0.4"'
cargo update --workspace && step two-rands
cargo update regex && step upgrade-regex
sed -i 's/rand = "0.7"/rand = "0.8"/' cli/Cargo.toml && cargo update --workspace && step one-rand
rm -r core && manifest 1.85 '"cli"' 'log = "0.4"
rand = "0.8"' && cargo update --workspace && step merge
cargo update && step update-all
cargo update log --precise 0.4.17 && step downgrade
rm Cargo.lock && cargo generate-lockfile && step regenerate
