//! What FRR tells by itself: at once, and all of it.

mod push;
