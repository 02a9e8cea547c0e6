//! What lockproof is built for, and what each packager calls that.

/// One platform.
pub(super) struct Target {
    /// As rustc calls it; the name of the tarball.
    pub(super) triple: &'static str,
    /// As Node.js calls its system and its processor.
    pub(super) node: (&'static str, &'static str),
    /// As Debian calls its processor; nothing where there is no Debian.
    pub(super) debian: Option<&'static str>,
    /// The oldest systems that a wheel is for; nothing where the system's name says it.
    pub(super) wheel: &'static [&'static str],
}

/// Linux is linked statically: one program for every distribution, old or new, with glibc or without.
pub(super) const TARGETS: &[Target] = &[
    Target {
        triple: "x86_64-unknown-linux-musl",
        node: ("linux", "x64"),
        debian: Some("amd64"),
        wheel: &["manylinux_2_17", "musllinux_1_2"],
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        node: ("linux", "arm64"),
        debian: Some("arm64"),
        wheel: &["manylinux_2_17", "musllinux_1_2"],
    },
    Target { triple: "x86_64-apple-darwin", node: ("darwin", "x64"), debian: None, wheel: &[] },
    Target { triple: "aarch64-apple-darwin", node: ("darwin", "arm64"), debian: None, wheel: &[] },
    Target { triple: "x86_64-pc-windows-msvc", node: ("win32", "x64"), debian: None, wheel: &[] },
    // What a Linux can build; releases are built with the system's own tools.
    Target { triple: "x86_64-pc-windows-gnu", node: ("win32", "x64"), debian: None, wheel: &[] },
];

impl Target {
    /// The one that is asked for, or the one that this machine's users get.
    pub(super) fn find(triple: Option<&str>) -> Option<&'static Target> {
        let own = match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => "x86_64-unknown-linux-musl",
            ("linux", "aarch64") => "aarch64-unknown-linux-musl",
            ("macos", "x86_64") => "x86_64-apple-darwin",
            ("macos", "aarch64") => "aarch64-apple-darwin",
            ("windows", "x86_64") => "x86_64-pc-windows-msvc",
            _ => "",
        };
        let wanted = triple.unwrap_or(own);
        TARGETS.iter().find(|target| target.triple == wanted)
    }

    pub(super) fn is_windows(&self) -> bool {
        self.node.0 == "win32"
    }

    /// The name of a program's file.
    pub(super) fn file(&self, program: &str) -> String {
        if self.is_windows() { format!("{program}.exe") } else { program.to_owned() }
    }

    /// The npm package of this platform.
    pub(super) fn npm_name(&self) -> String {
        format!("@lockproof/{}-{}", self.node.0, self.node.1)
    }
}
