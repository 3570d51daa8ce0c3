//! Loops over slices in blocks of a known length, which the compiler makes vectors of, also where
//! slices are short; and sums in a fixed order.

/// Values in the largest block: a multiple of every vector's length.
const LANES: usize = 16;

/// What the compiler makes of a plain loop works on up to this many values at a time, and on what
/// is left one by one.
const UNROLLED: usize = 64;

/// Replaces each `y` by `f(y, x)`. Where one slice is longer, its rest is left out.
#[inline(always)]
pub(crate) fn update<T: Copy>(ys: &mut [f32], xs: &[T], f: impl Fn(f32, T) -> f32) {
    let len = ys.len().min(xs.len());
    let (long, ys) = ys[..len].split_at_mut(len - len % UNROLLED);
    let (long_xs, xs) = xs[..len].split_at(long.len());
    for (y, &x) in long.iter_mut().zip(long_xs) {
        *y = f(*y, x);
    }
    let (ys, xs) = blocks::<LANES, T>(ys, xs, &f);
    let (ys, xs) = blocks::<8, T>(ys, xs, &f);
    let (ys, xs) = blocks::<4, T>(ys, xs, &f);
    for (y, &x) in ys.iter_mut().zip(xs) {
        *y = f(*y, x);
    }
}

/// [`update`] as far as whole blocks go; returns the rest.
#[inline(always)]
fn blocks<'y, 'x, const N: usize, T: Copy>(
    ys: &'y mut [f32],
    xs: &'x [T],
    f: impl Fn(f32, T) -> f32,
) -> (&'y mut [f32], &'x [T]) {
    let (y_blocks, y_rest) = ys.as_chunks_mut::<N>();
    let (x_blocks, x_rest) = xs.as_chunks::<N>();
    for (ys, xs) in y_blocks.iter_mut().zip(x_blocks) {
        // Read whole before it is written: vectors, whether or not the slices may overlap.
        let (mut block, xs) = (*ys, *xs);
        for lane in 0..N {
            block[lane] = f(block[lane], xs[lane]);
        }
        *ys = block;
    }
    (y_rest, x_rest)
}

/// Replaces each `y` by `f(y)`.
#[inline(always)]
pub(crate) fn map(ys: &mut [f32], f: impl Fn(f32) -> f32) {
    let whole = ys.len() - ys.len() % UNROLLED;
    let (long, ys) = ys.split_at_mut(whole);
    for y in long {
        *y = f(*y);
    }
    // Nothing is beside each number, and takes no place.
    let nothing = [(); UNROLLED];
    update(ys, &nothing, |y, ()| f(y));
}

/// A sum of `f32` in `f64`: exact but for the last bits, at the speed of memory. Its order depends
/// on nothing but the lengths of what is added.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sum([f64; LANES]);

impl Sum {
    /// Adds `f(x)` for all `x`.
    #[inline(always)]
    pub(crate) fn add(&mut self, xs: &[f32], f: impl Fn(f32) -> f64) {
        self.add_pairs(xs, xs, |x, _| f(x));
    }

    /// Adds `f(x, y)` for all pairs.
    #[inline(always)]
    pub(crate) fn add_pairs(&mut self, xs: &[f32], ys: &[f32], f: impl Fn(f32, f32) -> f64) {
        let (x_blocks, x_rest) = xs.as_chunks::<LANES>();
        let (y_blocks, y_rest) = ys.as_chunks::<LANES>();
        let mut sums = self.0;
        for (xs, ys) in x_blocks.iter().zip(y_blocks) {
            for lane in 0..LANES {
                sums[lane] += f(xs[lane], ys[lane]);
            }
        }
        let mut rest = [0.0; LANES];
        for (lane, (&x, &y)) in rest.iter_mut().zip(x_rest.iter().zip(y_rest)) {
            *lane = f(x, y);
        }
        for lane in 0..LANES {
            sums[lane] += rest[lane];
        }
        self.0 = sums;
    }

    /// The whole.
    #[inline(always)]
    pub(crate) fn total(&self) -> f64 {
        self.0.iter().sum()
    }
}
