//! Checks of sizes. The kernels trust sizes whose products fit slices.

use std::fmt::Debug;

/// The product of some sizes of `whose`.
///
/// # Panics
///
/// If it is more than a slice can have: no part of it may wrap around, not even where another size
/// is 0.
#[track_caller]
pub(crate) fn product(sizes: &[usize], whose: &impl Debug) -> usize {
    let all = sizes.iter().try_fold(1_usize, |all, &n| all.checked_mul(n.max(1)));
    assert!(all.is_some_and(|n| n <= isize::MAX as usize / 4), "sizes overflow: {whose:?}");
    sizes.iter().product()
}

/// Pixels of a padded side, and from the first to the last tap of a kernel, both included:
/// `size + 2 padding` and `dilation (kernel - 1) + 1`.
///
/// # Panics
///
/// If one is beyond this machine's memory.
#[track_caller]
pub(crate) fn span_and_reach(
    size: usize,
    padding: usize,
    kernel: usize,
    dilation: usize,
    whose: &impl Debug,
) -> [usize; 2] {
    let span = padding.checked_mul(2).and_then(|p| p.checked_add(size));
    let reach = dilation.checked_mul(kernel - 1).and_then(|r| r.checked_add(1));
    [span, reach].map(|n| {
        let n = n.filter(|&n| n <= isize::MAX as usize);
        n.unwrap_or_else(|| panic!("sizes overflow: {whose:?}"))
    })
}

/// # Panics
///
/// If one of the values is 0, which is told by name, or beyond this machine's memory.
#[track_caller]
pub(crate) fn positive(numbers: &[(&str, [usize; 2])], whose: &impl Debug) {
    for (name, sides) in numbers {
        assert!(!sides.contains(&0), "the {name} is positive, not {sides:?}: {whose:?}");
        assert!(sides.iter().all(|&n| n <= isize::MAX as usize), "sizes overflow: {whose:?}");
    }
}
