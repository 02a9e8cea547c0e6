//! Repairs that can't do harm, as edits of the text; never a hash.
//!
//! What is repaired is what `check` finds, and only the address of an archive that a registry serves and a hash pins:
//! whatever the new address serves, the hash decides whether it is installed.
//!
//! - `http` becomes `https` where that very host is known to speak it: other entries, the base side or client
//!   configuration use it so. The policy is no witness: a pin there holds for both.
//! - Credentials are taken out. They stay in git's history: revoking them is not for a tool to do.
//!
//! What is left alone, and why: another spelling of a hash, for whoever rewrites hashes can't be told from whoever forges
//! them; an address that stands elsewhere too (a key, a dependency, the manifest), for the client compares the two; an
//! escape in an address, for no client writes one and somebody should look; `:443` and capitals in a host, for `check`
//! does not object. No I/O happens here.

use std::collections::HashSet;
use std::ops::Range;

use crate::model::url;
use crate::model::url::Url;
use crate::model::{Ecosystem, Lockfile, Origin, Package};
use crate::rules::content::credentials_in_url::secret;
use crate::rules::content::insecure_url::{addresses, is_insecure};
use crate::text::source::{Side, Source};
use crate::text::syntax::Text;
use crate::world::World;

/// What a repair does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Repair {
    /// `http` to `https`.
    Encrypt,
    /// User name and password out of the address.
    StripCredentials,
}

impl Repair {
    /// The rule whose finding it settles.
    pub fn rule(self) -> &'static str {
        match self {
            Repair::Encrypt => crate::rules::content::insecure_url::RULE.id,
            Repair::StripCredentials => crate::rules::content::credentials_in_url::RULE.id,
        }
    }
}

/// One repair, at its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Edit {
    pub repair: Repair,
    /// In bytes, from the start of the file.
    pub range: Range<usize>,
    pub with: &'static str,
    pub host: String,
}

/// The repairs of one lockfile, in the order of the file.
#[derive(Debug, Default)]
pub struct Repaired {
    pub edits: Vec<Edit>,
    /// The whole text with the edits in it.
    pub text: String,
}

/// Hosts, with their port, that are known to speak `https`, for one ecosystem.
pub struct Encrypted(HashSet<String>);

