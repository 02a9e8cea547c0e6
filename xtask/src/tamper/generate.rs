//! Makes the honest histories anew, with the clients of this machine: `tests/tamper/<format>/<project>/make.sh`.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::projects::{file_name, folders};
use crate::tools::{Done, Failure, at, root, say, text_of};

/// All projects, or those that are named (`npm/workspaces`).
pub(super) fn run(wanted: &[String]) -> Done {
    let tests = root().join("tests/tamper");
    // Installed clients are kept: the next run finds them.
    let clients = root().join("target/tamper-clients");
    fs::create_dir_all(&clients).map_err(at(&clients))?;
    let mut made = 0;
    for format in folders(&tests)? {
        for project in folders(&format)? {
            let name = format!("{}/{}", file_name(&format), file_name(&project));
            if wanted.is_empty() || wanted.contains(&name) {
                make(&tests, &project, &clients).map_err(|why| Failure::Failed(format!("{name}: {why}")))?;
                say(format!("made {name}"));
                made += 1;
            }
        }
    }
    match made {
        0 => Err(Failure::Usage(format!("there is no project {wanted:?}"))),
        _ => Ok(()),
    }
}

/// Runs a recipe in an empty folder, and puts its steps in the place of the old ones once all of it has worked.
fn make(tests: &Path, project: &Path, clients: &Path) -> Result<(), String> {
    let plain = |error: std::io::Error| error.to_string();
    let (work, out) = (tempfile::tempdir().map_err(plain)?, tempfile::tempdir().map_err(plain)?);
    let mut bash = Command::new("bash");
    bash.arg(tests.join("recipe.sh")).arg(project.join("make.sh")).arg(out.path()).arg(clients);
    let output = bash.current_dir(work.path()).output().map_err(plain)?;
    if !output.status.success() {
        return Err(text_of(&output));
    }
    let failed = |failure: Failure| match failure {
        Failure::Usage(message) | Failure::Failed(message) => message,
    };
    for old in folders(project).map_err(failed)? {
        fs::remove_dir_all(&old).map_err(plain)?;
    }
    for step in folders(out.path()).map_err(failed)? {
        copy(&step, &project.join(file_name(&step))).map_err(plain)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    fs::copy(from, to).map(drop)
}
