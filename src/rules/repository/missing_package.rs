//! A package depends on one that the lockfile does not have.
//!
//! What a lockfile leaves out, it does not pin: a client that goes on at all fetches whatever the registry offers today.
//!
//! ```diff package-lock.json
//!  {
//!    "lockfileVersion": 3,
//!    "packages": {
//!      "": { "dependencies": { "debug": "4.4.3" } },
//!      "node_modules/debug": {
//!        "version": "4.4.3",
//!        "resolved": "https://registry.example.com/debug/-/debug-4.4.3.tgz",
//!        "integrity": "sha512-AAAA",
//!        "dependencies": { "ms": "^2.1.3" }
//!                           ^^ ms has no entry
//!      }
//!    }
//!  }
//! ```
//!
//! A dependency that may mean one of several packages is none either: Cargo and uv write version and source where a name
//! has more than one, and refuse what does not.
//!
//! Optional dependencies may be left out, and so may peers: npm installs none of them when it is told to.

use foldhash::HashSet;

use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::graph::{Graph, Links, Node};
use crate::model::{Ecosystem, Edge, EdgeKind, Lockfile, Package};
use crate::rules::{Check, Rule};
use crate::text::escape::cut;
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "missing-package",
    level: Level::Error,
    tamper: false,
    families: Family::PACKAGES,
    docs: include_str!("missing_package.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(graph) = cx.head.graph(lockfile) else { return };
    for node in (0..graph.project()).filter(|&node| needs_all(lockfile, node)) {
        let missing = |(_, targets): &(&Edge<'_>, &[u32])| targets.is_empty();
        if graph.edges(node).any(|edge| missing(&edge)) {
            tell(cx, lockfile, graph, node, report);
        }
        if let Some(package) = lockfile.packages.get(node) {
            let several = graph.edges(node).filter(|(edge, targets)| is_ambiguous(lockfile, edge, targets));
            several.for_each(|(edge, targets)| {
                tell_ambiguous(cx, lockfile, package, edge, targets.len(), report)
            });
        }
    }
}

/// Cargo and uv leave out of a dependency what is the same for all packages of its name. Of several that differ in it,
/// they take none: `--locked` is refused, and else the dependency is resolved anew.
fn is_ambiguous(lockfile: &Lockfile<'_>, edge: &Edge<'_>, targets: &[u32]) -> bool {
    if lockfile.format.links != Links::Release || targets.len() < 2 {
        return false;
    }
    let packages = || targets.iter().map(|&at| &lockfile.packages[at as usize]);
    // Entries that are one are `duplicate-key`'s.
    let is_one = |a: &Package<'_>, b: &Package<'_>| {
        let source = |package: &Package<'_>| package.source.as_ref().map(|it| it.as_str().to_owned());
        a.version() == b.version() && source(a) == source(b)
    };
    let Some(first) = packages().next().filter(|first| !packages().all(|it| is_one(first, it))) else {
        return false;
    };
    match lockfile.ecosystem() {
        // What lies in the workspace needs no source.
        Ecosystem::Cargo => {
            let differ = packages().any(|package| package.version() != first.version());
            differ || packages().filter(|package| package.source.is_none()).count() != 1
        }
        // A version that is made when it is built stands nowhere.
        _ => edge.target.is_none() && packages().all(|package| package.version.is_some()),
    }
}

fn tell_ambiguous<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    package: &'a Package<'a>,
    edge: &'a Edge<'a>,
    count: usize,
    report: &mut Report<'a>,
) {
    let name = cut(edge.name.as_str());
    let message = format!(
        "{} depends on {name}, of which the lockfile has {count}: it does not say which.",
        package.label()
    );
    report
        .package(lockfile, package, Field::Dependency, &edge.name, message)
        .label(format!("one of {count}"))
        .help(cx.relock(lockfile, "makes the lockfile whole again"));
}

