//! Rules that watch the exceptions of the policy, so that none outlives its reason.

pub mod expired_exception;
pub mod unused_exception;
