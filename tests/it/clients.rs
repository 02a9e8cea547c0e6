//! Lockfiles that the real clients write, here and now: honest ones pass, tampered ones don't.
//!
//! A client that is not installed, or that reaches no registry, skips its tests and says so on standard error; with
//! `LOCKPROOF_CLIENTS=required` in the environment it fails them. Registries are those that the machine's clients are
//! configured for; caches are our own, below `target/tmp`.

#[cfg(unix)]
mod action;
mod bundle;
mod bytes;
mod cargo;
#[cfg(unix)]
mod commands;
mod edit;
mod go;
#[cfg(unix)]
mod hook;
#[cfg(unix)]
mod husky;
#[cfg(unix)]
mod lefthook;
#[cfg(unix)]
mod manual;
mod npm;
mod outputs;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod packages;
mod pnpm;
#[cfg(unix)]
mod pre_commit;
#[cfg(unix)]
mod prek;
#[cfg(unix)]
mod recipe;
pub(crate) mod repo;
#[cfg(unix)]
mod shells;
pub(crate) mod tool;
mod uv;
#[cfg(unix)]
mod windows;
#[cfg(unix)]
mod xtask;
