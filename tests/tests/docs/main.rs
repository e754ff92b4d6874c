//! What the pages show is what there is: resources that are taken, commands and values that run.

mod commands;
mod resources;
