//! `lockproof llmring aliases`: what a profile binds.

use clap::Args;

use super::{Done, Failed, FileArg, Form, loadable};
use crate::agents::canonical::{Value, indented};
use crate::agents::llmring::document::{Document, Profile};
use crate::agents::llmring::near;
use crate::cli::{CLEAN, print};
use crate::text::escape;
use crate::text::syntax::Text;

#[derive(Args)]
pub(in crate::cli) struct AliasesArgs {
    #[command(flatten)]
    file: FileArg,
    /// The profile [default: $LLMRING_PROFILE, else the file's default profile]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
}

pub(super) fn run(arguments: &AliasesArgs) -> Done {
    let (_, source) = arguments.file.read()?;
    let document = loadable(&source, "llmring does not load it")?;
    let profile = profile(&document, arguments.profile.as_deref())?;
    print(&match arguments.format {
        Form::Text => text(profile),
        Form::Json => json(profile),
    });
    Ok(CLEAN)
}

/// The profile that a program would use, which has to be there: the original makes an empty one up.
pub(super) fn profile<'d, 's>(
    document: &'d Document<'s>,
    named: Option<&str>,
) -> Result<&'d Profile<'s>, Failed> {
    let variable = std::env::var("LLMRING_PROFILE").ok().filter(|it| !it.is_empty());
    let name = named.map(str::to_owned).or(variable).unwrap_or_else(|| document.default_profile().to_owned());
    document.profile(&name).ok_or_else(|| {
        let names: Vec<_> = document.profiles.iter().map(|it| it.name()).collect();
        let meant = near(&name, names.iter().copied())
            .map(|it| format!(", did you mean `{it}`?"))
            .unwrap_or_default();
        Failed::usage(format!("there is no profile `{name}`{meant} (there are: {})", names.join(", ")))
    })
}

fn text(profile: &Profile<'_>) -> String {
    let mut out = format!("{}:\n", escape::message(profile.name()));
    let width =
        profile.bindings.iter().map(|it| it.alias.as_str().chars().count()).max().unwrap_or(0).min(40);
    for binding in &profile.bindings {
        let models: Vec<_> = binding.models.iter().map(Text::as_str).collect();
        let line = format!("{:width$}  {}", binding.alias.as_str(), models.join(", "));
        out += &format!("  {}\n", escape::message(&line));
    }
    let pins: Vec<_> =
        profile.pins.iter().map(|pin| format!("{} {}", pin.provider.as_str(), pin.digits)).collect();
    let pins =
        if pins.is_empty() { "nothing is pinned".to_owned() } else { format!("pinned: {}", pins.join(", ")) };
    out + &format!("  ({})\n", escape::message(&pins))
}

fn json(profile: &Profile<'_>) -> String {
    let bindings = profile.bindings.iter().map(|binding| {
        let models = binding.models.iter().map(|model| Value::text(model.as_str())).collect();
        Value::object([("alias", Value::text(binding.alias.as_str())), ("models", Value::Array(models))])
    });
    let pins =
        profile.pins.iter().map(|pin| (pin.provider.as_str().to_owned(), Value::Int(pin.digits.clone())));
    let value = Value::object([
        ("profile", Value::text(profile.name())),
        ("aliases", Value::Array(bindings.collect())),
        ("registry_versions", Value::Object(pins.collect())),
    ]);
    indented(&value) + "\n"
}
