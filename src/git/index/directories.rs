//! The directories of sorted paths.

/// Is fed paths in the index's order, and tells each directory that holds any of them once: linear in the bytes of the
/// paths, without a set.
///
/// Sorted by bytes, the paths below one directory stand together, so a directory was told before exactly if the
/// previous path is below it too.
#[derive(Debug, Default)]
pub struct Directories {
    started: bool,
    /// The previous path up to its last slash: `a/b/`.
    current: Vec<u8>,
}

impl Directories {
    /// Tells the directories that `path` is the first to lie in, outermost first; the root is the empty path.
    pub fn feed(&mut self, path: &[u8], mut tell: impl FnMut(&[u8])) {
        if !self.started {
            self.started = true;
            tell(b"");
        }
        let directory = &path[..memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1)];
        if directory == self.current {
            return;
        }
        let shared = directory.iter().zip(&self.current).take_while(|(new, old)| new == old).count();
        for slash in memchr::memchr_iter(b'/', &directory[shared..]) {
            tell(&directory[..shared + slash]);
        }
        self.current.truncate(shared);
        self.current.extend_from_slice(&directory[shared..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(paths: &[&str]) -> Vec<String> {
        let mut directories = Directories::default();
        let mut told = Vec::new();
        for path in paths {
            directories.feed(path.as_bytes(), |it| told.push(String::from_utf8_lossy(it).into_owned()));
        }
        told
    }

    #[test]
    fn every_directory_is_told_once() {
        assert_eq!(told(&[]), [""; 0]);
        assert_eq!(told(&["a", "b"]), [""]);
        assert_eq!(
            told(&["a/a", "a/b.x", "a/b/c/d", "a/b/c/e", "a/b/x", "a/bc/d", "a/z", "b", "c/d/e"]),
            ["", "a", "a/b", "a/b/c", "a/bc", "c", "c/d"]
        );
        assert_eq!(told(&["x/y/z/1", "x/y/zz/1", "x/yy/1"]), ["", "x", "x/y", "x/y/z", "x/y/zz", "x/yy"]);
    }
}
