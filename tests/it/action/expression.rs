//! `${{ … }}`, as far as actions of one step after the other need it. What is not understood fails the test.

use serde_json::Value;

/// Replaces every expression of a text by what it means.
pub(crate) fn fill(text: &str, contexts: &Value) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${{") {
        let (expression, after) = behind.split_once("}}").expect("an expression ends");
        out.push_str(before);
        out.push_str(&shown(&evaluate(expression, contexts)));
        rest = after;
    }
    out + rest
}

/// What an `if` says, with or without its braces.
pub(crate) fn holds(condition: &str, contexts: &Value) -> bool {
    let bare = condition.trim();
    let inner = bare.strip_prefix("${{").and_then(|it| it.strip_suffix("}}")).unwrap_or(bare);
    is_true(&evaluate(inner, contexts))
}

fn evaluate(expression: &str, contexts: &Value) -> Value {
    let either = |operator: &str| split(expression, operator);
    if let Some((left, right)) = either("||") {
        let left = evaluate(left, contexts);
        return if is_true(&left) { left } else { evaluate(right, contexts) };
    }
    if let Some((left, right)) = either("&&") {
        let left = evaluate(left, contexts);
        return if is_true(&left) { evaluate(right, contexts) } else { left };
    }
    for (operator, equal) in [("!=", false), ("==", true)] {
        if let Some((left, right)) = either(operator) {
            let same =
                shown(&evaluate(left, contexts)).eq_ignore_ascii_case(&shown(&evaluate(right, contexts)));
            return Value::Bool(same == equal);
        }
    }
    term(expression.trim(), contexts)
}

/// At the first place outside of quotes.
fn split<'e>(expression: &'e str, operator: &str) -> Option<(&'e str, &'e str)> {
    let mut places = expression.match_indices(operator).map(|(at, _)| at);
    let at = places.find(|at| expression[..*at].matches('\'').count().is_multiple_of(2))?;
    Some((&expression[..at], &expression[at + operator.len()..]))
}

fn term(term: &str, contexts: &Value) -> Value {
    if let Some(text) = term.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')) {
        return Value::String(text.replace("''", "'"));
    }
    let failed = is_true(&contexts["failed"]);
    match term {
        "true" | "always()" => return Value::Bool(true),
        "false" | "cancelled()" => return Value::Bool(false),
        "success()" => return Value::Bool(!failed),
        "failure()" => return Value::Bool(failed),
        _ => {}
    }
    let is_path = term.chars().all(|it| it.is_ascii_alphanumeric() || "-_.".contains(it));
    assert!(is_path && !term.is_empty(), "this expression is not understood here: {term}");
    // What is not there is null, however far the path leads.
    term.split('.').fold(contexts.clone(), |value, key| value.get(key).cloned().unwrap_or_default())
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn expressions_mean_what_a_runner_makes_of_them() {
    let contexts = serde_json::json!({
        "inputs": {"fail-on": "never", "empty": ""}, "failed": true,
        "github": {"event": {"number": 7, "title": "${{ inputs.empty }} || 'x'"}},
    });
    let cases = [
        ("${{ inputs.fail-on }}/${{inputs.nothing.at.all}}", "never/"),
        ("${{ inputs.empty || 'it''s || empty' }}", "it's || empty"),
        ("${{ inputs.fail-on == 'NEVER' && failure() }}", "true"),
        ("${{ github.event.number }}", "7"),
        ("${{ github.event.title }}", "${{ inputs.empty }} || 'x'"),
    ];
    for (text, meaning) in cases {
        assert_eq!(fill(text, &contexts), meaning, "{text}");
    }
    assert!(holds("${{ always() }}", &contexts) && !holds("success()", &contexts));
}
