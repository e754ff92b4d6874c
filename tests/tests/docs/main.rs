//! What the pages show is what there is: resources that are taken, commands that run, a ToR that takes its lines.

mod commands;
mod quick_start;
mod resources;
