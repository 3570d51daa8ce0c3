//! The layouts inside: channels in blocks, so that a vector holds 16 channels of one pixel.

use rayon::prelude::*;

use crate::conv::Conv2d;

/// Channels of the input that lie side by side.
pub(crate) const BLOCK: usize = 16;

/// An input `[n, c, h, w]` as `[n, groups, c / groups / 16, h + 2p, w + 2p, 16]`, padded with zeros.
pub(crate) struct Blocked {
    pub values: Vec<f32>,
    /// Height and width with the padding.
    pub size: [usize; 2],
    /// Blocks of a group.
    pub blocks: usize,
}

impl Blocked {
    /// Numbers in one block.
    pub fn plane(&self) -> usize {
        self.size[0] * self.size[1] * BLOCK
    }
}

pub(crate) fn block_input(spec: &Conv2d, input: &[f32]) -> Blocked {
    let [h, w] = spec.input;
    let size = [h + 2 * spec.padding[0], w + 2 * spec.padding[1]];
    let channels = spec.channels_in / spec.groups;
    let blocks = channels.div_ceil(BLOCK);
    let mut values = vec![0.0; spec.batch * spec.groups * blocks * size[0] * size[1] * BLOCK];
    let plane = size[0] * size[1] * BLOCK;
    if plane > 0 && blocks > 0 {
        values.par_chunks_mut(plane).enumerate().for_each(|(i, block)| {
            let (group, first) = (i / blocks, i % blocks * BLOCK);
            let maps = &input[(group * channels + first) * h * w..];
            for c in 0..BLOCK.min(channels - first) {
                for (y, row) in maps[c * h * w..][..h * w].chunks_exact(w.max(1)).enumerate() {
                    let start = ((y + spec.padding[0]) * size[1] + spec.padding[1]) * BLOCK + c;
                    for (x, &value) in row.iter().enumerate() {
                        block[start + x * BLOCK] = value;
                    }
                }
            }
        });
    }
    Blocked { values, size, blocks }
}

/// A weight `[out, in / groups, kh, kw]` as
/// `[groups, out / groups / lanes, in / groups / 16, kh, kw, <= 16 channels in, lanes out]`, the order
/// in which the micro kernel reads it; the last block of channels in is as long as it is.
pub(crate) fn block_weight(spec: &Conv2d, weight: &[f32], lanes: usize) -> Vec<f32> {
    let [channels_in, channels_out] =
        [spec.channels_in, spec.channels_out].map(|channels| channels / spec.groups);
    let taps = spec.kernel[0] * spec.kernel[1];
    let blocks = channels_out.div_ceil(lanes);
    let block_len = channels_in * taps * lanes;
    let mut values = vec![0.0; spec.groups * blocks * block_len];
    if block_len > 0 {
        values.par_chunks_mut(block_len).enumerate().for_each(|(i, block)| {
            let (group, first) = (i / blocks, i % blocks * lanes);
            let mut at = 0;
            for block_in in (0..channels_in).step_by(BLOCK) {
                for tap in 0..taps {
                    for c in block_in..channels_in.min(block_in + BLOCK) {
                        for lane in 0..lanes.min(channels_out - first) {
                            let out = group * channels_out + first + lane;
                            block[at + lane] = weight[(out * channels_in + c) * taps + tap];
                        }
                        at += lanes;
                    }
                }
            }
        });
    }
    values
}
