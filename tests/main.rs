//! The integration tests, linked into one binary.

mod adapt;
mod data;
mod device;
mod explain;
mod generate;
mod house;
mod image;
mod models;
mod ops;
mod support;
mod threads;
mod train;
mod transfer;
