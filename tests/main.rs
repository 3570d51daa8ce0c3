//! The integration tests, linked into one binary.

mod devices;
mod networks;
mod pictures;
mod real;
mod weights;
