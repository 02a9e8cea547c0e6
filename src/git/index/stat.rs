//! What the index remembers of a file, to tell without reading it that it did not change.

use std::fs::Metadata;

/// A time as git keeps it: the seconds truncated to 32 bits, and nanoseconds, 0 where the writer had none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    pub seconds: u32,
    pub nanoseconds: u32,
}

/// The stat(2) data of an entry, truncated to 32 bits each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    pub ctime: Stamp,
    pub mtime: Stamp,
    pub dev: u32,
    pub ino: u32,
    pub uid: u32,
    pub gid: u32,
    pub size: u32,
}

impl Stat {
    /// Whether the file certainly holds what it held when the index took it in. `false` says nothing: read the file.
    ///
    /// `file` is of the path itself (lstat); `index_written` is the mtime of the index file, taken before it was read.
    ///
    /// Compared is what git compares (`match_stat_data` in its read-cache.c), without the owner, which says nothing
    /// about the content. A size of 0 never matches: git writes it to mark an entry that needs a second look, and what
    /// is really empty is read for nothing.
    pub fn matches(&self, file: &Metadata, index_written: Stamp) -> bool {
        self.size != 0
            && self.size == file.len() as u32
            && Stamp::modified(file).is_some_and(|now| self.mtime.agrees(now))
            && self.same_inode(file)
            && !self.is_racy(index_written)
    }

    /// Whether the file could have been written again, at the same time by its clock, after the index was
    /// (git's Documentation/technical/racy-git).
    fn is_racy(&self, index_written: Stamp) -> bool {
        match self.mtime.nanoseconds {
            0 => index_written.seconds <= self.mtime.seconds,
            _ => index_written <= self.mtime,
        }
    }

    #[cfg(unix)]
    fn same_inode(&self, file: &Metadata) -> bool {
        use std::os::unix::fs::MetadataExt;
        let changed = Stamp { seconds: file.ctime() as u32, nanoseconds: file.ctime_nsec() as u32 };
        self.ino == file.ino() as u32 && self.ctime.agrees(changed)
    }

    /// Git for Windows has no inodes to keep, and keeps the time of creation as ctime.
    #[cfg(not(unix))]
    fn same_inode(&self, _file: &Metadata) -> bool {
        true
    }
}

impl Stamp {
    /// A file's mtime.
    #[cfg(unix)]
    pub fn modified(file: &Metadata) -> Option<Stamp> {
        use std::os::unix::fs::MetadataExt;
        Some(Stamp { seconds: file.mtime() as u32, nanoseconds: file.mtime_nsec() as u32 })
    }

    /// A file's mtime, if the system tells one after 1970.
    #[cfg(not(unix))]
    pub fn modified(file: &Metadata) -> Option<Stamp> {
        let since = file.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Stamp { seconds: since.as_secs() as u32, nanoseconds: since.subsec_nanos() })
    }

    /// A time that was written without nanoseconds agrees with any of its second.
    fn agrees(self, now: Stamp) -> bool {
        self.seconds == now.seconds && (self.nanoseconds == 0 || self.nanoseconds == now.nanoseconds)
    }
}
