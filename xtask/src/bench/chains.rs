//! A project of AI tools with a lockfile for each, all of them right.

use lockproof::agents::tool::integrity::sha256;

/// The tools that run all others, and what each names as its executor.
const RUNNERS: [(&str, &str); 2] = [
    ("demo/runtime", "version: \"1.0.0\"\nexecutor_id: demo/shell\n"),
    ("demo/shell", "version: \"1.0.0\"\n"),
];

/// So many tools and lockfiles, by path.
pub(crate) fn store(count: usize) -> impl Iterator<Item = (String, String)> {
    let runners = RUNNERS.iter().map(|(id, text)| (format!(".ai/tools/{id}.yaml"), (*text).to_owned()));
    runners.chain((0..count).flat_map(|at| {
        let id = format!("group-{:02}/tool_{at:05}", at % 100);
        let text = format!("version: \"1.0.0\"\nexecutor_id: demo/runtime\nnumber: {at}\n");
        let lock = lock(&id, &sha256(&text));
        [(format!(".ai/tools/{id}.yaml"), text), (format!(".ai/lockfiles/{id}@1.0.0.lock.json"), lock)]
    }))
}

fn lock(id: &str, hash: &str) -> String {
    let element = |id: &str, executor: &str, hash: &str| {
        format!(
            "    {{\n      \"item_id\": \"{id}\",\n      \"space\": \"project\",\n      \"tool_type\": null,\n      \
             \"executor_id\": {executor},\n      \"integrity\": \"{hash}\"\n    }}"
        )
    };
    let chain = [
        element(id, "\"demo/runtime\"", hash),
        element(RUNNERS[0].0, "\"demo/shell\"", &sha256(RUNNERS[0].1)),
        element(RUNNERS[1].0, "null", &sha256(RUNNERS[1].1)),
    ];
    format!(
        "{{\n  \"lockfile_version\": 1,\n  \"generated_at\": \"2026-02-15T07:11:31.962530+00:00\",\n  \"root\": {{\n    \
         \"tool_id\": \"{id}\",\n    \"version\": \"1.0.0\",\n    \"integrity\": \"{hash}\"\n  }},\n  \
         \"resolved_chain\": [\n{}\n  ],\n  \"registry\": null,\n  \"verified_deps\": null\n}}",
        chain.join(",\n")
    )
}
