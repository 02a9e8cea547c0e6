//! pnpm keeps each project's ranges under `importers`, and what the workspace decides for all of them beside that:
//! overrides, catalogs, patches.

use std::collections::BTreeMap;

use foldhash::{HashSet, HashSetExt};

use super::{Drift, Word, compare, has_own, remembered, unknown_member};
use crate::ecosystems::manifest::{Kind, Manifest};
use crate::model::{EdgeKind, Lockfile, Root};
use crate::text::syntax::{Node, Table, Text};
use crate::world::World;

pub(super) fn drifts<'a>(world: &World<'a>, lockfile: &'a Lockfile<'a>) -> Vec<Drift<'a>> {
    // That of a branch is merged one day, and behind until then.
    if !lockfile.source.path.ends_with("pnpm-lock.yaml") {
        return Vec::new();
    }
    let (mut drifts, roots) = (Vec::new(), remembered(lockfile));
    let decided = Decided::new(world, lockfile);
    for manifest in world.served_by(lockfile) {
        let is_root = manifest.folder() == lockfile.folder();
        match roots.get(manifest.folder()) {
            Some(roots) => {
                let (asked, mirrored) = (decided.asked(manifest), decided.mirrored(roots, manifest));
                drifts.extend(compare(manifest, lockfile, asked, mirrored));
            }
            None if !is_root && decided.is_workspace && !has_own(world, lockfile, manifest) => {
                drifts.push(unknown_member(manifest, lockfile));
            }
            None => {}
        }
    }
    drifts.extend(decided.catalogs());
    drifts.extend(decided.overrides());
    drifts
}

/// What is decided for all projects, on both sides.
struct Decided<'w, 'a> {
    lockfile: &'a Lockfile<'a>,
    /// `pnpm-workspace.yaml`.
    workspace: Option<&'w Manifest<'a>>,
    is_workspace: bool,
    overrides: BTreeMap<&'w str, (&'w Manifest<'a>, &'w Text<'a>)>,
    /// Names that an override speaks of: what projects ask for is replaced by it.
    overridden: HashSet<&'w str>,
    /// Those that it takes out altogether.
    taken_out: HashSet<&'w str>,
    ignored: HashSet<String>,
    auto_peers: bool,
    without_links: bool,
}

impl<'w, 'a> Decided<'w, 'a> {
    fn new(world: &'w World<'a>, lockfile: &'a Lockfile<'a>) -> Decided<'w, 'a> {
        let here = || world.manifests(lockfile.ecosystem()).filter(|it| it.folder() == lockfile.folder());
        let workspace = here().find(|it| it.source.path.ends_with("pnpm-workspace.yaml"));
        let overrides: BTreeMap<_, _> = here()
            .flat_map(|it| it.of_kind(Kind::Override).map(move |dep| (it, dep)))
            .filter_map(|(it, dep)| Some((dep.name.as_str(), (it, dep.range.as_ref()?))))
            .collect();
        let locked = table(lockfile, "overrides").into_iter().flat_map(|table| &table.entries);
        let keys = overrides.keys().copied().chain(locked.map(|(name, _)| name.as_str()));
        let settings = |key: &str| table(lockfile, "settings").is_some_and(|settings| settings.flag(key));
        let members = workspace.and_then(|it| it.workspace.as_ref()).map(|it| it.members.len());
        Decided {
            lockfile,
            workspace,
            is_workspace: members.is_some_and(|members| members > 0),
            overridden: keys.map(target).collect(),
            taken_out: overrides
                .iter()
                .filter(|(_, (_, value))| value.as_str() == "-")
                .map(|(key, _)| target(key))
                .collect(),
            overrides,
            ignored: list(lockfile, "ignoredOptionalDependencies"),
            auto_peers: settings("autoInstallPeers"),
            without_links: settings("excludeLinksFromLockfile"),
        }
    }

