//! Properties of the matcher over random worlds.

mod keys;
mod orders;
mod worlds;
