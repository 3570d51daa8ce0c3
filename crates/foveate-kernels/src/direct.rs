//! Direct convolution: every output is a sum over channels and taps, for a tile of pixels in a row
//! and 32 (or 16) channels at once, held in registers from the first product to the last.

use rayon::prelude::*;

use crate::conv::{Activation, Conv2d};
use crate::isa::Isa;
use crate::layout::{BLOCK, Blocked, block_input, block_weight};
use crate::simd::{Portable, Simd, Sums, Tile};

pub(crate) fn forward(
    isa: Isa,
    spec: &Conv2d,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    activation: Activation,
    output: &mut [f32],
) {
    let channels_out = spec.channels_out / spec.groups;
    let lanes = if channels_out > BLOCK { 2 * BLOCK } else { BLOCK };
    let blocked = block_input(spec, input);
    let weights = block_weight(spec, weight, lanes);
    let pass = Pass {
        spec,
        input: &blocked,
        weights: &weights,
        bias,
        activation,
        lanes,
        output: Output(output.as_mut_ptr()),
    };
    let run: fn(&Pass<'_>, Task) = match (isa, lanes) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller has checked that the processor has the instruction set.
        (Isa::Avx512, BLOCK) => |pass, task| unsafe { x86::avx512::<1>(pass, task) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        (Isa::Avx512, _) => |pass, task| unsafe { x86::avx512::<2>(pass, task) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        (Isa::Avx2, BLOCK) => |pass, task| unsafe { x86::avx2::<1>(pass, task) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        (Isa::Avx2, _) => |pass, task| unsafe { x86::avx2::<2>(pass, task) },
        // SAFETY: arrays need no instruction set.
        (_, BLOCK) => |pass, task| unsafe { rows::<Portable, 1>(pass, task) },
        // SAFETY: as above.
        (_, _) => |pass, task| unsafe { rows::<Portable, 2>(pass, task) },
    };

    // Each task is some rows of one block of channels: enough tasks to keep all threads busy.
    let [height, _] = spec.output();
    let blocks = channels_out.div_ceil(lanes);
    let planes = spec.batch * spec.groups * blocks;
    let parts = (8 * rayon::current_num_threads()).div_ceil(planes).min(height);
    (0..planes * parts).into_par_iter().for_each(|i| {
        let (plane, part) = (i / parts, i % parts);
        let task = Task {
            image: plane / blocks / spec.groups,
            group: plane / blocks % spec.groups,
            block: plane % blocks,
            rows: [part * height / parts, (part + 1) * height / parts],
        };
        run(&pass, task);
    });
}

/// Everything a task reads, and where it writes.
struct Pass<'a> {
    spec: &'a Conv2d,
    input: &'a Blocked,
    weights: &'a [f32],
    bias: Option<&'a [f32]>,
    activation: Activation,
    lanes: usize,
    output: Output,
}

/// The output, to which tasks write at the same time, each its own rows of its own channels.
struct Output(*mut f32);

// SAFETY: tasks write to disjoint places.
unsafe impl Sync for Output {}

/// The output rows `rows[0]..rows[1]` of one picture, group and block of channels.
#[derive(Clone, Copy)]
struct Task {
    image: usize,
    group: usize,
    block: usize,
    rows: [usize; 2],
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Pass, Task, rows};
    use crate::simd::{Avx2, Avx512};

    /// # Safety
    ///
    /// The processor has AVX-512F.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512<const V: usize>(pass: &Pass<'_>, task: Task) {
        // SAFETY: the instruction set is enabled here.
        unsafe { rows::<Avx512, V>(pass, task) }
    }

    /// # Safety
    ///
    /// The processor has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2<const V: usize>(pass: &Pass<'_>, task: Task) {
        // SAFETY: the instruction set is enabled here.
        unsafe { rows::<Avx2, V>(pass, task) }
    }
}

/// All tiles of a task.
///
/// # Safety
///
/// As for [`Simd`]; `pass.lanes` is `16 * V`, and no other task has these rows.
#[inline(always)]
unsafe fn rows<S: Simd, const V: usize>(pass: &Pass<'_>, task: Task) {
    let Pass { spec, input, .. } = *pass;
    let [height, width] = spec.output();
    let channels_in = spec.channels_in / spec.groups;
    let channels_out = spec.channels_out / spec.groups;
    let first = task.block * pass.lanes;
    let used = pass.lanes.min(channels_out - first);
    let channel = task.group * channels_out + first;
    let bias = pass.bias.map(|bias| &bias[channel..channel + used]);

    let weights_len = channels_in * spec.kernel[0] * spec.kernel[1] * pass.lanes;
    let blocks_out = channels_out.div_ceil(pass.lanes);
    let weights =
        &pass.weights[(task.group * blocks_out + task.block) * weights_len..][..weights_len];
    let planes = input.blocks * input.plane();
    let maps = &input.values[(task.image * spec.groups + task.group) * planes..][..planes];

    for y in task.rows[0]..task.rows[1] {
        let mut x = 0;
        while x < width {
            let pixels = S::PIXELS.min(width - x);
            let start = (y * spec.stride[0] * input.size[1] + x * spec.stride[1]) * BLOCK;
            let tile = Tile {
                input: maps[start..].as_ptr(),
                plane: input.plane(),
                taps: [spec.dilation[0] * input.size[1] * BLOCK, spec.dilation[1] * BLOCK],
                step: spec.stride[1] * BLOCK,
                weights: weights.as_ptr(),
                channels: channels_in,
                kernel: spec.kernel,
            };
            let mut sums = Sums::default();
            // SAFETY: every pixel of the tile is inside the output, so every tap of it is inside
            // the padded input; the weights of a block are as many as channels, taps and lanes.
            unsafe { products::<S, V>(pixels, &tile, &mut sums) };

            for lane in 0..used {
                let bias = bias.map_or(0.0, |bias| bias[lane]);
                let at =
                    ((task.image * spec.channels_out + channel + lane) * height + y) * width + x;
                for (p, sum) in sums[..pixels].iter().enumerate() {
                    let value = activate(sum[lane] + bias, pass.activation);
                    // SAFETY: the index is of an output value of this task.
                    unsafe { *pass.output.0.add(at + p) = value };
                }
            }
            x += pixels;
        }
    }
}

#[inline(always)]
fn activate(x: f32, activation: Activation) -> f32 {
    match activation {
        Activation::None => x,
        // NaN is not hidden.
        Activation::Relu => {
            if x < 0.0 {
                0.0
            } else {
                x
            }
        }
        Activation::LeakyRelu(slope) => {
            if x > 0.0 {
                x
            } else {
                slope * x
            }
        }
    }
}

/// The micro kernel for as many pixels as there are.
///
/// # Safety
///
/// As for [`Simd::micro`]; `pixels` is at most `S::PIXELS`.
#[inline(always)]
unsafe fn products<S: Simd, const V: usize>(pixels: usize, tile: &Tile, sums: &mut Sums) {
    macro_rules! of {
        ($($n:literal)*) => {
            match pixels {
                // Widths that an instruction set does not have are left out of its code.
                // SAFETY: by the contract of this function.
                $($n if $n <= S::PIXELS => unsafe { S::micro::<V, $n>(tile, sums) },)*
                _ => unreachable!("a tile has 1 to {} pixels", S::PIXELS),
            }
        };
    }
    of!(14 1 2 3 4 5 6 7 8 9 10 11 12 13)
}
