//! Lockfiles as large as one likes, in the shape that clients write. The same number of packages gives the same bytes;
//! a release has the same hash wherever it stands.

use std::fmt::Write as _;

use data_encoding::{BASE64, HEXLOWER};

use crate::random::Random;

const HEADS: &[&str] = &[
    "acorn", "async", "atom", "base", "binary", "buffer", "cache", "chunk", "cipher", "cluster", "codec",
    "color", "core", "crypto", "data", "delta", "digest", "dns", "edge", "event", "fast", "fetch", "file",
    "flat", "frame", "glob", "graph", "hash", "http", "image", "index", "json", "kernel", "lazy", "lexer",
    "line", "link", "list", "log", "map", "memo", "merge", "micro", "mime",
];
const TAILS: &[&str] = &[
    "array",
    "bench",
    "builder",
    "check",
    "client",
    "compat",
    "config",
    "context",
    "convert",
    "derive",
    "driver",
    "engine",
    "error",
    "filter",
    "format",
    "helper",
    "iter",
    "loader",
    "macros",
    "middleware",
    "model",
    "parser",
    "plugin",
    "pool",
    "reader",
    "router",
    "runtime",
    "schema",
    "server",
    "sink",
    "stream",
    "sys",
    "table",
    "tools",
    "types",
    "utils",
    "walker",
    "writer",
];

/// What a client is known by here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Npm,
    Pnpm,
    Cargo,
    Uv,
    Go,
}

impl Kind {
    pub(crate) const ALL: [Kind; 5] = [Kind::Npm, Kind::Pnpm, Kind::Cargo, Kind::Uv, Kind::Go];

    pub(crate) fn file(self) -> &'static str {
        match self {
            Kind::Npm => "package-lock.json",
            Kind::Pnpm => "pnpm-lock.yaml",
            Kind::Cargo => "Cargo.lock",
            Kind::Uv => "uv.lock",
            Kind::Go => "go.sum",
        }
    }

    /// A lockfile of packages `first..first + count`.
    pub(crate) fn write(self, first: usize, count: usize) -> String {
        let mut names: Vec<_> = (first..first + count).map(name).collect();
        names.sort();
        match self {
            Kind::Npm => npm(&names, &version),
            Kind::Pnpm => pnpm(&names),
            Kind::Cargo => cargo(&names),
            Kind::Uv => uv(&names),
            Kind::Go => go(&names),
        }
    }
}

/// A package-lock.json of which one package in `every` was upgraded.
pub(crate) fn npm_upgraded(count: usize, every: usize) -> String {
    let mut names: Vec<_> = (0..count).map(name).collect();
    names.sort();
    npm(&names, &|name| {
        let version = version(name);
        if Random::of(&format!("{name} upgraded")).one_in(every) { format!("{version}1") } else { version }
    })
}

/// A package-lock.json of which no entry has a hash.
pub(crate) fn npm_unhashed(count: usize) -> String {
    let text = Kind::Npm.write(0, count);
    // As long as before, and still an object.
    text.replace("\"integrity\": ", "\"untegrity\": ")
}

fn name(at: usize) -> String {
    let base = format!("{}-{}", HEADS[at % HEADS.len()], TAILS[at / HEADS.len() % TAILS.len()]);
    match at / (HEADS.len() * TAILS.len()) {
        0 => base,
        round => format!("{base}-{round}"),
    }
}

fn version(name: &str) -> String {
    let mut random = Random::of(name);
    format!("{}.{}.{}", random.below(9), random.below(30), random.below(20))
}

fn hash(algorithm: &str, name: &str, version: &str, length: usize) -> Vec<u8> {
    Random::of(&format!("{algorithm} {name} {version}")).bytes(length)
}

fn sha512(name: &str, version: &str) -> String {
    format!("sha512-{}", BASE64.encode(&hash("sha512", name, version, 64)))
}

fn sha256(file: &str) -> String {
    HEXLOWER.encode(&hash("sha256", file, "", 32))
}

/// A few packages of the list that another depends on.
fn needs<'n>(names: &'n [String], of: &str, most: usize) -> Vec<&'n str> {
    let mut random = Random::of(&format!("{of} needs"));
    let mut needs: Vec<&str> =
        (0..random.below(most + 1)).map(|_| names[random.below(names.len())].as_str()).collect();
    needs.sort_unstable();
    needs.dedup();
    needs.retain(|need| *need != of);
    needs
}

