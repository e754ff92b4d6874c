//! The pod of `charts/novaroute`, run by podman from the images that `make images` builds: the agent and FRR in the network of
//! a node, and a router of the rack outside it.
//!
//! The images hold the binaries of the code at hand, static as those that ship, without optimisation. FRR in the pod is the
//! image's; the tests for each release are about the router of the rack.

mod announced;
mod cluster;
mod companion;
mod images;
mod kubelet;
mod node;
mod podman;
mod rights;
