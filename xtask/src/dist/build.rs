//! The programs, built so that the same sources give the same bytes, wherever they lie.

use std::path::PathBuf;
use std::process::Command;

use super::target::Target;
use super::{PROGRAMS, read};
use crate::tools::{Done, Failure, cargo, git, root, text_of};

/// One build, and where it went.
pub(super) struct Build {
    pub(super) target: &'static Target,
    /// Seconds since 1970, for everything that carries a time: when the sources were committed.
    pub(super) time: u64,
    quick: bool,
}

impl Build {
    pub(super) fn new(target: &'static Target, quick: bool) -> Result<Build, Failure> {
        Ok(Build { target, time: time()?, quick })
    }

    pub(super) fn run(&self) -> Done {
        let mut command =
            cargo(&["build", "--release", "--locked", "--package", "lockproof", "--bins", "--target"]);
        command.arg(self.target.triple).envs(self.variables()?);
        match command.status()?.success() {
            true => Ok(()),
            false => Err(Failure::Failed(format!("rustup target add {} may help", self.target.triple))),
        }
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.target_folder().join(self.target.triple).join("release").join(self.target.file(name))
    }

    /// Every program, by the name of its file.
    pub(super) fn programs(&self) -> Result<Vec<(String, Vec<u8>)>, Failure> {
        PROGRAMS.iter().map(|name| Ok((self.target.file(name), read(&self.program(name))?))).collect()
    }

    /// What every tool that builds is told.
    pub(super) fn variables(&self) -> Result<Vec<(String, String)>, Failure> {
        let mut variables = vec![
            ("CARGO_TARGET_DIR".to_owned(), self.target_folder().display().to_string()),
            ("SOURCE_DATE_EPOCH".to_owned(), self.time.to_string()),
            ("CARGO_ENCODED_RUSTFLAGS".to_owned(), self.rust_flags()?),
            (format!("CFLAGS_{}", self.target.triple.replace('-', "_")), c_flags()?),
            // A folder may have a space in its name.
            ("CC_SHELL_ESCAPED_FLAGS".to_owned(), "1".to_owned()),
            // The system's zlib may be another one where it runs, or none.
            ("LIBZ_SYS_STATIC".to_owned(), "1".to_owned()),
        ];
        if self.quick {
            let quick = [("LTO", "off"), ("CODEGEN_UNITS", "16"), ("OPT_LEVEL", "1")];
            let profile =
                |(key, value): (&str, &str)| (format!("CARGO_PROFILE_RELEASE_{key}"), value.to_owned());
            variables.extend(quick.map(profile));
        }
        Ok(variables)
    }

    /// Where everything ends up: what was built quickly is not taken for what is shipped.
    pub(super) fn folder(&self) -> PathBuf {
        root().join(if self.quick { "target/dist-quick" } else { "target/dist" })
    }

    fn target_folder(&self) -> PathBuf {
        self.folder().join("build")
    }

    fn rust_flags(&self) -> Result<String, Failure> {
        let mut flags: Vec<_> =
            places()?.iter().map(|(from, to)| format!("--remap-path-prefix={from}={to}")).collect();
        if self.target.is_windows() {
            // No runtime library that has to be installed first.
            flags.push("-Ctarget-feature=+crt-static".to_owned());
        }
        Ok(flags.join("\u{1f}"))
    }
}

/// What libgit2's assertions say of their files. Visual C++ knows no such option.
fn c_flags() -> Result<String, Failure> {
    let places = places()?;
    let flags = places.iter().map(|(from, to)| format!("'-ffile-prefix-map={from}={to}'"));
    Ok(if cfg!(windows) { String::new() } else { flags.collect::<Vec<_>>().join(" ") })
}

/// Folders of this machine that would end up in the programs, and what stands there instead.
fn places() -> Result<Vec<(String, &'static str)>, Failure> {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let mut places = vec![(root().display().to_string(), "/lockproof"), (text_of(&sysroot), "/rust")];
    places.extend(home.map(|home| (home.display().to_string(), "/cargo")));
    Ok(places)
}

/// When what is checked out was committed, or what `SOURCE_DATE_EPOCH` says.
fn time() -> Result<u64, Failure> {
    let said = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(said) => said,
        Err(_) => text_of(&git(&root(), ["log", "-1", "--format=%ct"]).output()?),
    };
    said.trim().parse().map_err(|_| Failure::Failed(format!("`{said}` is no number of seconds")))
}