fn npm(names: &[String], version: &dyn Fn(&str) -> String) -> String {
    let mut out = String::from(
        "{\n  \"name\": \"bench\",\n  \"version\": \"1.0.0\",\n  \"lockfileVersion\": 3,\n  \"requires\": true,\n  \"packages\": {\n    \
         \"\": {\n      \"name\": \"bench\",\n      \"version\": \"1.0.0\"\n    }",
    );
    for name in names {
        let version = version(name);
        let _ = write!(
            out,
            ",\n    \"node_modules/{name}\": {{\n      \"version\": \"{version}\",\n      \"resolved\": \
             \"https://registry.example.com/{name}/-/{name}-{version}.tgz\",\n      \"integrity\": \"{}\",\n      \"dev\": true,\n      \
             \"license\": \"MIT\"",
            sha512(name, &version)
        );
        let needs: Vec<_> =
            needs(names, name, 6).iter().map(|it| format!("        \"{it}\": \"^1.0.0\"")).collect();
        if !needs.is_empty() {
            let _ = write!(out, ",\n      \"dependencies\": {{\n{}\n      }}", needs.join(",\n"));
        }
        out.push_str(",\n      \"engines\": {\n        \"node\": \">=10\"\n      }\n    }");
    }
    out.push_str("\n  }\n}\n");
    out
}

fn pnpm(names: &[String]) -> String {
    let mut out = String::from(
        "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\nimporters:\n\n  .: {}\n\npackages:\n",
    );
    for name in names {
        let version = version(name);
        let integrity = sha512(name, &version);
        let _ = write!(
            out,
            "\n  {name}@{version}:\n    resolution: {{integrity: {integrity}}}\n    engines: {{node: '>=10'}}\n"
        );
    }
    out.push_str("\nsnapshots:\n");
    for name in names {
        let needs = needs(names, name, 8);
        let end = if needs.is_empty() { ": {}\n" } else { ":\n    dependencies:\n" };
        let _ = write!(out, "\n  {name}@{}{end}", version(name));
        for need in needs {
            let _ = writeln!(out, "      {need}: {}", version(need));
        }
    }
    out
}

fn cargo(names: &[String]) -> String {
    let mut out = String::from(
        "# This file is automatically @generated by Cargo.\n# It is not intended for manual editing.\nversion = 4\n",
    );
    for name in names {
        let version = version(name);
        let _ = write!(
            out,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \
             \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{}\"\n",
            sha256(&format!("{name}-{version}.crate"))
        );
        let needs: Vec<_> = needs(names, name, 8).iter().map(|it| format!(" \"{it}\",\n")).collect();
        if !needs.is_empty() {
            let _ = write!(out, "dependencies = [\n{}]\n", needs.concat());
        }
    }
    out
}

fn uv(names: &[String]) -> String {
    let mut out = String::from("version = 1\nrevision = 3\nrequires-python = \">=3.9\"\n");
    for name in names {
        let version = version(name);
        let _ = write!(
            out,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"https://pypi.example.com/simple\" }}\n"
        );
        let needs: Vec<_> =
            needs(names, name, 5).iter().map(|it| format!("    {{ name = \"{it}\" }},\n")).collect();
        if !needs.is_empty() {
            let _ = write!(out, "dependencies = [\n{}]\n", needs.concat());
        }
        let file = name.replace('-', "_");
        let _ = write!(out, "sdist = {}\nwheels = [\n", uv_artifact(&format!("{file}-{version}.tar.gz")));
        for tag in ["cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-macosx_11_0_arm64", "py3-none-any"] {
            let _ = writeln!(out, "    {},", uv_artifact(&format!("{file}-{version}-{tag}.whl")));
        }
        out.push_str("]\n");
    }
    out
}

fn uv_artifact(file: &str) -> String {
    let hash = sha256(file);
    let (a, b) = (&hash[..2], &hash[2..4]);
    format!(
        "{{ url = \"https://files.example.com/packages/{a}/{b}/{}/{file}\", hash = \"sha256:{hash}\", size = 48213 }}",
        &hash[4..]
    )
}

fn go(names: &[String]) -> String {
    let mut out = String::new();
    for name in names {
        let version = version(name);
        let hash = |subject: &str| BASE64.encode(&hash(subject, name, &version, 32));
        let _ = writeln!(out, "example.com/acme/{name} v{version} h1:{}", hash("zip"));
        let _ = writeln!(out, "example.com/acme/{name} v{version}/go.mod h1:{}", hash("mod"));
    }
    out
}
