//! Guests with documents and rules of their own: tools of AI agents, and models.

pub mod canonical;
pub mod llmring;
pub mod tool;
