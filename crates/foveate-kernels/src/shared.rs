//! [`Output`]: a pointer that threads share.

/// An output to which threads write at the same time, each its own places.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output(pub *mut f32);

impl Output {
    /// The output from its number `at` on.
    pub fn offset(self, at: usize) -> Self {
        Self(self.0.wrapping_add(at))
    }
}

// SAFETY: threads write to disjoint places.
unsafe impl Send for Output {}
// SAFETY: as above.
unsafe impl Sync for Output {}
