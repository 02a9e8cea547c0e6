//! The GitHub Action: its steps run as a runner runs them, for real events, on checkouts as actions/checkout makes them.

mod base;
mod binary;
mod commands;
mod docs;
mod expression;
mod forge;
mod report;
mod runner;
pub(crate) mod yaml;
