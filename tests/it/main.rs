//! End to end: the program as people run it, in repositories made by the real git.

mod cli;
mod git;
mod hostile;
mod paths;
mod support;
