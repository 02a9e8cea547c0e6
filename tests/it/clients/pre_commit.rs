//! pre-commit.

use super::recipe::{Recipe, fails, passes};
use crate::support::cargo;

const CONFIG: &str = ".pre-commit-config.yaml";

fn follow(id: &str) -> Option<Recipe> {
    let recipe = Recipe::follow("pre-commit", "pre-commit")?;
    recipe.take_hook(CONFIG, id);
    Some(recipe)
}

#[test]
fn the_recipe_holds_with_the_program_on_the_path() {
    let Some(recipe) = follow("lockproof-system") else { return };
    passes(recipe.run("pre-commit", "install"));
    recipe.holds();
}

#[test]
fn the_recipe_holds_with_a_wheel() {
    let Some(recipe) = follow("lockproof") else { return };
    recipe.offer_wheel();
    passes(recipe.run("pre-commit", "install"));
    recipe.holds();
}

#[test]
fn the_hooks_are_valid() {
    let Some(recipe) = follow("lockproof-system") else { return };
    let hooks = concat!(env!("CARGO_MANIFEST_DIR"), "/.pre-commit-hooks.yaml");
    passes(recipe.run("pre-commit", &format!("validate-manifest {hooks}")));
    passes(recipe.run("pre-commit", &format!("validate-config {CONFIG}")));
}

#[test]
fn what_is_run_by_hand_is_about_a_range_or_everything() {
    let Some(recipe) = follow("lockproof-system") else { return };
    recipe.place.commit_all();
    recipe.place.write("Cargo.lock", cargo("2"));
    recipe.place.commit_all();
    passes(recipe.run("pre-commit", "run --all-files"));
    fails(recipe.run("pre-commit", "run --from-ref HEAD~1 --to-ref HEAD"), "pin-rewritten");
    recipe.place.write("Cargo.lock", cargo("2") + "<<<<<<< ours\n");
    recipe.place.commit_all();
    fails(recipe.run("pre-commit", "run --all-files"), "merge-conflict");
}

/// A history that the remote has nothing of.
#[test]
fn a_first_push_is_judged() {
    let Some(recipe) = follow("lockproof-system") else { return };
    passes(recipe.run("pre-commit", "install"));
    recipe.place.git("checkout --quiet --orphan alone");
    recipe.place.write("Cargo.lock", cargo("1") + "<<<<<<< ours\n");
    recipe.place.git("add --all");
    passes(recipe.git("commit --quiet --no-verify --message=x"));
    // What counts is what is pushed.
    recipe.place.write("Cargo.lock", cargo("1"));
    fails(recipe.git("push --quiet origin alone"), "merge-conflict");
}

/// lockproof's own hooks and pre-commit's find each other in place.
#[test]
fn both_kinds_of_hooks_get_along() {
    let Some(recipe) = follow("lockproof-system") else { return };
    recipe.place.lockproof("hook install").exits(0);
    passes(recipe.run("pre-commit", "install"));
    recipe.holds();
}
