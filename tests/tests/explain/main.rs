//! Why something is, or is not, announced or up: each step broken on purpose, and the right one named.

mod bfd;
mod doctor;
mod ospf;
mod peer;
mod prefix;
