//! End to end: the program as people run it, in repositories made by the real git.

#[cfg(unix)]
mod action;
mod around;
mod bytes;
mod cases;
mod cli;
mod clients;
mod diff;
mod docs;
mod examples;
mod filters;
mod fix;
mod gate;
mod git;
mod history;
#[cfg(unix)]
mod hook;
mod hostile;
#[cfg(unix)]
mod limits;
mod llmring;
mod matrix;
mod open;
mod outputs;
mod paths;
mod policy;
mod readers;
mod shard;
mod support;
mod tidy;
mod tool;
mod typed;
mod unread;
mod witnesses;
