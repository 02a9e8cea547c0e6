//! Texts and where things stand in them: sources, spans, and readers for JSON, TOML and YAML.

pub mod calendar;
pub mod escape;
pub mod json;
pub mod secrets;
pub mod source;
pub mod syntax;
pub mod toml;
pub mod yaml;
