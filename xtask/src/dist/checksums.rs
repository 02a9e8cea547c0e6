//! `SHA256SUMS` of everything that lies there, as `sha256sum --check` reads it.

use std::fs;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::{put, read};
use crate::tools::{Done, at, say};

const NAME: &str = "SHA256SUMS";

pub(super) fn write(folder: &Path) -> Done {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && name != NAME {
            let digest = HEXLOWER.encode(&Sha256::digest(read(&entry.path())?));
            lines.push(format!("{digest}  {name}\n"));
        }
    }
    // By name, as the file is read.
    lines.sort_by(|a, b| a[64..].cmp(&b[64..]));
    put(&folder.join(NAME), lines.concat().as_bytes(), 0o644)?;
    say(lines.concat().trim_end());
    Ok(())
}
