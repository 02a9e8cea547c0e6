//! `lockproof completions` and `lockproof man`: the command line, for shells and for `man`.

use clap::ValueEnum as _;
use clap_complete::{Generator as _, Shell};

use super::{USAGE, command, complain, print};

pub(super) fn completions(shell: Shell) -> u8 {
    print(&script(shell))
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "lockproof", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Every shell's script, by the name that the shell looks for.
pub fn scripts() -> Vec<(String, String)> {
    let shells = Shell::value_variants().iter();
    shells.map(|shell| (shell.file_name("lockproof"), script(*shell))).collect()
}

/// The page of a command, named by its words; of the program without any.
pub(super) fn man(words: &[String]) -> u8 {
    match page(words) {
        Ok(page) => print(&page),
        Err(error) => complain(&error, USAGE),
    }
}

/// The page of a command in the language of `man`.
pub fn page(words: &[String]) -> Result<String, String> {
    let mut all = command().disable_help_subcommand(true);
    all.build();
    let mut found = &all;
    for word in words {
        let inner = found.get_subcommands().find(|inner| inner.get_name() == word);
        found = inner.ok_or_else(|| format!("there is no command `{}`", words.join(" ")))?;
    }
    let page = clap_mangen::Man::new(found.clone()).manual("lockproof");
    let mut text = Vec::new();
    page.render(&mut text).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The words of every command that has a page.
pub fn pages() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, words: &[String], pages: &mut Vec<Vec<String>>) {
        pages.push(words.to_vec());
        for inner in command.get_subcommands() {
            below(inner, &[words, &[inner.get_name().to_owned()]].concat(), pages);
        }
    }
    let mut pages = Vec::new();
    below(&command(), &[], &mut pages);
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_names_it() {
        let pages = pages();
        assert!(pages.len() > 20, "{pages:?}");
        for words in pages {
            let name = [&["lockproof".to_owned()], words.as_slice()].concat().join("\\-");
            let page = page(&words).unwrap();
            assert!(page.contains(&format!(".SH NAME\n{name}")), "{name}:\n{page}");
        }
    }
}
