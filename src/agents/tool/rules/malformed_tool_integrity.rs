//! A hash in a tool lockfile is no hash.
//!
//! Both systems compare texts: a hash in capital letters never equals what they compute, and one that is null or empty is not
//! compared at all. RYE writes null when a tool could not be read, and accepts it ever after.
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
//!                    ^^^^^^^^^^ is null
//!        "space": "project",
//!        "tool_type": "python",
//!        "executor_id": null,
//!        "integrity": null
//!      }
//!    ],
//!    "registry": null,
//!    "verified_deps": null
//!  }
//! ```
//!
//! Write the lockfile again with `lockproof tool freeze demo/hello`.

use crate::agents::tool::lock::{Element, Form, ToolLock};
use crate::agents::tool::signature::is_hash;
use crate::ecosystems::formats::Family;
use crate::findings::finding::Level;
use crate::findings::report::{Field, Report};
use crate::model::Lockfile;
use crate::rules::{Check, Rule};
use crate::world::Context;

pub static RULE: Rule = Rule {
    id: "malformed-tool-integrity",
    level: Level::Error,
    tamper: true,
    families: Family::TOOLS,
    docs: include_str!("malformed_tool_integrity.rs"),
    checks: &[Check::Lockfile(check)],
};

fn check<'a>(cx: &Context<'a>, lockfile: &'a Lockfile<'a>, report: &mut Report<'a>) {
    let Some(tool) = lockfile.tool.as_deref() else { return };
    if let Some(why) = fault(tool, &tool.root).filter(|_| tool.root.integrity.is_some()) {
        let message = format!("The hash of the root {} {why}.", tool.root.label());
        let found = report.file(lockfile, tool.root.place_of(&tool.root.integrity).raw, message);
        found.label(why).help(super::mend(cx, lockfile, tool));
    }
    for (element, package) in tool.chain.iter().zip(&lockfile.packages) {
        let Some(why) = fault(tool, element) else { continue };
        let message = format!("The hash of {} {why}.", element.label());
        let place = element.place_of(&element.integrity);
        let found = report.package(lockfile, package, Field::Integrity, &place, message);
        found.label(why).help(super::mend(cx, lockfile, tool));
        if element.path.is_some() && element.integrity.is_none() {
            // A layout that had none: nobody took it away.
            found.level(Level::Warning);
        }
    }
}

fn fault(tool: &ToolLock<'_>, element: &Element<'_>) -> Option<&'static str> {
    let Some(integrity) = &element.integrity else {
        let is_old = element.path.is_some();
        return Some(if is_old {
            "is not there: the lockfile is of a layout without hashes"
        } else {
            "is null"
        });
    };
    let text = integrity.as_str();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_example = tool.form == Form::Lilux && text.len() == 64 && text.bytes().all(is_plain);
    if is_hash(text) || is_example {
        return None;
    }
    Some(match text {
        "" => "is empty",
        _ if text.bytes().any(|byte| !byte.is_ascii_hexdigit()) => "is not hexadecimal",
        _ if text.len() != 64 => "is not 64 digits long",
        _ => "is in capital letters, so it never equals the tool's",
    })
}

#[cfg(test)]
mod tests {
    use crate::check::testing::check;

    #[test]
    fn every_way_of_not_being_a_hash_is_told() {
        let lock = |hash: &str| {
            format!(
                r#"{{"lockfile_version": 1, "generated_at": "x", "root": {{"tool_id": "t", "version": "1", "integrity": "{{HEX}}"}}, "resolved_chain": [{{"tool_id": "t", "version": "1", "integrity": {hash}, "executor": null}}]}}"#
            )
        };
        let upper = format!(r#""{}""#, "AB".repeat(32));
        let cases = [
            ("null", "is null"),
            (r#""""#, "is empty"),
            (r#""sha256:00""#, "is not hexadecimal"),
            (r#""00112233""#, "is not 64 digits long"),
            (upper.as_str(), "is in capital letters, so it never equals the tool's"),
        ];
        for (hash, why) in cases {
            let found = check("malformed-tool-integrity").head("t.lock.json", &lock(hash)).run();
            let messages: Vec<_> = found.iter().map(|it| it.message.as_str()).collect();
            assert_eq!(messages, [format!("The hash of t@1 {why}.")]);
        }
        check("malformed-tool-integrity").head("t.lock.json", &lock(r#""{HEX}""#)).finds(&[]);
    }
}
