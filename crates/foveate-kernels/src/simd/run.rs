//! [`run`]: work on an instruction set.

use super::portable::Portable;
use super::vector::Work;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};
use crate::isa::Isa;

/// Does the work with an instruction set.
///
/// # Panics
///
/// If the processor lacks it.
pub(crate) fn run(isa: Isa, work: impl Work) {
    assert!(isa.is_available(), "this processor has no {isa:?}");
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has it.
        Isa::Avx512 => unsafe { avx512::with_avx512(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has it.
        Isa::Avx2 => unsafe { avx2::with_avx2(work) },
        // SAFETY: arrays need no instruction set.
        _ => unsafe { work.run::<Portable>() },
    }
}
