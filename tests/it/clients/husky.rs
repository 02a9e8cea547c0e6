//! Husky.

use super::recipe::{Recipe, passes};

#[test]
fn the_recipe_holds() {
    let Some(recipe) = Recipe::follow("husky", "husky") else { return };
    passes(recipe.run("husky", ".husky"));
    recipe.holds();
    // Husky's folder is no place to install into.
    recipe.place.lockproof("hook install").exits_with(2, "husky writes");
}
