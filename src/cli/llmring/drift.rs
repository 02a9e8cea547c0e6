//! `lockproof llmring drift`: what changed since the pins were made, as text, JSON and Markdown.

use clap::{Args, ValueEnum};

use super::{Done, FileArg, RegistryArg, loadable, policy_around};
use crate::agents::canonical::{Value, canonical, indented};
use crate::agents::llmring::drift::{Change, Changed, Drift, Unchecked, of};
use crate::agents::llmring::is_registered;
use crate::cli::{CLEAN, INCOMPLETE, print};
use crate::text::escape;

#[derive(Args)]
pub(in crate::cli) struct DriftArgs {
    #[command(flatten)]
    file: FileArg,
    #[command(flatten)]
    registry: RegistryArg,
    #[arg(long, value_enum, default_value = "text")]
    format: DriftForm,
}

#[derive(Clone, Copy, ValueEnum)]
enum DriftForm {
    Text,
    Json,
    Markdown,
}

pub(super) fn run(arguments: &DriftArgs) -> Done {
    let (_, source) = arguments.file.read()?;
    let document = loadable(&source, "llmring does not load it")?;
    let around = policy_around(std::path::Path::new(&source.path))?;
    let snapshot = arguments.registry.required(&around)?;
    let registry = snapshot.registry();
    let (drifts, unchecked) = of(&document, &registry);
    print(&match arguments.format {
        DriftForm::Text => text(&drifts, &unchecked),
        DriftForm::Json => json(&drifts, &unchecked),
        DriftForm::Markdown => markdown(&drifts, &unchecked),
    });
    // What runs on one's own machine can't drift.
    let complete = unchecked.iter().all(|it| !is_registered(&it.provider));
    Ok(if complete { CLEAN } else { INCOMPLETE })
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => escape::message(text),
        other => escape::message(&canonical(other)),
    }
}

/// `field: before → now`, or what happened to the model.
fn lines(changed: &Changed<'_>) -> Vec<(String, String)> {
    match &changed.change {
        Change::Added => vec![("the model".to_owned(), "is new since the pinned version".to_owned())],
        Change::Removed => vec![("the model".to_owned(), "is gone from the latest version".to_owned())],
        Change::Fields(fields) => fields
            .iter()
            .map(|it| (escape::message(it.name), format!("{} → {}", show(it.before), show(it.now))))
            .collect(),
    }
}

fn text(drifts: &[Drift<'_>], unchecked: &[Unchecked]) -> String {
    let mut out = String::new();
    for drift in drifts {
        let heading =
            format!("{} in profile `{}`: {} → {}", drift.provider, drift.profile, drift.pinned, drift.latest);
        out += &escape::message(&heading);
        out += if drift.models.is_empty() { ", no drift\n" } else { "\n" };
        for changed in &drift.models {
            out += &format!("  {}\n", escape::message(&changed.model));
            for (field, what) in lines(changed) {
                out += &format!("    {field}: {what}\n");
            }
        }
    }
    for it in unchecked {
        let line = format!("not compared: {} in profile `{}`: {}", it.provider, it.profile, it.why);
        out += &(escape::message(&line) + "\n");
    }
    if out.is_empty() { "No model is bound.\n".to_owned() } else { out }
}

fn markdown(drifts: &[Drift<'_>], unchecked: &[Unchecked]) -> String {
    let mut out = "| profile | model | versions | field | change |\n|---|---|---|---|---|\n".to_owned();
    for drift in drifts {
        for changed in &drift.models {
            for (field, what) in lines(changed) {
                let versions = format!("{} → {}", drift.pinned, drift.latest);
                let [profile, model, field, what] =
                    [&drift.profile, &changed.model, &field, &what].map(|it| escape::markdown(it));
                out += &format!("| {profile} | {model} | {versions} | {field} | {what} |\n");
            }
        }
    }
    if drifts.iter().all(|it| it.models.is_empty()) {
        out = "No drift.\n".to_owned();
    }
    for it in unchecked {
        let line = format!("Not compared: {} in profile {}: {}", it.provider, it.profile, it.why);
        out += &format!("\n{}\n", escape::markdown(&line));
    }
    out
}

fn json(drifts: &[Drift<'_>], unchecked: &[Unchecked]) -> String {
    let number = |number: u64| Value::Int(number.to_string());
    let model = |changed: &Changed<'_>| {
        let mut entries = vec![("model".to_owned(), Value::text(changed.model.as_str()))];
        let (change, fields) = match &changed.change {
            Change::Added => ("added", Vec::new()),
            Change::Removed => ("removed", Vec::new()),
            Change::Fields(fields) => ("changed", fields.iter().collect()),
        };
        entries.push(("change".to_owned(), Value::text(change)));
        let field = |it: &&crate::agents::llmring::drift::Field<'_>| {
            let both = Value::object([("before", it.before.clone()), ("now", it.now.clone())]);
            (it.name.to_owned(), both)
        };
        entries.push(("fields".to_owned(), Value::Object(fields.iter().map(field).collect())));
        Value::Object(entries)
    };
    let drift = |it: &Drift<'_>| {
        Value::object([
            ("profile", Value::text(it.profile.as_str())),
            ("provider", Value::text(it.provider.as_str())),
            ("pinned", number(it.pinned)),
            ("latest", number(it.latest)),
            ("models", Value::Array(it.models.iter().map(model).collect())),
        ])
    };
    let unchecked = unchecked.iter().map(|it| {
        Value::object([
            ("profile", Value::text(it.profile.as_str())),
            ("provider", Value::text(it.provider.as_str())),
            ("why", Value::text(it.why.as_str())),
        ])
    });
    let value = Value::object([
        ("schema", Value::text("lockproof-llmring-drift")),
        ("version", number(1)),
        ("drift", Value::Array(drifts.iter().map(drift).collect())),
        ("not_compared", Value::Array(unchecked.collect())),
    ]);
    indented(&value) + "\n"
}