fn tell<'a>(
    cx: &Context<'a>,
    lockfile: &'a Lockfile<'a>,
    graph: &Graph<'a>,
    node: Node,
    report: &mut Report<'a>,
) {
    let optional: HashSet<&str> = graph
        .edges(node)
        .filter(|(edge, _)| edge.kind == EdgeKind::Optional)
        .map(|(edge, _)| edge.name.as_str())
        .collect();
    let missing = graph.edges(node).filter(|(_, targets)| targets.is_empty()).map(|(edge, _)| edge);
    for edge in
        missing.filter(|edge| is_required(lockfile, node, edge) && !optional.contains(edge.name.as_str()))
    {
        let name = cut(edge.name.as_str());
        let found = match lockfile.packages.get(node) {
            Some(package) => report.package(
                lockfile,
                package,
                Field::Dependency,
                &edge.name,
                format!("{} depends on {name}, which the lockfile does not have.", package.label()),
            ),
            None => report.file(
                lockfile,
                edge.name.raw,
                format!("The project depends on {name}, which the lockfile does not have."),
            ),
        };
        found.label(format!("{name} has no entry")).help(cx.relock(lockfile, "adds what is missing"));
    }
}

/// Whether everything that a node depends on must be there.
fn needs_all(lockfile: &Lockfile<'_>, node: Node) -> bool {
    let of_paths = lockfile.format.links == Links::InstallPath;
    match (lockfile.packages.get(node), node.checked_sub(lockfile.packages.len())) {
        // npm 6 does not tell optional dependencies from others; a bundle has what its archive has; and what is itself
        // optional may have been given up half-way.
        (Some(package), _) => {
            !(of_paths && (package.flags.legacy || package.flags.optional || package.bundled_in.is_some()))
        }
        (None, Some(root)) => match lockfile.format.links {
            // uv's mirror of a manifest has what other platforms and extras ask for.
            Links::Release => false,
            // npm does not look into folders outside of its own.
            Links::InstallPath => !lockfile.roots[root].path.as_str().starts_with("../"),
            _ => true,
        },
        (None, None) => false,
    }
}

