//! Lockfiles of AI tool chains (Kiwi, Lilux, RYE): what they hash, where they stand, and the tools that they pin.
//!
//! The systems that write them leave checking to chance; this is their checker. Everything here is recomputed from the
//! repository's own files, bit for bit as the originals compute it, and nothing is run: extractor rules and tools are
//! read as data.

pub mod chain;
pub mod content;
pub mod disk;
pub mod extract;
pub mod freeze;
pub mod index;
pub mod integrity;
pub mod json;
pub mod lock;
pub mod python;
pub mod rules;
pub mod signature;
pub mod store;
pub mod time;
pub mod tools;
pub mod value;
pub mod yaml;
