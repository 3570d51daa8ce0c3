//! Memory that a thread keeps from one call to the next: large allocations are costly, since the
//! system hands out their pages one by one.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// A line of the cache.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

thread_local! {
    /// Sorted by length.
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Values of any value, from the start of a line of the cache on. Dropped, they are there for the
/// next taker.
///
/// (Not a function that takes a closure: the closure's code would be compiled without the
/// instruction set of its surroundings.)
pub(crate) struct Scratch {
    lines: Vec<Line>,
    len: usize,
}

/// Takes `len` values.
pub(crate) fn take(len: usize) -> Scratch {
    let fits = |lines: &Vec<Line>| lines.len() * 16 >= len;
    let lines = FREE.with_borrow_mut(|free| {
        // The smallest that is large enough, else none: the largest is replaced.
        let place = free.partition_point(|lines| !fits(lines));
        if place < free.len() { Some(free.remove(place)) } else { free.pop().filter(fits) }
    });
    let lines = lines.unwrap_or_else(|| vec![Line([0.0; 16]); len.div_ceil(16)]);
    Scratch { lines, len }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        FREE.with_borrow_mut(|free| {
            let place = free.partition_point(|other| other.len() < lines.len());
            free.insert(place, lines);
        });
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a line is 16 values without a gap, and there are `len` of them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}
