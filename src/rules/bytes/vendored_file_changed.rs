//! A package that lies in the repository is not what was vendored.
//!
//! For Cargo, the list beside each package (`.cargo-checksum.json`) says the hash of its archive, which must be the
//! pinned one, and of each of its files, which must be those in the repository. Cargo itself looks at no file that is not
//! listed; a new one is found here. For Go, `vendor/modules.txt` must name modules that a `go.sum` pins.
//!
//! ```diff Cargo.lock
//!  version = 4
//!
//!  [[package]]
//!  name = "itoa"
//!          ^^^^ vendor/itoa: src/lib.rs was edited
//!  version = "1.0.0"
//!  source = "registry+https://github.com/rust-lang/crates.io-index"
//!  checksum = "1111111111111111111111111111111111111111111111111111111111111111"
//! ```
//!
//! ```diff vendor/itoa/Cargo.toml
//!  package = { name = "itoa", version = "1.0.0" }
//! ```
//!
//! ```diff vendor/itoa/src/lib.rs
//!  pub fn steal() {}
//! ```
//!
//! ```diff vendor/itoa/.cargo-checksum.json
//!  {
//!    "package": "1111111111111111111111111111111111111111111111111111111111111111",
//!    "files": {
//!      "Cargo.toml": "d6069c617ae4313cdbacd75bc8e30e74517f795240dd55471f11ff12785726b1",
//!      "src/lib.rs": "2222222222222222222222222222222222222222222222222222222222222222"
//!    }
//!  }
//! ```
//!
//! Who changes files and list alike is not found by this, but by review: such a copy is counted as consistent, not as
//! verified, when it came with the change.
//!
//! Vendor anew (`cargo vendor`, `go mod vendor`) and look at what differs. A patch of your own belongs into
//! `[patch]` or `replace`.

use foldhash::HashSet;

use crate::ecosystems::formats::Family;
use crate::findings::facts::{Altered, Fact, How, Outcome};
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::{Ecosystem, Lockfile};
use crate::rules::{Check, Rule};
use crate::text::source::Source;
use crate::text::syntax::Text;
use crate::world::Context;

use super::{differences, entry, history};

pub static RULE: Rule = Rule {
    id: "vendored-file-changed",
    level: Level::Error,
    tamper: true,
    families: Family::PACKAGES,
    docs: include_str!("vendored_file_changed.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    for (lockfile, of_lockfile) in cx.of_bytes() {
        for fact in of_lockfile.facts.iter().filter(|fact| fact.store.in_repository) {
            if let Outcome::Altered(altered) = &fact.outcome {
                tell(cx, lockfile, fact, altered, report);
            }
        }
    }
    for list in cx.head.companions.iter().filter(|source| is_module_list(&source.path)) {
        compare_modules(cx, list, report);
    }
}

fn tell<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    fact: &Fact,
    altered: &[Altered],
    report: &mut Report<'a>,
) {
    let Some(package) = entry(lockfile, fact) else { return };
    let what = differences(altered);
    let pinned = package.digests().next();
    let (field, at, says) = match altered.iter().find_map(pins) {
        Some(said) => {
            let said = said.as_deref().unwrap_or("none");
            let pinned = pinned.map_or("none", |digest| digest.raw);
            let says = format!(" Its list says that it is of the archive {said}, pinned is {pinned}.");
            (Field::Integrity, package.artifacts.first().and_then(|it| it.integrity.clone()), says)
        }
        None => (Field::Entry, None, String::new()),
    };
    let at = at.unwrap_or_else(|| Text::plain(package.heading()));
    let message = format!("{} is not what was vendored of {}: {what}.{says}", fact.at, package.label());
    report
        .package(lockfile, package, field, &at, message)
        .label(format!("{}: {what}", fact.at))
        .value(format!("{} {what}", fact.at))
        .help(history(cx, &fact.at, "Vendor again, and look at what differs."));
}

fn pins(altered: &Altered) -> Option<&Option<String>> {
    if let How::Pins(said) = &altered.how { Some(said) } else { None }
}

fn is_module_list(path: &str) -> bool {
    path == "vendor/modules.txt" || path.ends_with("/vendor/modules.txt")
}

/// `# module version` lines; `# module version => other version` is of the other one, `=> ./folder` of no module.
fn compare_modules<'a>(cx: &Context<'a>, list: &'a Source, report: &mut Report<'a>) {
    let of_go = || cx.head.lockfiles.iter().filter(|it| it.ecosystem() == Ecosystem::Go);
    let pinned: HashSet<(&str, &str)> =
        of_go().flat_map(|it| &it.packages).map(|it| (it.name.as_str(), it.version())).collect();
    if pinned.is_empty() {
        return;
    }
    for line in list.text().lines() {
        let Some(module) = line.strip_prefix("# ") else { continue };
        let words: Vec<_> = module.split_ascii_whitespace().collect();
        let release = match words.as_slice() {
            [_, _, "=>", other, version] | [_, "=>", other, version] => (*other, *version),
            [module, version] if version.starts_with('v') => (*module, *version),
            _ => continue,
        };
        if !pinned.contains(&release) {
            let (module, version) = release;
            report
                .source(list, line, format!("{module}@{version} is vendored, but no go.sum pins it."))
                .label("no go.sum pins it")
                .help("Vendor again, and look at what differs.");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn vendored_modules_are_pinned() {
        let sum = "example.com/a v1.0.0 h1:{A}\nexample.com/b v1.1.0 h1:{A}\n";
        let list = "# example.com/a v1.0.0\n## explicit; go 1.17\nexample.com/a\n# example.com/x v1.0.0 => example.com/b v1.1.0\n# example.com/l v0.0.0 => ./l\n# example.com/x => example.com/b v1.1.0\n";
        check("vendored-file-changed").head("go.sum", sum).head("vendor/modules.txt", list).finds(&[]);
        check("vendored-file-changed")
            .head("go.sum", sum)
            .head("vendor/modules.txt", &list.replace("a v1.0.0", "a v1.0.1"))
            .finds(&[
                "vendor/modules.txt:1:1 error example.com/a@v1.0.1 is vendored, but no go.sum pins it.",
            ]);
    }
}
