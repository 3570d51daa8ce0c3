//! Vectors and tiles for each instruction set: one file each, behind [`Simd`].

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;
mod product;
mod run;
mod vector;

pub(crate) use run::run;
pub(crate) use vector::{COLUMNS, LANES, Lanes, Product, ROWS, Simd, Work};
