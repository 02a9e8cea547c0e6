//! Packages for npm: one with the program for each platform, and one that starts the one that was installed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::build::Build;
use super::target::TARGETS;
use super::{LICENSES, Made, VERSION, put, read, stage, tool};
use crate::tools::{Done, Failure, root};

/// The program for one platform; npm installs it where system and processor fit.
pub(super) fn make_platform(build: &Build) -> Result<Made, Failure> {
    let (target, name) = (build.target, build.target.npm_name());
    let stage = stage(build, "npm")?;
    let file = target.file("lockproof");
    put(&stage.join("bin").join(&file), &read(&build.program("lockproof"))?, 0o755)?;
    let mut manifest = common()?;
    manifest["description"] =
        json!(format!("The program of lockproof for {} {}.", target.node.0, target.node.1));
    manifest["name"] = json!(name);
    manifest["os"] = json!([target.node.0]);
    manifest["cpu"] = json!([target.node.1]);
    manifest["files"] = json!(["bin", LICENSES[0], LICENSES[1]]);
    manifest["preferUnplugged"] = json!(true);
    pack(build, &stage, &manifest, &format!("{name}: what `lockproof` starts here. Install that one.\n"))
}

/// What users install: it has no program, and no script that would fetch one.
pub(super) fn make_launcher(build: &Build) -> Result<Made, Failure> {
    let (stage, from) = (stage(build, "npm-launcher")?, root().join("packaging/npm"));
    put(&stage.join("bin/lockproof.js"), &read(&from.join("bin/lockproof.js"))?, 0o755)?;
    let mut manifest = manifest(&from)?;
    let platforms = TARGETS.iter().map(|target| (target.npm_name(), VERSION));
    manifest["optionalDependencies"] = json!(platforms.collect::<BTreeMap<_, _>>());
    let readme = String::from_utf8_lossy(&read(&from.join("README.md"))?).into_owned();
    pack(build, &stage, &manifest, &readme)
}

/// What the packages of the platforms have in common with the launcher.
fn common() -> Result<Value, Failure> {
    let all = manifest(&root().join("packaging/npm"))?;
    let keys = ["name", "version", "description", "license", "repository"];
    Ok(Value::Object(keys.iter().map(|key| ((*key).to_owned(), all[key].clone())).collect()))
}

fn manifest(folder: &Path) -> Result<Value, Failure> {
    let text = read(&folder.join("package.json"))?;
    let mut manifest: Value =
        serde_json::from_slice(&text).map_err(|error| Failure::Failed(error.to_string()))?;
    manifest["version"] = json!(VERSION);
    Ok(manifest)
}

fn pack(build: &Build, stage: &Path, manifest: &Value, readme: &str) -> Result<Made, Failure> {
    write(stage, manifest, readme)?;
    // There it is a script, which has to be called by its whole name.
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(["pack", "--silent", "--ignore-scripts", "--pack-destination"]).arg(build.folder());
    match tool(npm.current_dir(stage))? {
        Some(name) => Ok(Made::File(build.folder().join(name.trim()))),
        None => Ok(Made::Missing("install Node.js")),
    }
}

fn write(stage: &Path, manifest: &Value, readme: &str) -> Done {
    put(&stage.join("package.json"), format!("{manifest:#}\n").as_bytes(), 0o644)?;
    put(&stage.join("README.md"), readme.as_bytes(), 0o644)?;
    for name in LICENSES {
        put(&stage.join(name), &read(&root().join(name))?, 0o644)?;
    }
    Ok(())
}
