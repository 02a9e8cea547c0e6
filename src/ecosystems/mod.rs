//! What differs from client to client: formats of lockfiles, manifests, and what can not be read yet.

pub mod formats;
pub mod manifest;
pub mod staleness;
pub mod unread;
