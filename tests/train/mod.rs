//! Training.

mod schedule;
