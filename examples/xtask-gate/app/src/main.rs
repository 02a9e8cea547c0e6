//! What the workspace is about. Its lockfiles are Cargo.lock and site/package-lock.json.

use std::io::Write as _;

fn main() {
    // Nothing can be done about a closed pipe.
    let _ = writeln!(std::io::stdout(), "{}", greeting("world"));
}

fn greeting(name: &str) -> String {
    format!("Hello, {name}!")
}

#[test]
fn it_greets() {
    assert_eq!(greeting("you"), "Hello, you!");
}
