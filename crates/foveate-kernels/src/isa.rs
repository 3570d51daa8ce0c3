//! Instruction sets, and the choice among them at run time.

use std::env;
use std::sync::LazyLock;

/// An instruction set that the kernels have a path for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// Vectors of 16 values, 32 registers.
    Avx512,
    /// Vectors of 8 values, 16 registers.
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
    /// `avx2`, `portable`) asks for another; one that is unknown, or that the processor lacks, is
    /// passed over, and the error stream told so once.
    pub fn best() -> Self {
        static BEST: LazyLock<Isa> = LazyLock::new(|| {
            let fastest = Isa::ALL.into_iter().find(|isa| isa.is_available());
            let fastest = fastest.unwrap_or(Isa::Portable);
            let names = Isa::ALL.map(|isa| (format!("{isa:?}").to_lowercase(), isa));
            match asked("FOVEATE_ISA", &names) {
                Some(isa) if !isa.is_available() => {
                    eprintln!("FOVEATE_ISA: this processor has no {isa:?}; taking {fastest:?}");
                    fastest
                }
                isa => isa.unwrap_or(fastest),
            }
        });
        *BEST
    }
}

/// What an environment variable asks for by one of these names, in letters of any size. A name
/// that is none of them is told.
pub(crate) fn asked<T: Copy>(variable: &str, names: &[(String, T)]) -> Option<T> {
    let found = env::var_os(variable).filter(|found| !found.is_empty())?;
    let asked = found.to_string_lossy().to_lowercase();
    let named = names.iter().find(|(name, _)| *name == asked);
    if named.is_none() {
        let names: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        eprintln!("{variable} is {found:?}, which is passed over: expected {}", names.join(", "));
    }
    named.map(|&(_, named)| named)
}
