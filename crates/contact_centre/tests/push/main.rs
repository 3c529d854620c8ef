//! The log as readers of streams and pulls get it.

mod cut;
mod live;
mod pulled;
mod slow;
mod start;
mod support;
mod who;
