//! One body of code, compiled for each instruction set.

use std::cell::Cell;

use crate::isa::Isa;

/// Runs `body` as compiled for this instruction set, and tells it which one that is: a constant in
/// each copy. A body is inlined whole only if it and all it calls are `#[inline(always)]`.
///
/// # Panics
///
/// If this processor lacks the instruction set.
#[inline(always)]
pub(crate) fn on<R>(isa: Isa, body: impl FnOnce(Isa) -> R) -> R {
    assert!(isa.is_available(), "this processor has no {isa:?}");
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has the instruction set, as asserted above.
        Isa::Avx512 => unsafe { x86::avx512(body) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { x86::avx2(body) },
        _ => body(Isa::Portable),
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use crate::isa::Isa;

    /// # Safety
    ///
    /// The processor has AVX-512F.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512<R>(body: impl FnOnce(Isa) -> R) -> R {
        body(Isa::Avx512)
    }

    /// # Safety
    ///
    /// The processor has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2<R>(body: impl FnOnce(Isa) -> R) -> R {
        body(Isa::Avx2)
    }
}

thread_local! {
    static CHOSEN: Cell<Option<Isa>> = const { Cell::new(None) };
}

/// The instruction set of the kernels that this thread calls.
pub(crate) fn current() -> Isa {
    CHOSEN.get().unwrap_or_else(Isa::best)
}

/// Runs `body`; the kernels that it calls on this thread use this instruction set, but for those of a
/// [`Plan`](crate::Plan) that names another. For tests.
///
/// # Panics
///
/// If this processor lacks the instruction set.
#[doc(hidden)]
pub fn with_isa<R>(isa: Isa, body: impl FnOnce() -> R) -> R {
    struct Reset(Option<Isa>);
    impl Drop for Reset {
        fn drop(&mut self) {
            CHOSEN.set(self.0);
        }
    }
    assert!(isa.is_available(), "this processor has no {isa:?}");
    let _reset = Reset(CHOSEN.replace(Some(isa)));
    body()
}
