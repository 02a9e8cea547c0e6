# A server: features, platforms, a release that was yanked.
mkdir src && echo 'fn main() {}' >src/main.rs
manifest() {
    put Cargo.toml <<T
[package]
name = "acme-server"
version = "0.1.0"
edition = "2021"
rust-version = "1.70"

[dependencies]
$1
T
}
manifest 'serde = "1.0"
tokio = { version = "1.28", features = ["rt"] }'
cargo generate-lockfile && cargo update serde --precise 1.0.160 && cargo update tokio --precise 1.28.0 && step initial
cargo update serde --precise 1.0.188 && step upgrade
manifest 'serde = { version = "1.0", features = ["derive"] }
tokio = { version = "1.28", features = ["rt", "macros"] }'
cargo update --workspace && step features
manifest 'serde = { version = "1.0", features = ["derive"] }
tokio = { version = "1.28", features = ["rt", "macros", "net"] }'
cargo update --workspace && step platforms
manifest 'serde = { version = "1.0", features = ["derive"] }
tokio = { version = "1.28", features = ["rt", "macros", "net"] }
url = "2.4"'
cargo update --workspace && cargo update url --precise 2.4.0 && step add
cargo update url --precise 2.4.1 && step patch-upgrade
cargo update url --precise 2.5.2 && step minor-upgrade
cargo update url --precise 2.4.0 && step downgrade
manifest 'serde = { version = "1.0", features = ["derive"] }
tokio = { version = "1.28", features = ["rt", "macros", "net"] }
url = "2.4"
futures-util = "0.3"'
cargo update --workspace && cargo update futures-util --precise 0.3.30 && step locked-what-is-yanked-later
cargo update futures-util && step replace-yanked
cargo update && step update-all
manifest 'serde = { version = "1.0", features = ["derive"] }
url = "2.4"'
cargo update --workspace && step remove
rm Cargo.lock && cargo generate-lockfile && step regenerate
