//! A tool's signature line says something else than the tool does.
//!
//! The line has the hash of the text that was signed. When the text hashes to something else, it was changed after it was
//! signed; Kiwi copies that hash into lockfiles, so an old line makes every lockfile of the tool wrong. Where the project
//! trusts a public key (`.ai/trusted_keys/<fingerprint>.pem`), the Ed25519 signature is verified too. A placeholder is no
//! signature: a warning, and an error in strict mode. Only tools that a lockfile pins are looked at.
//!
//! ```diff .ai/lockfiles/demo/hello@1.0.0.lock.json
//!  {
//!    "lockfile_version": 1,
//!    "generated_at": "2026-02-15T07:11:31.962530+00:00",
//!    "root": {
//!      "tool_id": "demo/hello",
//!      "version": "1.0.0",
//!      "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
//!    },
//!    "resolved_chain": [
//!      {
//!        "item_id": "demo/hello",
//!        "space": "project",
//!        "tool_type": "python",
//!        "executor_id": null,
//!        "integrity": "1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f"
//!      }
//!    ],
//!    "registry": null,
//!    "verified_deps": null
//!  }
//! ```
//!
//! ```diff .ai/tools/demo/hello.py
//!  # rye:signed:2026-02-14T00:35:18Z:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff:AAAA:0123456789abcdef
//!                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the text hashes to b80792336156…
//!  print("hello")
//! ```
//!
//! Sign the tool again with its own system, then `lockproof tool freeze demo/hello`.

use crate::agents::tool::signature;
use crate::agents::tool::signature::{Broken, Line, Signature, System};
use crate::agents::tool::tools::{Project, Tool};
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::Report;
use crate::rules::{Check, Rule};
use crate::world::Context;
use std::collections::BTreeMap;

pub static RULE: Rule = Rule {
    id: "tool-signature-mismatch",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("tool_signature_mismatch.rs"),
    checks: &[Check::Repository(check)],
};

fn check<'a>(cx: &Context<'a>, report: &mut Report<'a>) {
    // A tool that many lockfiles pin has one signature.
    let mut pinned = BTreeMap::new();
    for (lockfile, lock) in cx.head.tool_lockfiles() {
        let project = super::project(cx, lockfile);
        for element in lock.chain.iter().filter(|element| element.is_of_project()) {
            if let Some(tool) = project.only(element.id.as_str(), lock.is_rye()) {
                pinned.insert(tool.source.path.as_str(), (project, tool));
            }
        }
    }
    for (project, tool) in pinned.into_values() {
        let Some(line) = project.signature(tool) else { continue };
        match line.parse() {
            Ok(signature) => check_signature(project, tool, line, signature, report),
            Err(why) => report_broken(cx, tool, line, why, report),
        }
    }
}

fn check_signature<'a>(
    project: &Project<'a>,
    tool: &Tool<'a>,
    line: Line<'a>,
    signature: Signature<'a>,
    report: &mut Report<'a>,
) {
    let path = &tool.source.path;
    let is = match line.system {
        System::Rye => tool.content_hash(),
        System::Kiwi => project.kiwi_integrity(tool),
    };
    if let Some(is) = is.filter(|is| *is != signature.hash) {
        let (signed, is) = (&signature.hash[..12], &is[..12]);
        let message = format!("{path} was changed after it was signed: signature={signed}, resolved={is}.");
        let found = report.source(tool.source, signature.hash, message);
        found.label(format!("the text hashes to {is}…")).help("Sign it again with its own system.");
    }
    let Some((value, fingerprint)) = signature.signed else { return };
    let holds =
        project.keys.get(fingerprint).and_then(|key| signature::holds(key.raw(), signature.hash, value));
    if holds == Some(false) {
        let message = format!("The signature of {path} was not made with the trusted key {fingerprint}.");
        let found = report.source(tool.source, value, message);
        found.label("does not hold").help("Undo the change of the tool, or sign the tool again.");
    }
}

fn report_broken<'a>(
    cx: &Context<'a>,
    tool: &Tool<'a>,
    line: Line<'a>,
    why: Broken,
    report: &mut Report<'a>,
) {
    let why = match why {
        Broken::Placeholder => "is a placeholder",
        Broken::Unreadable => "is none that its system reads",
    };
    let found = report.source(tool.source, line.raw, format!("The signature of {} {why}.", tool.source.path));
    found.level(cx.policy.tool_level(&tool.source.path)).label(why);
    found.help("Sign the tool with its own system.");
}

#[cfg(test)]
mod tests {
    use crate::agents::tool::integrity::sha256;
    use crate::check::testing::check;

    const LOCK: &str = r#"{"lockfile_version": 1, "generated_at": "x", "root": {"tool_id": "t", "version": "0.0.0", "integrity": "{HEX}"}, "resolved_chain": [{"item_id": "t", "space": "project", "tool_type": null, "executor_id": null, "integrity": "{HEX}"}]}"#;

    fn messages(tool: &str, key: Option<(&str, &str)>) -> Vec<String> {
        let mut test = check("tool-signature-mismatch")
            .head(".ai/lockfiles/t@0.0.0.lock.json", LOCK)
            .head(".ai/tools/t.py", tool)
            .head(".ai/tools/not_pinned.py", "# rye:signed:placeholder\n");
        if let Some((path, text)) = key {
            test = test.head(path, text);
        }
        test.run().into_iter().map(|it| format!("{} {}", it.level, it.message)).collect()
    }

    #[test]
    fn a_placeholder_is_told_from_a_signature() {
        let zeros = "0".repeat(64);
        let line = format!("# rye:signed:2026-02-14T00:35:18Z:{zeros}:AAAA==:440443d0858f0199\nx = 1\n");
        assert_eq!(messages(&line, None), ["warning The signature of .ai/tools/t.py is a placeholder."]);
        assert!(messages("x = 1\n", None).is_empty());
    }

    #[test]
    fn a_trusted_key_is_asked() {
        use ed25519_dalek::{Signer as _, SigningKey};
        let key = SigningKey::from_bytes(&[7; 32]);
        let der = [
            &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00][..],
            key.verifying_key().as_bytes(),
        ]
        .concat();
        let body = data_encoding::BASE64.encode(&der);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
        let fingerprint = crate::agents::tool::signature::fingerprint(&pem);
        let hash = sha256("x = 1\n");
        let signed = |hash: &str| data_encoding::BASE64URL.encode(&key.sign(hash.as_bytes()).to_bytes());
        let tool =
            |value: &str| format!("# rye:signed:2026-02-14T00:35:18Z:{hash}:{value}:{fingerprint}\nx = 1\n");
        let trusted = format!(".ai/trusted_keys/{fingerprint}.pem");
        assert!(messages(&tool(&signed(&hash)), Some((&trusted, &pem))).is_empty());
        let forged = messages(&tool(&signed("something else")), Some((&trusted, &pem)));
        assert_eq!(forged.len(), 1, "{forged:?}");
        assert!(messages(&tool("AAAA"), None).is_empty());
    }
}
