//! The second readers: one for each format, as plain as the documentation of its client, and nothing of lockproof's.
//!
//! Where lockproof says less than a lockfile does, by design, that is named here.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::{Entries, Entry, yaml};

pub(super) fn read(format: &str, text: &str) -> Result<Entries, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        "npm" => npm(text),
        "pnpm" => pnpm(text),
        "cargo" => cargo(text),
        "uv" => uv(text),
        "go" => Ok(go(text)),
        other => Err(format!("there is no second reader for {other}")),
    }
}

fn entry(name: &str, version: &str, mut hashes: Vec<String>) -> Entry {
    hashes.sort();
    (name.to_owned(), version.to_owned(), hashes.join(" "))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn table<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(key).and_then(Value::as_object).into_iter().flatten()
}

/// A list of hashes, as Subresource Integrity has it.
fn sri(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn npm(source: &str) -> Result<Entries, String> {
    let root: Value = serde_json::from_str(source).map_err(|error| error.to_string())?;
    let mut entries = Entries::new();
    for (path, package) in table(&root, "packages").filter(|(path, _)| !path.is_empty()) {
        // "If the name cannot be determined from the package location" it stands in the entry.
        let tail = path.rsplit("node_modules/").next().unwrap_or(path);
        let tail =
            if path.contains("node_modules/") { tail } else { tail.rsplit('/').next().unwrap_or(tail) };
        let name = Some(text(package, "name")).filter(|name| !name.is_empty()).unwrap_or(tail);
        entries.insert(entry(name, text(package, "version"), sri(text(package, "integrity"))));
    }
    npm_older(&root, &mut entries, 0);
    Ok(entries)
}

/// Version 1, and the older half of version 2.
fn npm_older(holder: &Value, entries: &mut Entries, depth: usize) {
    for (name, package) in table(holder, "dependencies").filter(|_| depth < 96) {
        let written = text(package, "version");
        let (name, version) = match written.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@')) {
            Some((name, version)) => (name, version),
            None => (name.as_str(), written),
        };
        // By design, what comes from an address (a repository, a folder, an archive) has no version: clients read it from
        // the package itself. The address of a registry's archive has one.
        let file =
            version.split(['?', '#']).next().and_then(|it| it.rsplit_once("/-/")).map(|(_, file)| file);
        let bare = name.rsplit('/').next().unwrap_or(name);
        let version = match version.contains(':') {
            true => file
                .and_then(|file| file.strip_prefix(bare)?.strip_prefix('-')?.strip_suffix(".tgz"))
                .unwrap_or_default(),
            false => version,
        };
        entries.insert(entry(name, version, sri(text(package, "integrity"))));
        npm_older(package, entries, depth + 1);
    }
}

fn pnpm(source: &str) -> Result<Entries, String> {
    let mut entries = Entries::new();
    for document in yaml::documents(source)? {
        for (key, package) in table(&document, "packages") {
            let (mut name, mut version) = pnpm_key(key);
            for (field, into) in [("name", &mut name), ("version", &mut version)] {
                if let Some(own) = package.get(field).and_then(Value::as_str) {
                    own.clone_into(into);
                }
            }
            let resolution = package.get("resolution").unwrap_or(&Value::Null);
            let mut hashes = sri(text(resolution, "integrity"));
            for variant in resolution.get("variants").and_then(Value::as_array).into_iter().flatten() {
                hashes.extend(sri(text(&variant["resolution"], "integrity")));
            }
            entries.insert(entry(&name, &version, hashes));
        }
    }
    Ok(entries)
}