impl Encrypted {
    pub fn new(ecosystem: Ecosystem, worlds: &[&World<'_>]) -> Encrypted {
        let mut hosts = HashSet::new();
        let mut know = |text: &str| hosts.extend(https_host(text));
        for world in worlds {
            let lockfiles = world.lockfiles.iter().filter(|it| it.ecosystem() == ecosystem);
            for text in lockfiles.flat_map(|it| &it.packages).flat_map(addresses) {
                know(text.as_str());
            }
            world.configured(ecosystem).for_each(|(_, pin)| know(as_configured(pin.at)));
        }
        Encrypted(hosts)
    }

    /// Whether the host of an address is one of them.
    pub fn has(&self, url: &Url<'_>) -> bool {
        self.0.contains(&authority(url, "80"))
    }
}

/// The URL in a line of configuration.
fn as_configured(line: &str) -> &str {
    let start = line.find("https://").unwrap_or(line.len());
    line[start..].split(['"', '\'', ' ']).next().unwrap_or_default()
}

fn https_host(text: &str) -> Option<String> {
    let url = Url::split(text).filter(|url| url.transport() == "https")?;
    Some(authority(&url, "443"))
}

/// Host and port; the port that goes without saying is left out.
fn authority(url: &Url<'_>, default: &str) -> String {
    let host = url.host.to_ascii_lowercase();
    match url.port.filter(|port| !port.is_empty() && *port != default) {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// What can be repaired in a lockfile; nothing when the result would not be the same lockfile but for its addresses.
pub fn repair(lockfile: &Lockfile<'_>, encrypted: &Encrypted) -> Option<Repaired> {
    let source = lockfile.source;
    if !lockfile.is_readable() || source.broken_at.is_some() {
        return None;
    }
    let packages = lockfile.packages.iter().filter(|it| matches!(it.origin, Origin::Registry(_)));
    let texts =
        packages.flat_map(|package| package.artifacts.iter().map(move |artifact| (package, artifact)));
    let pinned =
        texts.filter(|(_, artifact)| artifact.digests.iter().any(|digest| digest.malformed.is_none()));
    let mut edits: Vec<Edit> = pinned
        .filter_map(|(package, artifact)| artifact.url.as_ref().filter(|url| stands_alone(package, url)))
        .flat_map(|url| edits_of(source, url, encrypted))
        .collect();
    // An address may be shared by two entries; what stands there is edited once.
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    edits.dedup();
    let text = apply(source.raw(), &edits)?;
    let after = Source::new(source.path.clone(), Side::Worktree, text.clone().into_bytes());
    let is_intended = alike(lockfile, &lockfile.format.read(&after), encrypted);
    (!edits.is_empty() && is_intended).then_some(Repaired { edits, text })
}

/// Whether the address stands nowhere else in the entry: not in its key, and not as what was asked for.
fn stands_alone(package: &Package<'_>, url: &Text<'_>) -> bool {
    !url.is_escaped() && !package.slot.as_str().contains("://") && package.name.as_str() != url.as_str()
}

fn edits_of(source: &Source, text: &Text<'_>, encrypted: &Encrypted) -> Vec<Edit> {
    let (Some(span), Some(url)) = (source.span(text.raw), Url::split(text.raw)) else { return Vec::new() };
    let at = |part: &str| span.start + (part.as_ptr().addr() - text.raw.as_ptr().addr());
    let host = authority(&url, if url.scheme == "http" { "80" } else { "443" });
    let edit = |repair, range, with| Edit { repair, range, with, host: host.clone() };
    let mut edits = Vec::new();
    if url.scheme == "http" && is_insecure(&url) && encrypted.0.contains(&authority(&url, "80")) {
        edits.push(edit(Repair::Encrypt, span.start..span.start + url.scheme.len(), "https"));
        // That port is the one of the other scheme.
        if url.port == Some("80") {
            let colon = at(url.host) + url.host.len();
            edits.push(edit(Repair::Encrypt, colon..colon + ":80".len(), ""));
        }
    }
    if let Some(userinfo) = secret(&url) {
        let start = at(userinfo);
        edits.push(edit(Repair::StripCredentials, start..start + userinfo.len() + "@".len(), ""));
    }
    edits
}

/// The text with the edits in it; nothing when they overlap.
fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut out = String::with_capacity(text.len() + edits.len());
    let mut from = 0;
    for edit in edits {
        out.push_str(text.get(from..edit.range.start)?);
        out.push_str(edit.with);
        from = edit.range.end;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

/// Whether two readings agree in everything but in how addresses are reached.
fn alike(before: &Lockfile<'_>, after: &Lockfile<'_>, encrypted: &Encrypted) -> bool {
    let settings =
        |it: &Lockfile<'_>| format!("{:?} {:?} {:?}", it.schema_version, it.roots, it.settings.len());
    let same = |(a, b): (&Package<'_>, &Package<'_>)| {
        entry(a) == entry(b)
            && a.artifacts.iter().zip(&b.artifacts).all(|(a, b)| match (&a.url, &b.url) {
                (Some(a), Some(b)) => reaches_alike(a.as_str(), b.as_str(), encrypted),
                (a, b) => a.is_none() && b.is_none(),
            })
    };
    settings(before) == settings(after)
        && before.faults.len() == after.faults.len()
        && before.packages.len() == after.packages.len()
        && before.packages.iter().zip(&after.packages).all(same)
}

/// All of an entry but its addresses.
fn entry(it: &Package<'_>) -> String {
    let artifacts = it.artifacts.iter().map(|artifact| (&artifact.key, &artifact.integrity));
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        (&it.slot, &it.name, &it.version),
        it.alias,
        it.origin,
        it.edges,
        it.flags,
        it.exemption,
        it.claim,
        it.bundled_in,
        it.digests().map(|digest| digest.raw).collect::<Vec<_>>(),
        artifacts.collect::<Vec<_>>(),
        it.source.as_ref().map(|source| url::place(source.as_str()).into_owned()),
    )
}

/// The same file of the same host; another transport only where it is known.
fn reaches_alike(before: &str, after: &str, encrypted: &Encrypted) -> bool {
    let (Some(a), Some(b)) = (Url::split(before), Url::split(after)) else { return before == after };
    let same_way = a.scheme == b.scheme && a.port == b.port;
    let encrypts = a.scheme == "http" && b.scheme == "https" && encrypted.0.contains(&authority(&b, "443"));
    (same_way || encrypts && authority(&a, "80") == authority(&b, "443"))
        && (a.host, a.path, a.query, a.fragment) == (b.host, b.path, b.query, b.fragment)
        && b.userinfo.is_none_or(|userinfo| a.userinfo == Some(userinfo))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ecosystems::formats;

    /// What `fix` makes of a lockfile, when it changes it.
    fn fixed(path: &str, text: &str) -> Option<String> {
        let source = Source::new(path, Side::Worktree, text.into());
        let lockfile = formats::of_path(path.as_bytes()).unwrap().read(&source);
        let world = World::new(vec![&lockfile], Vec::new(), &[]);
        let encrypted = Encrypted::new(lockfile.ecosystem(), &[&world]);
        Some(repair(&lockfile, &encrypted)?.text)
    }

    fn entry_of(name: &str, address: &str, hash: &str) -> String {
        format!(
            "\"node_modules/{name}\": {{\r\n  \"version\": \"1.0.0\",\r\n  \"resolved\": \"{address}/{name}/-/{name}-1.0.0.tgz\",\r\n  \"integrity\": \"{hash}\"\r\n}}"
        )
    }

    fn lock(entries: &[String]) -> String {
        format!("{{\"lockfileVersion\": 3, \"packages\": {{\r\n{}\r\n}}}}\r\n", entries.join(",\r\n"))
    }

    fn sri(byte: u8) -> String {
        format!("sha512-{}", data_encoding::BASE64.encode(&[byte; 64]))
    }

    #[test]
    fn only_what_must_change_does() {
        let known = entry_of("k", "https://registry.example.com", &sri(1));
        for (from, to) in [
            ("http://registry.example.com", "https://registry.example.com"),
            ("http://registry.example.com:80", "https://registry.example.com"),
            ("https://u:p@registry.example.com", "https://registry.example.com"),
            ("http://u:p@registry.example.com:80", "https://registry.example.com"),
        ] {
            let text = |address: &str| lock(&[known.clone(), entry_of("x", address, &sri(2))]);
            assert_eq!(fixed("package-lock.json", &text(from)).as_deref(), Some(&*text(to)), "{from}");
        }
    }

    #[test]
    fn what_is_not_safe_is_left_alone() {
        let known = entry_of("k", "https://registry.example.com", &sri(1));
        for (address, hash) in [
            // Nothing says that it speaks https there, or on that port.
            ("http://other.example.com", sri(2)),
            ("http://registry.example.com:8080", sri(2)),
            ("http://localhost", sri(2)),
            // No client looks at these hashes, so nothing decides about the bytes.
            ("http://registry.example.com", "sha999-AAAA".to_owned()),
            ("http://registry.example.com", String::new()),
            // What check does not object to.
            ("https://registry.example.com:443", sri(2)),
            ("https://REGISTRY.example.com", sri(2)),
        ] {
            let text = lock(&[known.clone(), entry_of("x", address, &hash)]);
            assert_eq!(fixed("package-lock.json", &text), None, "{address}");
        }
        let escaped = lock(&[known, entry_of("x", "\\u0068ttp://registry.example.com", &sri(2))]);
        assert_eq!(fixed("package-lock.json", &escaped), None);
    }

    /// The address of an index stands in every entry that it serves, and in dependencies: only files are repaired.
    #[test]
    fn an_index_is_no_file() {
        let lock = |index: &str, file: &str| {
            let hash = "1f".repeat(32);
            format!(
                "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = {{ registry = \"{index}://i.example.com/simple\" }}\nwheels = [{{ url = \"{file}://f.example.com/a-1-any.whl\", hash = \"sha256:{hash}\" }}, {{ url = \"https://f.example.com/a-1-b.whl\", hash = \"sha256:{hash}\" }}]\n"
            )
        };
        assert_eq!(fixed("uv.lock", &lock("http", "http")), Some(lock("http", "https")));
        assert_eq!(fixed("uv.lock", &lock("http", "https")), None);
    }

    fn summary(text: &str) -> Vec<String> {
        let source = Source::new("package-lock.json", Side::Worktree, text.into());
        let lockfile = formats::npm::FORMAT.read(&source);
        let all = lockfile.packages.iter();
        all.map(|it| {
            format!("{:?} {} {:?}", it.slot, it.label(), it.digests().map(|it| it.raw).collect::<Vec<_>>())
        })
        .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Packages, versions and digests stay; a second repair has nothing to do; line endings stay.
        #[test]
        fn a_repair_changes_no_package(entries in proptest::collection::vec(
            (prop::sample::select(vec!["http://", "https://", "http://a:b@", "https://a:b@", "git+http://"]),
             prop::sample::select(vec!["r.example.com", "s.example.com:80", "s.example.com:8080", "S.example.com"]),
             "[a-z]{1,8}", any::<u8>()), 0..12)) {
            let entries: Vec<_> = entries.iter().enumerate().map(|(at, (scheme, host, name, byte))| {
                entry_of(&format!("{name}{at}"), &format!("{scheme}{host}"), &sri(*byte))
            }).collect();
            let text = lock(&entries);
            if let Some(after) = fixed("package-lock.json", &text) {
                prop_assert_eq!(summary(&text), summary(&after));
                prop_assert_eq!(text.matches("\r\n").count(), after.matches('\n').count());
                prop_assert_eq!(fixed("package-lock.json", &after), None);
            }
        }

        /// Whatever the bytes are: no panic, and no damage.
        #[test]
        fn no_text_is_damaged(text in "[{}\":,a-z0-9/@ .\\-\\\\]{0,200}") {
            let text = format!("{{\"lockfileVersion\": 3, \"packages\": {{{text}}}}}");
            if let Some(after) = fixed("package-lock.json", &text) {
                prop_assert_eq!(summary(&text), summary(&after));
            }
        }
    }
}