fn is_required(lockfile: &Lockfile<'_>, node: Node, edge: &Edge<'_>) -> bool {
    let of_project = lockfile.packages.get(node).is_none();
    let installs = match edge.kind {
        EdgeKind::Normal | EdgeKind::Build => true,
        EdgeKind::Dev => of_project || lockfile.format.links != Links::InstallPath,
        EdgeKind::Optional | EdgeKind::Peer | EdgeKind::OptionalPeer => false,
    };
    // pnpm writes folders and addresses in more ways than one: only a version is certain to name an entry.
    let target = edge.target.as_ref().map_or("", |target| target.as_str());
    let names_entry = || {
        let version = target.rsplit_once('@').filter(|_| !target.contains('(')).map_or(target, |(_, it)| it);
        version.starts_with(|c: char| c.is_ascii_digit()) && !target.contains([':', '/'])
    };
    installs && (lockfile.format.links != Links::Key || names_entry())
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    const OTHERS: &str = r#""optionalDependencies": {"fsevents": "1"}, "peerDependencies": {"react": "1"}"#;

    fn npm(entry: &str) -> String {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"x": "1"}}}}, "node_modules/x": {{"version": "1.0.0", {entry}}}}}}}"#
        )
    }

    #[test]
    fn optional_dependencies_and_peers_may_be_left_out() {
        check("missing-package").head("package-lock.json", &npm(OTHERS)).finds(&[]);
        let twice = format!(r#"{OTHERS}, "dependencies": {{"fsevents": "1"}}"#);
        check("missing-package").head("package-lock.json", &npm(&twice)).finds(&[]);
        let dev = r#""devDependencies": {"mocha": "1"}"#;
        check("missing-package").head("package-lock.json", &npm(dev)).finds(&[]);
    }

    #[test]
    fn what_is_installed_above_is_there() {
        let entry = r#""dependencies": {"y": "1"}}, "node_modules/x/node_modules/z": {"version": "1.0.0", "dependencies": {"x": "1", "y": "1"}}, "node_modules/y": {"version": "1.0.0""#;
        check("missing-package").head("package-lock.json", &npm(entry)).finds(&[]);
        let beside = entry.replace("\"node_modules/y", "\"node_modules/w/node_modules/y");
        check("missing-package").head("package-lock.json", &npm(&beside)).finds(&[
            "package-lock.json:1:128 error x@1.0.0 depends on y, which the lockfile does not have.",
            "package-lock.json:1:221 error z@1.0.0 depends on y, which the lockfile does not have.",
        ]);
    }

    #[test]
    fn a_project_needs_what_it_asks_for() {
        let lock = r#"{"lockfileVersion": 3, "packages": {"": {"devDependencies": {"x": "1"}}, "../out": {"dependencies": {"y": "1"}}}}"#;
        check("missing-package").head("package-lock.json", lock).finds(&[
            "package-lock.json:1:63 error The project depends on x, which the lockfile does not have.",
        ]);
    }

    #[test]
    fn cargo_names_no_more_than_it_must() {
        let lock = |edges: &str| {
            format!(
                "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n{edges}]\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"git+https://git.example.com/x?rev=1#0123456789012345678901234567890123456789\"\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/i\"\n"
            )
        };
        let all = " \"x 1.0.0 (git+https://git.example.com/x?rev=1)\",\n \"x 1.0.0 (registry+https://index.example.com/i)\",\n";
        check("missing-package").head("Cargo.lock", &lock(all)).finds(&[]);
        let others = " \"x 2.0.0\",\n \"x 1.0.0 (registry+https://other.example.com/i)\",\n";
        check("missing-package").head("Cargo.lock", &lock(others)).finds(&[
            "Cargo.lock:6:3 error own@0.1.0 depends on x, which the lockfile does not have.",
            "Cargo.lock:7:3 error own@0.1.0 depends on x, which the lockfile does not have.",
        ]);
    }

    #[test]
    fn what_names_several_names_none() {
        let package = |version: &str, source: &str| {
            format!("[[package]]\nname = \"x\"\nversion = \"{version}\"\n{source}")
        };
        let index = "source = \"registry+https://index.example.com/i\"\n";
        let git = "source = \"git+https://git.example.com/x#0123456789012345678901234567890123456789\"\n";
        let lock = |edge: &str, a: &str, b: &str| {
            format!(
                "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"{edge}\",\n]\n{a}{b}"
            )
        };
        let told = [
            "Cargo.lock:6:3 error own@0.1.0 depends on x, of which the lockfile has 2: it does not say which.",
        ];
        let (one, two, fork, own) =
            (package("1.0.0", index), package("2.0.0", index), package("1.0.0", git), package("1.0.0", ""));
        for (edge, a, b, is_told) in [
            ("x", &one, &two, true),
            ("x 1.0.0", &one, &two, false),
            ("x 1.0.0", &fork, &one, true),
            // The workspace's own goes before.
            ("x 1.0.0", &own, &one, false),
            ("x", &own, &one, false),
        ] {
            let expected = if is_told { &told[..] } else { &[] };
            check("missing-package").head("Cargo.lock", &lock(edge, a, b)).finds(expected);
        }
        let uv = |edge: &str| {
            let package = |version: &str| {
                format!(
                    "[[package]]\nname = \"x\"\nversion = \"{version}\"\nsource = {{ registry = \"https://i.example.com\" }}\n"
                )
            };
            format!(
                "version = 1\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\nsource = {{ virtual = \".\" }}\ndependencies = [{{ name = \"x\"{edge} }}]\n{}{}",
                package("1.0.0"),
                package("2.0.0")
            )
        };
        check("missing-package").head("uv.lock", &uv(", version = \"1.0.0\"")).finds(&[]);
        check("missing-package").head("uv.lock", &uv("")).finds(&[
            "uv.lock:6:27 error own@0.1.0 depends on x, of which the lockfile has 2: it does not say which.",
        ]);
    }

    #[test]
    fn pnpm_keys_carry_peers_and_aliases() {
        let lock = |target: &str| {
            format!(
                "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      x:\n        specifier: ^1.0.0\n        version: {target}\npackages:\n  x@1.0.0:\n    resolution: {{integrity: sha512-AAAA}}\nsnapshots:\n  x@1.0.0(y@1.0.0):\n    optionalDependencies:\n      z: 1.0.0\n"
            )
        };
        for target in
            ["1.0.0(y@1.0.0)", "1.0.0", "x@1.0.0", "link:../x", "https://downloads.example.com/x.tgz"]
        {
            check("missing-package").head("pnpm-lock.yaml", &lock(target)).finds(&[]);
        }
        check("missing-package")
            .head("pnpm-lock.yaml", &lock("1.0.1"))
            .finds(&["pnpm-lock.yaml:5:7 error The project depends on x, which the lockfile does not have."]);
    }
}
