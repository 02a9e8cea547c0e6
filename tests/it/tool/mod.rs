//! Tool lockfiles: what the original systems compute and write, and the commands on projects that git keeps.

mod integrity;
mod second;
mod vectors;
mod walk;
