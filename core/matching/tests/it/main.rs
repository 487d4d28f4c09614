//! Properties of the matcher over random worlds, and real records with odd versions.

mod commits;
mod kernel;
mod keys;
mod oddities;
mod orders;
mod parts;
mod rules;
mod worlds;
