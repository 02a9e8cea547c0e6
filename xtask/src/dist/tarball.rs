//! `lockproof-TARGET.tar.gz`: the programs at its root, what `man` and shells read below it, and the licences.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};
use lockproof::cli;

use super::build::Build;
use super::{LICENSES, Made, put, read};
use crate::tools::{Failure, root};

pub(super) fn make(build: &Build) -> Result<Made, Failure> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, bytes, mode) in files(build)? {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        header.set_mtime(build.time);
        archive.append_data(&mut header, &path, bytes.as_slice())?;
    }
    // No time and no file name in the header: the same bytes each time.
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(&archive.into_inner()?)?;
    let path = build.folder().join(format!("lockproof-{}.tar.gz", build.target.triple));
    put(&path, &gzip.finish()?, 0o644)?;
    Ok(Made::File(path))
}

type Entry = (String, Vec<u8>, u32);

fn files(build: &Build) -> Result<Vec<Entry>, Failure> {
    let mut files: Vec<Entry> =
        build.programs()?.into_iter().map(|(name, bytes)| (name, bytes, 0o755)).collect();
    for name in LICENSES.into_iter().chain(["README.md", "CHANGELOG.md"]) {
        files.push((name.to_owned(), read(&root().join(name))?, 0o644));
    }
    files.extend(manual()?.into_iter().map(|(name, text)| (format!("man/{name}"), text.into(), 0o644)));
    let scripts = cli::scripts().into_iter();
    files.extend(scripts.map(|(name, text)| (format!("completions/{name}"), text.into(), 0o644)));
    Ok(files)
}

/// Every page of the manual, by the name of its file.
pub(super) fn manual() -> Result<Vec<(String, String)>, Failure> {
    let page = |words: &Vec<String>| {
        let name = [&["lockproof".to_owned()], words.as_slice()].concat().join("-");
        Ok((format!("{name}.1"), cli::page(words).map_err(Failure::Failed)?))
    };
    let mut pages: Vec<_> = cli::pages().iter().map(page).collect::<Result<_, Failure>>()?;
    // `git lockproof --help` and `cargo help lockproof` look for these.
    let same = |name: &str| (format!("{name}-lockproof.1"), ".so man1/lockproof.1\n".to_owned());
    pages.extend(["cargo", "git"].map(same));
    Ok(pages)
}
