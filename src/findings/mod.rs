//! What is found: findings in the making, as they are told, and the facts of bytes.

pub mod facts;
pub mod finding;
pub mod report;
