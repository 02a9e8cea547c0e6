//! prek.

use super::recipe::{Recipe, passes};

#[test]
fn the_recipe_holds_with_the_program_on_the_path() {
    let Some(recipe) = Recipe::follow("prek", "prek") else { return };
    recipe.take_hook("prek.toml", "lockproof-system");
    passes(recipe.run("prek", "install"));
    recipe.holds();
}

#[test]
fn the_recipe_holds_with_a_wheel() {
    let Some(recipe) = Recipe::follow("prek", "prek") else { return };
    recipe.take_hook("prek.toml", "lockproof");
    recipe.offer_wheel();
    passes(recipe.run("prek", "install"));
    recipe.holds();
}

#[test]
fn the_hooks_are_valid() {
    let Some(recipe) = Recipe::follow("prek", "prek") else { return };
    let hooks = concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml");
    passes(recipe.run("prek", &format!("validate-manifest {hooks}")));
    passes(recipe.run("prek", "validate-config prek.toml"));
}
