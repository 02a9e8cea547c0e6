//! The wheel, by maturin: the programs of this build, for the oldest systems that they run on.

use std::process::Command;

use super::build::Build;
use super::{LICENSES, Made, made, put, read, stage, tool};
use crate::tools::{Failure, root};

pub(super) fn make(build: &Build) -> Result<Made, Failure> {
    let (stage, from) = (stage(build, "wheel")?, root().join("packaging/pypi"));
    put(&stage.join("README.md"), &read(&from.join("README.md"))?, 0o644)?;
    for name in LICENSES {
        put(&stage.join(name), &read(&root().join(name))?, 0o644)?;
    }
    let project = String::from_utf8_lossy(&read(&from.join("pyproject.toml"))?)
        .replace("\nkeywords = ", "\nlicense-files = [\"LICENSE-*\"]\nkeywords = ")
        .replace("'../../Cargo.toml'", &format!("'{}'", root().join("Cargo.toml").display()));
    put(&stage.join("pyproject.toml"), project.as_bytes(), 0o644)?;

    let mut maturin = Command::new("maturin");
    maturin.current_dir(&stage).envs(build.variables()?);
    maturin.args(["build", "--release", "--locked", "--target", build.target.triple]);
    for system in build.target.wheel {
        maturin.args(["--compatibility", system]);
    }
    match tool(maturin.arg("--out").arg(build.folder()))? {
        Some(_) => made(build, ".whl"),
        None => Ok(Made::Missing("pip install maturin")),
    }
}
