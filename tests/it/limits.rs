//! What a repository can make a run cost, and what it can make it pass over: special files, files that can't be read, files
//! that are broken or hostile. Time and memory are those of the child process alone.

#![expect(clippy::print_stdout, reason = "what was measured, and what was skipped")]

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Place, Said};

const LOCK: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n";
const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
const TOOL: &str =
    include_str!("../tool/kiwi-store-basic/project/.ai/lockfiles/scripts/my_script@1.1.0.lock.json");

/// A run that may hang is ended, and the test fails.
#[track_caller]
fn ends(place: &Place, words: &str) -> Said {
    ends_as(place.command(words.split_whitespace()), words)
}

#[track_caller]
fn ends_as(mut command: Command, words: &str) -> Said {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).map(|_| text)
    });
    let started = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if started.elapsed() > PATIENCE => {
                child.kill().unwrap();
                panic!("`lockproof {words}` does not end");
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let mut said =
        Said { code: status.code().unwrap_or(-1), out: reader.join().unwrap().unwrap(), err: String::new() };
    err.read_to_string(&mut said.err).unwrap();
    said
}

/// What a run cost.
struct Cost {
    code: i32,
    out: String,
    /// The most memory that it had, in bytes.
    peak: u64,
    cpu: Duration,
}

/// Runs it, and looks at it from outside until it ends or waits for somebody to read what it says.
fn cost(place: &Place, words: &str) -> Cost {
    let mut command = place.command(words.split_whitespace());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let of_child =
        |file: &str| fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap_or_default();
    let (mut peak, mut cpu, mut idle) = (0, 0, 0);
    let started = Instant::now();
    while idle < 50 && started.elapsed() < PATIENCE {
        let status = of_child("status");
        let high = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let high = high.and_then(|it| it.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(peak);
        let stat = of_child("stat");
        // Behind the name, which may have spaces: the state first; user and system time are the 12th and 13th.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks: u64 = [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum();
        let is_over = fields.first() == Some(&"Z");
        // It does not run any more: it is over, or waits for its pipe.
        idle = if is_over {
            50
        } else if (high, ticks) == (peak, cpu) && fields.first() == Some(&"S") {
            idle + 1
        } else {
            0
        };
        (peak, cpu) = (high, ticks);
        std::thread::sleep(Duration::from_millis(4));
    }
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    let code = child.wait().unwrap().code().unwrap_or(-1);
    Cost { code, out, peak: peak * 1024, cpu: Duration::from_millis(cpu * 10) }
}

fn fifo(place: &Place, path: &str) {
    assert!(Command::new("mkfifo").arg(place.path(path)).status().unwrap().success());
}

fn project() -> Place {
    Place::with(&[("Cargo.toml", MANIFEST), ("Cargo.lock", LOCK), ("src/lib.rs", "")])
}

#[test]
fn pipes_and_devices_are_refused_wherever_they_stand() {
    for name in
        [".gitattributes", ".gitignore", "src/.gitignore", "src/.gitattributes", ".npmrc", "lockproof.toml"]
    {
        for is_device in [false, true] {
            let place = project();
            // Something untracked lies beside it, or git's files are not asked for.
            place.write("src/Cargo.lock", LOCK);
            place.write(".gitattributes", "*.lock ident\n");
            if place.path(name).exists() {
                fs::remove_file(place.path(name)).unwrap();
            }
            if is_device {
                place.link(name, "/dev/zero")
            } else {
                fifo(&place, name)
            }
            if name == ".npmrc" {
                place.write("package-lock.json", r#"{"lockfileVersion":3,"packages":{}}"#);
            }
            ends(&place, "").exits_saying(3, name);
        }
    }
}

#[test]
fn pipes_in_the_repository_itself_are_refused() {
    for name in [
        "index",
        "HEAD",
        "packed-refs",
        "info/exclude",
        "info/attributes",
        "MERGE_HEAD",
        "objects/info/alternates",
    ] {
        let place = project();
        place.write("src/Cargo.lock", LOCK);
        let path = format!(".git/{name}");
        let _ = fs::remove_file(place.path(&path));
        fifo(&place, &path);
        ends(&place, "").exits(3);
    }
    let place = project();
    fifo(&place, "included");
    // Git itself would wait for it: its configuration is written without it.
    let config = place.read(".git/config");
    place.write(".git/config", format!("{config}[include]\n\tpath = ../included\n"));
    ends(&place, "").exits_saying(3, "included");
    place.write(
        ".git/config",
        format!("{config}[core]\n\texcludesFile = {}\n", place.path("included").display()),
    );
    place.write("src/Cargo.lock", LOCK);
    ends(&place, "").exits_saying(3, "included");
}

#[test]
fn what_a_user_names_is_refused_when_it_has_no_end() {
    let place = project();
    fifo(&place, "pipe");
    ends(&place, "--config pipe").exits_saying(3, "pipe");
    ends(&place, "--config /dev/zero").exits_saying(3, "/dev/zero");
    ends(&place, "--config /dev/null").exits(0);
    ends(&place, "tool hash pipe").exits_saying(3, "pipe");
}

#[test]
fn ignore_files_are_looked_at_outside_of_a_repository_too() {
    let place = Place::folder();
    place.write("go.sum", "");
    place.link(".gitignore", "/dev/zero");
    ends(&place, "").exits_saying(3, ".gitignore");
    fs::remove_file(place.path(".gitignore")).unwrap();
    fifo(&place, ".gitignore");
    ends(&place, "").exits_saying(3, ".gitignore");
    fs::remove_file(place.path(".gitignore")).unwrap();
    // What they say counts as before.
    place.write(".gitignore", "left/*\n!left/in\n");
    place.write("left/out/go.sum", "x\n");
    place.write("left/in/go.sum", "");
    place.write("left/in/.gitignore", "deep\n");
    place.write("left/in/deep/go.sum", "x\n");
    let listed = ends(&place, "list").exits(0);
    assert!(
        listed.contains("left/in/go.sum") && !listed.contains("out") && !listed.contains("deep"),
        "{listed}"
    );
}

/// Git writes objects in one piece; a crash or a full disk does not.
#[test]
fn an_object_that_is_cut_off_ends_the_run() {
    for what in ["HEAD:Cargo.lock", "HEAD^{tree}", "HEAD", "HEAD:src"] {
        let place = project();
        let id = place.git(&format!("rev-parse {what}"));
        let path = place.path(format!(".git/objects/{}/{}", &id[..2], id[2..].trim()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let whole = fs::read(&path).unwrap();
        for cut in [0, 2, whole.len() / 3, whole.len() / 2, whole.len() - 5, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).unwrap();
            for words in ["--head HEAD --no-base", "--head HEAD~0 --no-base", "list --head HEAD"] {
                ends(&place, words).exits(3);
            }
        }
        // In a pack, one after the other, it is libgit2's own business.
        fs::write(&path, &whole).unwrap();
        ends(&place, "--head HEAD --no-base").exits(0);
    }
    let place = project();
    place.git("gc --quiet");
    let packs = fs::read_dir(place.path(".git/objects/pack")).unwrap().map(|it| it.unwrap().path());
    let pack = packs.into_iter().find(|path| path.extension().is_some_and(|it| it == "pack")).unwrap();
    fs::set_permissions(&pack, fs::Permissions::from_mode(0o644)).unwrap();
    let whole = fs::read(&pack).unwrap();
    for cut in (0..whole.len()).step_by(whole.len() / 12) {
        fs::write(&pack, &whole[..cut]).unwrap();
        ends(&place, "--head HEAD --no-base").exits(3);
    }
}

#[test]
fn a_history_with_an_object_that_is_cut_off_ends_the_run() {
    let place = project();
    let first = place.git("rev-parse HEAD");
    place.git("checkout --quiet -b other");
    place.commit_all();
    place.git("checkout --quiet -b third HEAD~1");
    place.git("commit --quiet --allow-empty --message=y");
    let path = place.path(format!(".git/objects/{}/{}", &first[..2], first[2..].trim()));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    ends(&place, "--base other").exits(3);
    ends(&place, "--base HEAD~1").exits(3);
    ends(&place, "--history").exits(3);
}

#[test]
fn a_folder_that_can_not_be_looked_into_is_said() {
    for path in ["sub/Cargo.lock", "sub/deep/Cargo.lock"] {
        let place = Place::with(&[("Cargo.lock", LOCK), (path, LOCK)]);
        place.write("fresh/go.sum", "");
        for folder in ["sub", "fresh"] {
            for mode in [0o000, 0o400] {
                fs::set_permissions(place.path(folder), fs::Permissions::from_mode(mode)).unwrap();
                if fs::read_dir(place.path(folder)).is_ok() && mode == 0 {
                    println!("skipped: nothing is forbidden to this user");
                    fs::set_permissions(place.path(folder), fs::Permissions::from_mode(0o755)).unwrap();
                    return;
                }
                for words in ["", "--no-base", "list", "diff"] {
                    let said = ends(&place, words).exits(3);
                    assert!(said.contains(folder) && !said.contains("removed"), "{said}");
                }
                fs::set_permissions(place.path(folder), fs::Permissions::from_mode(0o755)).unwrap();
            }
        }
    }
}

#[test]
fn a_tool_lockfile_that_can_not_be_read_any_more_is_said() {
    for name in ["tools/foo.lock.json", "tools/foo.lock"] {
        let place = Place::with(&[(name, TOOL)]);
        for target in ["/etc/passwd", "nowhere"] {
            fs::remove_file(place.path(name)).unwrap();
            place.link(name, target);
            ends(&place, "").exits_saying(3, name);
        }
        place.commit_all();
        ends(&place, "--base HEAD~1").exits_saying(3, name);
        fs::remove_file(place.path(name)).unwrap();
        fifo(&place, name);
        ends(&place, "--no-base").exits_saying(3, name);
    }
    // What an editor leaves beside a file that it has open is nobody's lockfile.
    let place = project();
    place.link(".#foo.lock", "somebody@host.1234");
    ends(&place, "").exits(0);
}

#[test]
fn what_can_not_be_printed_is_said() {
    let place = project();
    let commands = [
        "",
        "--format json",
        "--format sarif",
        "list",
        "list --packages --format json",
        "diff",
        "schema report",
        "explain",
        "explain insecure-url",
        "completions bash",
        "man",
        "--help",
        "--version",
        "fix",
        "hook --help",
        "tool list",
    ];
    for words in commands {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = place.command(words.split_whitespace());
        let said = command.stdout(full).output().unwrap();
        let err = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(3), "{words}: {err}");
        assert_eq!(err.matches("standard output").count(), 1, "{words}: {err}");
    }
}

#[test]
fn nobody_listening_is_no_failure() {
    let place = project();
    let mut child =
        place.command(["schema", "report"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn a_repository_that_is_broken_is_not_taken_for_none() {
    let place = project();
    let other = Place::folder();
    place.git_words(["worktree", "add", "--quiet", other.path("linked").to_str().unwrap(), "-b", "linked"]);
    let linked = other.at("linked");
    ends(&linked, "").exits(0);
    fs::rename(place.path(".git"), place.path("gone")).unwrap();
    ends(&linked, "").exits_saying(3, "not a git repository");
    // Nor is one that has lost what makes it one, nor something else of that name.
    fs::rename(place.path("gone"), place.path(".git")).unwrap();
    fs::remove_file(place.path(".git/HEAD")).unwrap();
    ends(&place, "").exits_saying(3, "not a git repository");
    ends(&place.at("src"), "").exits_saying(3, "not a git repository");
    for is_device in [false, true] {
        let place = Place::folder();
        place.write("Cargo.lock", LOCK);
        if is_device {
            place.link(".git", "/dev/zero")
        } else {
            fifo(&place, ".git")
        }
        ends(&place, "").exits(3);
    }
}

/// A cap that drops errors would let them through: the gravest stay, wherever they stand.
#[test]
fn a_heap_of_warnings_hides_no_error() {
    let entry = |at: usize, url: &str| {
        format!(
            "\"node_modules/p{at}\":{{\"version\":\"1.0.0\",\"resolved\":\"{url}/p{at}/-/p{at}-1.0.0.tgz\",\"integrity\":\"sha512-{}\"}}",
            "A".repeat(86) + "=="
        )
    };
    let lock = |url: &str, last: &str| {
        let all: Vec<_> = (0..2_500).map(|at| entry(at, if at == 2_499 { last } else { url })).collect();
        format!("{{\"lockfileVersion\":3,\"packages\":{{{}}}}}", all.join(",\n"))
    };
    let (from, to) = ("https://registry.example.com", "https://mirror.example.com");
    let place = Place::with(&[("package-lock.json", &lock(from, from))]);
    place.write("package-lock.json", lock(to, "http://evil.example.net"));
    place.write(".npmrc", format!("registry={to}/\n"));
    let said = place.lockproof("--format json --select registry-changed").exits(1);
    assert!(said.contains("evil.example.net"), "the error is not told");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let told = report["findings"].as_array().unwrap().len();
    assert!((2..2_500).contains(&told), "{told}");
    assert!(said.contains("more like it."));
}

/// What is left out of a report counts as new unless the base has it too.
#[test]
fn what_is_left_out_is_known_from_the_base() {
    let lines =
        |range: std::ops::Range<usize>| range.map(|at| format!("m{at} v1.0.0 h1:x\n")).collect::<String>();
    let place = Place::with(&[("go.sum", &lines(0..3_000))]);
    place.commit_all();
    let options = "--base HEAD --scope new";
    place.write("go.sum", lines(0..3_000) + "n v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    ends(&place, options).exits(0);
    // The new one is told, though a heap of old ones stands before it.
    place.write("go.sum", lines(0..3_001));
    let said = ends(&place, options).exits(1);
    assert!(said.contains("m3000") && !said.contains("m2999@"), "{said}");
}

/// Files of about `size` bytes that hold as much as they can, or in which nearly every byte is a fault.
fn hostile(size: usize) -> Vec<(&'static str, String)> {
    let many = |text: &str| text.repeat(size / text.len());
    let list = |text: &str| vec![text; size / (text.len() + 1)].join(",");
    let numbered = |text: &str| -> String {
        let each = (0_usize..).map(|at| text.replace("{}", &format!("{at:x}")));
        let mut all = String::new();
        each.take_while(|it| {
            all.push_str(it);
            all.len() < size
        })
        .for_each(drop);
        all
    };
    let npm = |inner: String| format!("{{\"lockfileVersion\":3,\"packages\":{{{inner}}}}}");
    let of_one = |field: String| npm(format!("\"node_modules/x\":{{\"version\":\"1.0.0\",{field}}}"));
    let pnpm = |text: String| format!("lockfileVersion: '9.0'\n{text}");
    let cargo = |text: String| format!("version = 4\n{text}");
    let uv = |text: String| format!("version = 1\nrequires-python = \">=3\"\n{text}");
    let llmring = |text: String| format!("version = \"1.0\"\n{text}");
    let tool = |text: String| format!("{{\"lockfile_version\":1,\"root\":{{}},{text}}}");
    vec![
        ("go.sum", many("x\n")),
        ("go.sum", many("a b c\n")),
        ("go.sum", numbered("{} 1 h\n")),
        ("package-lock.json", format!("{{\"lockfileVersion\":3,\"packages\":{{}},{}}}", list("\"x\":1"))),
        ("package-lock.json", npm(list("\"node_modules/x\":{}"))),
        ("package-lock.json", npm(list("\"node_modules/x\":1"))),
        ("package-lock.json", npm(numbered("\"{}\":{},") + "\"\":{}")),
        ("package-lock.json", of_one(format!("\"bundleDependencies\":[{}]", list("1")))),
        ("package-lock.json", of_one(format!("\"integrity\":\"{}\"", many("x ")))),
        ("package-lock.json", of_one(format!("\"dependencies\":{{{}\"\":\"\"}}", numbered("\"{}\":\"\",")))),
        (
            "package-lock.json",
            format!("{{\"lockfileVersion\":1,\"dependencies\":{{{}\"x\":{{}}}}}}", numbered("\"{}\":{},")),
        ),
        ("pnpm-lock.yaml", pnpm(format!("packages:\n{}", many("  a@1:\n    x: 1\n")))),
        ("pnpm-lock.yaml", pnpm(format!("packages:\n{}", numbered("  {}@1:\n")))),
        ("pnpm-lock.yaml", pnpm(format!("x: !t 1\npackages:\n{}", many("  a@1:\n    x: 1\n")))),
        ("pnpm-lock.yaml", pnpm(format!("packages:\n a@1:\n  dependencies:\n{}", numbered("   {}: 1\n")))),
        (
            "pnpm-lock.yaml",
            pnpm(format!("packages:\n a@1: {{}}\nsnapshots:\n{}", numbered(" a@1({}): {}\n"))),
        ),
        ("pnpm-lock.yaml", pnpm(format!("x: [{}]\n", vec!["1"; size / 3].join(", ")))),
        ("pnpm-lock.yaml", pnpm(format!("x: [{}]\n", list("{}")))),
        ("pnpm-lock.yaml", many("---\n")),
        ("Cargo.lock", format!("{LOCK}dependencies = [{}]\n", list("\"a\""))),
        ("Cargo.lock", format!("{LOCK}dependencies = [{}]\n", list("\"\\t\""))),
        ("Cargo.lock", cargo(many("[[package]]\n"))),
        ("Cargo.lock", cargo(many("[[package]]\nname=\"a\"\nversion=\"1\"\n"))),
        ("Cargo.lock", cargo(numbered("[[package]]\nname=\"{}\"\nversion=\"1\"\n"))),
        ("Cargo.lock", cargo(many("x=1\n"))),
        ("Cargo.lock", cargo(numbered("[{}]\n"))),
        ("Cargo.lock", cargo(numbered("{}.a=1\n"))),
        ("Cargo.lock", cargo(format!("x=[{}]\n", list("{}")))),
        ("Cargo.lock", cargo(format!("x=[{}]\n", many("\n")))),
        ("Cargo.lock", cargo(many("="))),
        ("Cargo.lock", cargo(format!("[metadata]\n{}", numbered("\"checksum {}\"=\"\"\n")))),
        ("uv.lock", uv(many("[[package]]\n"))),
        ("uv.lock", uv(format!("[[package]]\nname=\"a\"\nwheels=[{}]\n", list("{hash=\"\"}")))),
        (".npmrc", many("strict-ssl=false\n")),
        (".npmrc", many("a=b\n")),
        (".npmrc", numbered("@{}:registry=https://a\n")),
        ("package.json", format!("{{\"dependencies\":{{{}\"x\":\"\"}}}}", numbered("\"{}\":\"\","))),
        ("Cargo.toml", format!("{MANIFEST}[dependencies]\n{}", numbered("{}=\"\"\n"))),
        ("pyproject.toml", format!("[project]\nname=\"a\"\n{}", many("x = 1\n"))),
        ("go.mod", format!("module a\nrequire (\n{})\n", numbered("{} v1\n"))),
        (".cargo/config.toml", many("x = 1\n")),
        ("lockproof.toml", many("x = 1\n")),
        ("lockproof.toml", format!("[files]\nexclude=[{}]\n", list("\"a\""))),
        ("a.lock.json", tool(list("\"x\":1"))),
        ("a.lock.json", tool(format!("\"resolved_chain\":[{}]", list("{}")))),
        ("llmring.lock", llmring(many("[[profiles.a.bindings]]\n"))),
        ("llmring.lock", llmring(many("x = 1\n"))),
        ("llmring.lock", llmring(format!("[profiles.a.registry_versions]\n{}", numbered("{}=1\n")))),
    ]
}

/// Whatever is in a file, reading and judging it takes four times the bytes of both sides, and room for a run.
#[test]
#[cfg(target_os = "linux")]
fn memory_stays_in_proportion_to_the_files() {
    let least = cost(&Place::repository(), "--format json").peak;
    for (name, text) in [1 << 20, 4 << 20].into_iter().flat_map(hostile) {
        // Of the larger ones only both sides: what a single one needs grows no faster.
        for has_base in if text.len() < 2 << 20 { &[false, true][..] } else { &[true] } {
            let has_base = *has_base;
            let place = Place::repository();
            let beside = match name {
                ".npmrc" | "package.json" => ("package-lock.json", "{\"lockfileVersion\":3,\"packages\":{}}"),
                "Cargo.toml" | ".cargo/config.toml" => ("Cargo.lock", LOCK),
                "pyproject.toml" => ("uv.lock", "version = 1\nrequires-python = \">=3\"\n"),
                "go.mod" => ("go.sum", ""),
                _ => ("README", ""),
            };
            place.write(beside.0, beside.1);
            // Other bytes, and as many of them: else one side would do for both.
            let before = if has_base { text.clone() + "\n" } else { String::new() };
            if has_base {
                place.write(name, &before);
            }
            place.commit_all();
            place.write(name, &text);
            for format in if has_base && text.len() < 2 << 20 { &["json", "text"][..] } else { &["json"] } {
                let base = if has_base { "" } else { "--no-base" };
                let cost = cost(&place, &format!("{base} --format {format}"));
                let (code, start) = (cost.code, cost.out.chars().take(300).collect::<String>());
                assert!((0..=3).contains(&code), "{name}: {code} {start}");
                // Without optimisation, and with threads that come when they like, some more stays with the allocator.
                let slack = if cfg!(debug_assertions) { 10 << 20 } else { 0 };
                let most = least + ROOM + slack + 4 * (text.len() + before.len()) as u64;
                let what = text.chars().skip(text.len() / 2).take(20).collect::<String>();
                let (peak, most) = (cost.peak >> 20, most >> 20);
                println!("{name} {what:?} {} {has_base}: {peak} of {most} MB, {:?}", text.len(), cost.cpu);
                assert!(peak <= most, "{name} {what:?}: {peak} MB of {most} MB");
                assert!(cost.cpu < Duration::from_secs(20), "{name} {what:?}: {:?}", cost.cpu);
            }
        }
    }
}

const ROOM: u64 = 30 << 20;

/// Four times the entries take four times as long: what looks through all entries for each would take sixteen times.
#[test]
#[cfg(target_os = "linux")]
fn time_is_linear() {
    let npm_1 = |n: usize| {
        let entries: Vec<_> = (0..n).map(|at| format!("\"p{at}\":{{\"version\":\"1.0.0\"}}")).collect();
        (
            "package-lock.json",
            format!("{{\"lockfileVersion\":1,\"dependencies\":{{{}}}}}", entries.join(",\n")),
        )
    };
    let npm_3 = |n: usize| {
        let entry = |at| {
            format!(
                "\"node_modules/p{at}\":{{\"version\":\"1.0.0\",\"dependencies\":{{\"p{}\":\"*\"}}}}",
                at + 1
            )
        };
        let entries: Vec<_> = (0..n).map(entry).collect();
        (
            "package-lock.json",
            format!("{{\"lockfileVersion\":3,\"packages\":{{\"\":{{}},{}}}}}", entries.join(",\n")),
        )
    };
    let cargo = |n: usize| {
        let entry = |at| {
            format!(
                "[[package]]\nname = \"p{at}\"\nversion = \"1.0.0\"\nsource = \"registry+https://index.example.com/i\"\n\n"
            )
        };
        ("Cargo.lock", format!("version = 4\n\n{}", (0..n).map(entry).collect::<String>()))
    };
    let go = |n: usize| ("go.sum", (0..n).map(|at| format!("m{at} v1.0.0 h1:x\n")).collect::<String>());
    type Text<'t> = &'t dyn Fn(usize) -> (&'static str, String);
    let formats: [(&str, Text<'_>); 4] =
        [("npm 1", &npm_1), ("npm 3", &npm_3), ("cargo", &cargo), ("go", &go)];
    for (format, text) in formats {
        let time = |n: usize| {
            let place = Place::repository();
            place.write("package.json", "{\"name\":\"a\",\"version\":\"1.0.0\"}");
            let (name, text) = text(n);
            place.write(
                name,
                if name == "package-lock.json" { "{\"lockfileVersion\":1,\"dependencies\":{}}" } else { "" },
            );
            place.commit_all();
            place.write(name, text);
            let runs = (0..2).map(|_| cost(&place, "--format json").cpu);
            runs.min().unwrap()
        };
        let (few, many) = (time(2_000), time(8_000));
        println!("{format}: {few:?} {many:?}");
        // Clocks tick a hundred times a second.
        assert!(many < few * 8 + Duration::from_millis(150), "{format}: {few:?}, then {many:?}");
    }
}

/// One address with a great many segments, and a great many packages that a lockfile lacks.
#[test]
#[cfg(target_os = "linux")]
fn time_is_linear_in_what_stands_in_one_place() {
    let address = |segment: &'static str| {
        move |n: usize| {
            let address = format!("https://host.example.com/{}x.tgz", segment.repeat(n));
            let entry = format!("\"node_modules/x\":{{\"version\":\"1.0.0\",\"resolved\":\"{address}\"}}");
            ("{}".to_owned(), entry)
        }
    };
    let lacking = |n: usize| {
        // The spaces make it as long as a file with so much in it may be.
        let asked: Vec<_> = (0..n / 20).map(|at| format!("{:300}\"p{at}\":\"^1.0.0\"", "")).collect();
        (format!("{{\"dependencies\":{{{}}}}}", asked.join(",\n")), "\"\":{\"name\":\"a\"}".to_owned())
    };
    type Texts<'t> = &'t dyn Fn(usize) -> (String, String);
    let kinds: [(&str, Texts<'_>); 4] = [
        ("a/", &address("a/")),
        ("../", &address("../")),
        ("%2e", &address("%2e%2e/")),
        ("lacking", &lacking),
    ];
    for (kind, texts) in kinds {
        let time = |n: usize| {
            let place = Place::repository();
            let (manifest, entries) = texts(n);
            place.write("package.json", manifest);
            place.write("package-lock.json", format!("{{\"lockfileVersion\":3,\"packages\":{{{entries}}}}}"));
            let runs = (0..2).map(|_| cost(&place, "--no-base --format json"));
            let cost = runs.min_by_key(|cost| cost.cpu).unwrap();
            assert!(cost.code < 2, "{kind}: {} {}", cost.code, &cost.out[..cost.out.len().min(300)]);
            cost.cpu
        };
        let (few, many) = (time(100_000), time(400_000));
        println!("{kind}: {few:?} {many:?}");
        assert!(many < few * 8 + Duration::from_millis(150), "{kind}: {few:?}, then {many:?}");
    }
}