/// Name and version of a dependency path. By design, lockproof calls an entry by the whole path where no package stands in
/// it (an address before version 9) and no `name` below.
fn pnpm_key(key: &str) -> (String, String) {
    let none = || (key.to_owned(), String::new());
    let is_version =
        |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['/', ':']);
    // A host may stand in front of the first slash, but a scope is none.
    let path = match key.split_once('/') {
        Some((host, rest)) if !host.starts_with('@') && !host.contains(['@', ':']) => Some((host, rest)),
        _ => None,
    };
    let Some((host, path)) = path else {
        // `name@version(peers)`
        let skip = usize::from(key.starts_with('@'));
        let Some(at) = key[skip..].find('@').map(|at| at + skip) else { return none() };
        let (name, version) = (&key[..at], &key[at + 1..]);
        if name.contains(':') || name.matches('/').count() != skip {
            return none();
        }
        let version = version.split('(').next().unwrap_or_default();
        // `work:1.0.0`: the registry that is called so has it.
        let number = version.rsplit_once(':').map_or(version, |(_, number)| number);
        let number = if is_version(number) { number } else { "" };
        return match (number, version.contains('/') && !version.contains(':')) {
            (_, true) => none(),
            (number, _) => (name.to_owned(), number.to_owned()),
        };
    };
    let mut parts = path.splitn(if path.starts_with('@') { 3 } else { 2 }, '/');
    let first = parts.next().unwrap_or_default();
    let (name, rest) = match path.starts_with('@') {
        true => (format!("{first}/{}", parts.next().unwrap_or_default()), parts.next()),
        false => (first.to_owned(), parts.next()),
    };
    // `/name@version(peers)`, or `/name/version_peers`.
    let skip = usize::from(name.starts_with('@'));
    let (name, version) = match name[skip..].split_once('@') {
        Some((bare, version)) => (name[..skip + bare.len()].to_owned(), version.split('(').next()),
        None => (name, rest.and_then(|rest| rest.split(['_', '(']).next())),
    };
    let version = version.unwrap_or_default();
    // Early lockfiles of version 5 set peers off by a slash.
    let version = if host.is_empty() { version.split('/').next().unwrap_or_default() } else { version };
    let names_package = if host.is_empty() { !version.is_empty() } else { is_version(version) };
    if names_package { (name, version.to_owned()) } else { none() }
}

fn toml(source: &str) -> Result<toml::Table, String> {
    source.parse::<toml::Table>().map_err(|error| error.message().to_owned())
}

fn tables<'t>(table: &'t toml::Table, key: &str) -> impl Iterator<Item = &'t toml::Table> {
    let items = table.get(key).and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(toml::Value::as_table)
}

fn word<'t>(table: &'t toml::Table, key: &str) -> &'t str {
    table.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

/// By the crate that others read it with.
fn cargo(source: &str) -> Result<Entries, String> {
    let plain = cargo_plain(source)?;
    // The crate refuses what has an edge to nothing, and versions that Cargo never wrote: those are read all the same.
    let Ok(lockfile) = cargo_lock::Lockfile::from_str(source) else { return Ok(plain) };
    let of_crate = lockfile.packages.iter().chain(&lockfile.root).map(|package| {
        let hash = package.checksum.iter().map(ToString::to_string).collect();
        entry(package.name.as_str(), &package.version.to_string(), hash)
    });
    let of_crate: Entries = of_crate.collect();
    match of_crate == plain {
        true => Ok(plain),
        false => {
            Err(format!("the cargo-lock crate differs: {:?}", of_crate.symmetric_difference(&plain).next()))
        }
    }
}

fn cargo_plain(source: &str) -> Result<Entries, String> {
    let root = toml(source)?;
    let own = root.get("root").and_then(toml::Value::as_table);
    let sums = root.get("metadata").and_then(toml::Value::as_table);
    let read = |package: &toml::Table| {
        let (name, version, source) =
            (word(package, "name"), word(package, "version"), word(package, "source"));
        let key = format!("checksum {name} {version} ({source})");
        let sum = Some(word(package, "checksum")).filter(|sum| !sum.is_empty());
        // Where a source has no checksums, the older layout says so.
        let apart = sums.map(|sums| word(sums, &key)).filter(|sum| !sum.is_empty() && *sum != "<none>");
        entry(name, version, sum.or(apart).map(str::to_owned).into_iter().collect())
    };
    Ok(tables(&root, "package").chain(own).map(read).collect())
}

fn uv(source: &str) -> Result<Entries, String> {
    let root = toml(source)?;
    let read = |package: &toml::Table| {
        let sdist = package.get("sdist").and_then(toml::Value::as_table);
        let files = tables(package, "wheels").chain(sdist);
        let hashes = files.map(|file| word(file, "hash")).filter(|hash| !hash.is_empty());
        entry(word(package, "name"), word(package, "version"), hashes.map(str::to_owned).collect())
    };
    Ok(tables(&root, "package").map(read).collect())
}

/// `module version hash`, of which `version/go.mod` hashes one file of the release.
fn go(source: &str) -> Entries {
    let mut releases: Map<String, Value> = Map::new();
    for line in source.lines() {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [module, version, hash] = fields[..] else { continue };
        let release = version.strip_suffix("/go.mod").unwrap_or(version);
        let hashes =
            releases.entry(format!("{module} {release}")).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(hashes) = hashes {
            hashes.push(Value::String(hash.to_owned()));
        }
    }
    let read = |(release, hashes): (&String, &Value)| {
        let (module, version) = release.split_once(' ').unwrap_or((release, ""));
        let hashes = hashes.as_array().into_iter().flatten().filter_map(Value::as_str);
        entry(module, version, hashes.map(str::to_owned).collect())
    };
    releases.iter().map(read).collect()
}
