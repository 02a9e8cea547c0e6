//! A share of a report: several machines take the lockfiles of one repository between them.
//!
//! Every shard reads all lockfiles and runs all rules, since one lockfile is a witness of another and since what is new can
//! only be told from all there is. What it reports, and what it compares with bytes, are its own paths. So the shards'
//! findings together are those of one run over everything: no more, and no fewer.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::check::Outcome;

/// One of several shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    of: u32,
}

impl Shard {
    /// From 1.
    pub fn number(self) -> u32 {
        self.number
    }

    /// How many there are.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether a path is reported here. Only the path decides, so that no other file can move it to another shard: the
    /// first eight bytes of its SHA-256, as a number, modulo the number of shards.
    pub fn has(self, path: &str) -> bool {
        let hash = Sha256::digest(path);
        let number = hash[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        number % u64::from(self.of) == u64::from(self.number - 1)
    }
}

/// Which share a report is, as it says itself.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Share {
    /// From 1.
    pub number: u32,
    /// How many shards there are.
    pub of: u32,
    /// Lockfiles that the other shards report.
    pub elsewhere: usize,
}

impl Outcome {
    /// Leaves one share of it. What could not be read stays in every share: none of them is complete.
    pub fn share(mut self, shard: Shard) -> Outcome {
        let coverage = &mut self.coverage;
        let all = coverage.lockfiles.len();
        coverage.lockfiles.retain(|it| shard.has(&it.path));
        coverage.not_read.retain(|path| shard.has(path));
        coverage.unsupported.retain(|it| shard.has(&it.path));
        coverage.accepted.retain(|it| shard.has(&it.path));
        let elsewhere = all - coverage.lockfiles.len();
        coverage.shard = Some(Share { number: shard.number, of: shard.of, elsewhere });
        self.findings.retain(|finding| shard.has(&finding.path));
        self
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.split_once('/').filter(|(number, of)| is_number(number) && is_number(of));
        let (number, of) = parts.ok_or("write K/N, as in 1/4")?;
        match (number.parse(), of.parse()) {
            (Ok(number), Ok(of)) if (1..=of).contains(&number) => Ok(Shard { number, of }),
            _ => Err(format!("`{text}` is no shard: K counts from 1 to N")),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_in_one_shard() {
        let paths: Vec<_> = (0..1000).map(|at| format!("apps/{at}/package-lock.json")).collect();
        let shards: Vec<Shard> = (1..=7).map(|number| Shard { number, of: 7 }).collect();
        let mut sizes = [0; 7];
        for path in &paths {
            let of: Vec<_> = shards.iter().filter(|shard| shard.has(path)).collect();
            assert_eq!(of.len(), 1, "{path}");
            sizes[of[0].number as usize - 1] += 1;
        }
        assert!(sizes.iter().all(|size| (100..200).contains(size)), "{sizes:?}");
    }

    /// Machines may run different versions: this never changes.
    #[test]
    fn the_split_is_fixed() {
        let shard = |path: &str| (1..=8).find(|&number| Shard { number, of: 8 }.has(path)).unwrap();
        let of = ["Cargo.lock", "package-lock.json", "apps/a/go.sum", "äöü/uv.lock"].map(shard);
        assert_eq!(of, [7, 6, 5, 5]);
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        assert_eq!("3/8".parse(), Ok(Shard { number: 3, of: 8 }));
        for text in ["0/3", "4/3", "1", "1/", "/1", "1/0", "-1/2", "+1/2", "1/2/3", "1/99999999999", "a/b"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
