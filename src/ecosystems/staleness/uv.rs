//! uv mirrors each member's requirements under `package.metadata`, and the workspace's own settings under `manifest`.

use std::collections::BTreeMap;

use foldhash::HashSet;

use super::{Drift, Word, compare, remembered, unknown_member};
use crate::ecosystems::manifest::{Declared, Kind, Manifest};
use crate::model::version;
use crate::model::{Ecosystem, EdgeKind, Lockfile, Root, canonical};
use crate::world::World;

pub(super) fn drifts<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>) -> Vec<Drift<'a>> {
    // The lockfile of a script is held against nothing: its manifest is a comment of the script.
    if !lockfile.source.path.ends_with("uv.lock") || lockfile.source.path.ends_with(".py.lock") {
        return Vec::new();
    }
    let (mut drifts, roots) = (Vec::new(), remembered(lockfile));
    let members: HashSet<&str> = lockfile
        .packages
        .iter()
        .filter(|package| package.origin.is_local())
        .map(|package| package.name.as_str())
        .collect();
    // Where two sources answer to one name, which one counts hangs on conditions.
    for manifest in world.served_by(lockfile) {
        let Some(name) = &manifest.name else { continue };
        let known = members.contains(&&*canonical(Ecosystem::PyPi, name.as_str()));
        match roots.get(manifest.folder()) {
            Some(roots) if !manifest.dynamic => {
                let sourced = sourced(world, lockfile, manifest);
                // An extra may ask for another one of the same project: uv writes that, or what it comes to.
                let own = canonical(Ecosystem::PyPi, name.as_str());
                let others = |mut words: Vec<Word<'a>>| {
                    words.retain(|word| word.name != *own);
                    words
                };
                let (asked, mirrored) = (asked(manifest, &sourced), mirrored(roots, &sourced));
                drifts.extend(compare(manifest, lockfile, others(asked), others(mirrored)));
            }
            // Newer revisions leave the mirror out.
            Some(_) => {}
            None if !known => drifts.push(unknown_member(manifest, lockfile)),
            None => {}
        }
    }
    drifts.extend(interpreter(world, lockfile));
    drifts
}

/// Names that come from elsewhere than a registry: for those, a range is not all that counts, and uv may leave it out.
fn sourced<'a>(world: &World<'a>, lockfile: &Lockfile<'a>, manifest: &Manifest<'a>) -> HashSet<String> {
    let root = world.served_by(lockfile).filter(|it| it.folder() == lockfile.folder());
    let around = root.chain(world.manifests(Ecosystem::PyPi).filter(|it| it.folder() == lockfile.folder()));
    let all = around.flat_map(|it| &it.dependencies).chain(&manifest.dependencies);
    let elsewhere = |dep: &&Declared<'a>| dep.kind == Kind::Source || dep.place.is_some() || dep.local;
    all.filter(elsewhere).map(|dep| canonical(Ecosystem::PyPi, dep.name.as_str()).into_owned()).collect()
}

fn asked<'a>(manifest: &Manifest<'a>, sourced: &HashSet<String>) -> Vec<Word<'a>> {
    manifest
        .asked()
        .map(|(kind, dep)| {
            word(dep.name.as_str(), kind, dep.range.as_ref().map(|it| it.as_str()), dep.at, sourced)
        })
        .collect()
}

fn mirrored<'a>(roots: &[&'a Root<'a>], sourced: &HashSet<String>) -> Vec<Word<'a>> {
    let edges = roots.iter().flat_map(|root| &root.edges);
    edges
        .map(|edge| {
            word(
                edge.name.as_str(),
                edge.kind,
                edge.range.as_ref().map(|it| it.as_str()),
                edge.name.raw,
                sourced,
            )
        })
        .collect()
}

fn word<'a>(
    name: &str,
    kind: EdgeKind,
    range: Option<&str>,
    at: &'a str,
    sourced: &HashSet<String>,
) -> Word<'a> {
    let name = canonical(Ecosystem::PyPi, name).into_owned();
    let range = (!sourced.contains(&name)).then(|| specifiers(range.unwrap_or_default()));
    Word::new(name, kind, range.as_deref(), at)
}

/// `>=1.0, <2` in one spelling: uv sorts what it writes.
fn specifiers(range: &str) -> String {
    let mut all = BTreeMap::new();
    for atom in range.split(',').map(str::trim).filter(|atom| !atom.is_empty()) {
        let split = atom.find(|c: char| !"<>=!~".contains(c)).unwrap_or(atom.len());
        let (operator, number) = (&atom[..split], atom[split..].trim());
        let plain = number.strip_suffix(".*");
        // `~=1.0` is not `~=1`.
        let number = match operator {
            "~=" => number.into(),
            _ => version::canonical(Ecosystem::PyPi, plain.unwrap_or(number)),
        };
        all.insert(format!("{operator}{number}{}", if plain.is_some() { ".*" } else { "" }), ());
    }
    if all.is_empty() { "*".to_owned() } else { all.into_keys().collect::<Vec<_>>().join(",") }
}

/// Several members are locked for what all of them can do, which is not told apart here.
fn interpreter<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>) -> Option<Drift<'a>> {
    let mut asking = world.served_by(lockfile).filter(|manifest| manifest.requires.is_some());
    let (Some(manifest), None) = (asking.next(), asking.next()) else { return None };
    let asked = manifest.requires.as_ref()?;
    let locked = lockfile.settings.iter().find(|setting| setting.name.as_str() == "requires-python")?;
    let remembered = locked.node.as_text()?;
    let plain = |range: &str| range.starts_with(">=") && !range.contains(',');
    if !plain(asked.as_str())
        || !plain(remembered.as_str())
        || specifiers(asked.as_str()) == specifiers(remembered.as_str())
    {
        return None;
    }
    Some(Drift {
        message: format!(
            "{} asks for Python `{}`, and {} was made for `{}`.",
            manifest.source.path,
            asked.as_str(),
            lockfile.source.path,
            remembered.as_str()
        ),
        subject: "requires-python".to_owned(),
        asked: (manifest.source, asked.raw),
        locked: Some(remembered.raw),
        refused: true,
    })
}