    /// A name counts once: optional before plain before development, and peers where pnpm installs them.
    fn asked(&self, manifest: &Manifest<'a>) -> Vec<Word<'a>> {
        let mut best: BTreeMap<&str, (EdgeKind, &crate::ecosystems::manifest::Declared<'a>)> =
            BTreeMap::new();
        let rank = |kind: EdgeKind| match kind {
            EdgeKind::Optional => 0,
            EdgeKind::Normal => 1,
            EdgeKind::Dev => 2,
            _ => 3,
        };
        for (kind, dep) in manifest.asked() {
            let is_peer = kind == EdgeKind::Peer;
            let is_ignored = kind == EdgeKind::Optional && self.ignored.contains(dep.name.as_str());
            let is_link =
                self.without_links && dep.range.as_ref().is_some_and(|it| it.as_str().starts_with("link:"));
            if is_peer && !self.auto_peers || is_ignored || is_link {
                continue;
            }
            let known = best.entry(dep.name.as_str()).or_insert((kind, dep));
            if rank(kind) < rank(known.0) {
                *known = (kind, dep);
            }
        }
        let shown = |kind: EdgeKind| if kind == EdgeKind::Peer { EdgeKind::Normal } else { kind };
        best.into_values()
            .filter(|(_, dep)| !self.taken_out.contains(dep.name.as_str()))
            .map(|(kind, dep)| self.word(dep.name.as_str(), shown(kind), dep.range.as_ref(), dep.at))
            .collect()
    }

    fn mirrored(&self, roots: &[&'a Root<'a>], manifest: &Manifest<'a>) -> Vec<Word<'a>> {
        let asked: HashSet<&str> = manifest.asked().map(|(_, dep)| dep.name.as_str()).collect();
        let edges = roots.iter().flat_map(|root| &root.edges);
        let of_project =
            edges.filter(|edge| matches!(edge.kind, EdgeKind::Normal | EdgeKind::Dev | EdgeKind::Optional));
        of_project
            // A runtime is asked for under `engines`, which is not read.
            .filter(|edge| {
                let runtime = edge.range.as_ref().is_some_and(|it| it.as_str().starts_with("runtime:"));
                !self.taken_out.contains(edge.name.as_str())
                    && (!runtime || asked.contains(edge.name.as_str()))
            })
            .map(|edge| self.word(edge.name.as_str(), edge.kind, edge.range.as_ref(), edge.name.raw))
            .collect()
    }

    fn word(&self, name: &str, kind: EdgeKind, range: Option<&Text<'_>>, at: &'a str) -> Word<'a> {
        let range = range.filter(|_| !self.overridden.contains(name));
        Word::new(name, kind, range.map(Text::as_str), at)
    }

    /// The catalog entries that are in use stand in the lockfile, with their ranges.
    fn catalogs(&self) -> Vec<Drift<'a>> {
        let Some(workspace) = self.workspace else { return Vec::new() };
        let mut known: BTreeMap<(&str, &str), (&str, &'a str)> = BTreeMap::new();
        for option in &workspace.options {
            let named = option.key.strip_prefix("catalogs.").and_then(|rest| rest.split_once('.'));
            let default = option.key.strip_prefix("catalog.").map(|name| ("default", name));
            if let Some(key) = named.or(default) {
                known.insert(key, (option.value.as_str(), option.value.raw));
            }
        }
        let catalogs = table(self.lockfile, "catalogs").into_iter().flat_map(|table| &table.entries);
        let mut drifts = Vec::new();
        for (catalog, entries) in catalogs {
            for (name, entry) in entries.as_table().into_iter().flat_map(|table| &table.entries) {
                let Some(locked) = entry.as_table().and_then(|entry| entry.get("specifier")?.scalar()) else {
                    continue;
                };
                let Some((range, at)) = known.get(&(catalog.as_str(), name.as_str())) else { continue };
                if *range != locked.as_str() && !self.overridden.contains(name.as_str()) {
                    let what = format!("{} in the catalog `{}`", name.as_str(), catalog.as_str());
                    drifts.push(self.differs(workspace, &what, (range, at), &locked));
                }
            }
        }
        drifts
    }

    /// Overrides that have another value than the lockfile was made with, or that are gone.
    fn overrides(&self) -> Vec<Drift<'a>> {
        let locked = table(self.lockfile, "overrides").into_iter().flat_map(|table| &table.entries);
        let mut drifts = Vec::new();
        for (name, value) in locked.filter_map(|(name, node)| Some((name, node.scalar()?))) {
            let Some((manifest, now)) = self.overrides.get(name.as_str()) else { continue };
            // `$name` and `catalog:` stand for what is written elsewhere, folders for one that is spelled anew.
            let is_literal = |text: &str| !text.contains(':') && !text.starts_with('$');
            let differs = now.as_str() != value.as_str();
            if differs && is_literal(now.as_str()) && is_literal(value.as_str()) {
                let what = format!("the override of {}", name.as_str());
                drifts.push(self.differs(manifest, &what, (now.as_str(), now.raw), &value));
            }
        }
        drifts
    }

    fn differs(
        &self,
        manifest: &Manifest<'a>,
        what: &str,
        now: (&str, &'a str),
        locked: &Text<'a>,
    ) -> Drift<'a> {
        let message = format!(
            "{} has `{}` for {what}, and {} was made for `{}`.",
            manifest.source.path,
            now.0,
            self.lockfile.source.path,
            locked.as_str()
        );
        Drift {
            message,
            subject: what.to_owned(),
            asked: (manifest.source, now.1),
            locked: Some(locked.raw),
            refused: true,
        }
    }
}

/// The package that an override replaces: the last one of `parent@1>name@2`.
fn target(key: &str) -> &str {
    let last = key.rsplit('>').next().unwrap_or(key).trim();
    match last.char_indices().skip(1).find(|(_, c)| *c == '@') {
        Some((at, _)) => &last[..at],
        None => last,
    }
}

fn table<'a>(lockfile: &'a Lockfile<'a>, name: &str) -> Option<&'a Table<'a>> {
    let setting = lockfile.settings.iter().find(|setting| setting.name.as_str() == name)?;
    setting.node.as_table()
}

fn list(lockfile: &Lockfile<'_>, name: &str) -> HashSet<String> {
    let setting = lockfile.settings.iter().find(|setting| setting.name.as_str() == name);
    let Some(Node::Array(items)) = setting.map(|setting| &setting.node) else { return HashSet::new() };
    items.iter().filter_map(Node::scalar).map(|item| item.as_str().to_owned()).collect()
}
