//! Instruction sets, and the choice among them at run time.

use std::env;
use std::sync::LazyLock;

/// An instruction set that the kernels have a path for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// Vectors of 16 numbers, 32 registers.
    Avx512,
    /// Vectors of 8 numbers, 16 registers.
    Avx2,
    /// What the compiler makes of arrays: for every processor.
    Portable,
}

impl Isa {
    /// All of them, the fastest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Portable];

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            Self::Portable => true,
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The fastest that this processor has. The environment variable `FOVEATE_ISA` (`avx512`,
    /// `avx2`, `portable`) asks for another, and is passed over where the processor lacks it.
    pub fn best() -> Self {
        static BEST: LazyLock<Isa> = LazyLock::new(|| {
            let asked = env::var("FOVEATE_ISA").unwrap_or_default().to_lowercase();
            let available = || Isa::ALL.into_iter().filter(|isa| isa.is_available());
            let named = available().find(|isa| format!("{isa:?}").to_lowercase() == asked);
            named.or_else(|| available().next()).unwrap_or(Isa::Portable)
        });
        *BEST
    }
}
