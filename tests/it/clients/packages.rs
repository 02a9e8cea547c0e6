//! What a release offers, made by `cargo xtask dist`, installed by each packager and started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use super::repo::{Repo, shown};
use super::tool::{Tool, takes_its_time};

const TRIPLE: &str = "x86_64-unknown-linux-musl";
const VERSION: &str = concat!("lockproof ", env!("CARGO_PKG_VERSION"), "\n");

/// The folder of the packages, made once for all tests: quickly, since only what is around the program is tried.
fn packages() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut xtask = Command::new(env!("CARGO"));
        xtask.args(["run", "--locked", "--quiet", "--package", "xtask", "--", "dist", "--quick"]);
        let output = xtask.args(["--target", TRIPLE]).current_dir(root).output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
        root.join("target/dist-quick")
    })
}

/// Every packager, or nothing: all packages are made at once.
fn tools() -> Option<()> {
    for name in ["maturin", "npm", "dpkg-deb", "pip", "musl-gcc"] {
        Tool::find(name)?;
    }
    takes_its_time().then_some(())
}

/// The program, in a repository whose only pin was rewritten.
fn assert_works(program: &Path, arguments: &[&str]) {
    let start = |folder: &Path, more: &[&str]| -> Output {
        let mut command = Command::new(program);
        command.args(arguments).args(more).current_dir(folder).stdin(Stdio::null()).output().unwrap()
    };
    let version = start(Path::new("/"), &["--version"]);
    assert_eq!(String::from_utf8_lossy(&version.stdout), VERSION, "{}", shown(&version));
    let repo = Repo::new();
    repo.write("go.sum", "a v1.0.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    repo.commit("Lock");
    repo.replace("go.sum", "47DE", "47DF");
    let found = start(repo.path(), &[]);
    assert_eq!(found.status.code(), Some(1), "{}", shown(&found));
    assert!(shown(&found).contains("pin-rewritten"), "{}", shown(&found));
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", shown(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The only file whose name begins and ends so.
fn package(start: &str, end: &str) -> String {
    let entries = fs::read_dir(packages()).unwrap().map(|entry| entry.unwrap());
    let named = entries.map(|entry| entry.file_name().into_string().unwrap());
    let found: Vec<_> = named.filter(|name| name.starts_with(start) && name.ends_with(end)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    packages().join(&found[0]).display().to_string()
}

#[test]
fn the_tarball_has_everything_and_needs_nothing() {
    let Some(()) = tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    run(packages(), "sha256sum", &["--check", "--quiet", "SHA256SUMS"]);
    let tarball = packages().join(format!("lockproof-{TRIPLE}.tar.gz"));
    run(folder.path(), "tar", &["-xzf", tarball.to_str().unwrap()]);
    assert_works(&folder.path().join("lockproof"), &[]);
    assert_works(&folder.path().join("git-lockproof"), &[]);
    assert_works(&folder.path().join("cargo-lockproof"), &["lockproof"]);
    for path in ["man/lockproof.1", "completions/_lockproof", "LICENSE-MIT", "LICENSE-APACHE", "README.md"] {
        assert!(folder.path().join(path).is_file(), "{path}");
    }
    let program = fs::read(folder.path().join("lockproof")).unwrap();
    let has = |text: &str| memchr::memmem::find(&program, text.as_bytes()).is_some();
    // Static: no program loads it. And nothing tells where it was built.
    assert!(!has("/ld-musl-") && !has("/ld-linux"), "it needs a loader");
    assert!(!has(env!("CARGO_MANIFEST_DIR")) && !has("/.cargo/registry"), "it tells where it was built");
}

#[test]
fn pip_installs_the_wheel_without_a_network() {
    let (Some(()), folder) = (tools(), tempfile::tempdir().unwrap()) else { return };
    let wheel = package("lockproof-", ".whl");
    assert!(wheel.contains("manylinux_2_17") && wheel.contains("musllinux_1_2"), "{wheel}");
    let (from, to) = (packages().to_str().unwrap(), folder.path().to_str().unwrap());
    let offline = ["install", "--quiet", "--no-index", "--find-links", from, "--target", to, "lockproof"];
    run(folder.path(), "pip", &offline);
    assert_works(&folder.path().join("bin/lockproof"), &[]);
}

#[test]
fn npm_installs_the_launcher_and_the_program() {
    let (Some(()), folder) = (tools(), tempfile::tempdir().unwrap()) else { return };
    let launcher = package(concat!("lockproof-", env!("CARGO_PKG_VERSION")), ".tgz");
    let program = package("lockproof-linux-x64-", ".tgz");
    let install = ["install", "--offline", "--no-audit", "--no-fund", "--cache", "cache"];
    fs::write(folder.path().join("package.json"), "{}").unwrap();
    run(folder.path(), "npm", &[&install[..], &["--omit=optional", &launcher]].concat());
    let alone = Command::new(folder.path().join("node_modules/.bin/lockproof")).output().unwrap();
    assert_eq!(alone.status.code(), Some(3), "{}", shown(&alone));
    assert!(shown(&alone).contains("@lockproof/linux-x64 is not installed"), "{}", shown(&alone));
    run(folder.path(), "npm", &[&install[..], &["--omit=optional", &program]].concat());
    assert_works(&folder.path().join("node_modules/.bin/lockproof"), &[]);
    let manifest = fs::read_to_string(folder.path().join("node_modules/lockproof/package.json")).unwrap();
    assert!(!manifest.contains("\"scripts\""), "{manifest}");
}

#[test]
fn the_debian_package_is_laid_out_as_debian_wants() {
    let (Some(()), folder) = (tools(), tempfile::tempdir().unwrap()) else { return };
    let package = package("lockproof_", ".deb");
    run(folder.path(), "dpkg-deb", &["--extract", &package, "."]);
    assert_works(&folder.path().join("usr/bin/lockproof"), &[]);
    assert_works(&folder.path().join("usr/bin/git-lockproof"), &[]);
    if let Some(lintian) = Tool::find("lintian") {
        let said = lintian.output(folder.path(), &["--fail-on", "error", "--allow-root", &package]);
        assert!(said.status.success(), "{}", shown(&said));
    }
}
