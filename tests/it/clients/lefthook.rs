//! Lefthook.

use super::recipe::{Recipe, passes};
use crate::support::cargo;

#[test]
fn the_recipe_holds() {
    let Some(recipe) = Recipe::follow("lefthook", "lefthook") else { return };
    passes(recipe.run("lefthook", "install"));
    recipe.holds();
}

/// Why the recipe has no glob: if this fails, lefthook has learnt better.
#[test]
fn a_glob_passes_over_the_lockfile_at_the_root() {
    let Some(recipe) = Recipe::follow("lefthook", "lefthook") else { return };
    let config = "pre-commit:\n  jobs:\n    - run: lockproof check --staged\n      glob: \"**/Cargo.lock\"\n";
    recipe.place.write("lefthook.yml", config);
    passes(recipe.run("lefthook", "install"));
    recipe.place.write("Cargo.lock", cargo("2"));
    recipe.place.git("add --all");
    passes(recipe.git("commit --quiet --message=x"));
}
