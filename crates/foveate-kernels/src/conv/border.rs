//! Taps beside the image. There the products have zeros, which add nothing to a sum unless the
//! weight, or the gradient, is infinite: 0 times infinity is no number.

use rayon::prelude::*;

use super::gathered_product::GatheredProduct;
use super::im2col::{Order, View};
use super::spec::Conv2d;

/// Takes the outputs anew, of the taps inside the image alone, that are NaN by a weight beside it.
pub(crate) fn mend(product: &GatheredProduct<'_>) {
    let view = &product.view;
    if !reaches_beside(view) {
        return;
    }
    let corners = corners(view);
    let suspects = (0..product.groups * product.channels[1]).filter(|&channel| {
        // SAFETY: the product's threads are done.
        let nan = |&at: &[usize; 2]| unsafe { product.output(0, channel, at).read() }.is_nan();
        corners.iter().any(nan)
            && !product.weights_of(channel).iter().all(|weight| weight.is_finite())
    });
    suspects.collect::<Vec<_>>().into_par_iter().for_each(|channel| {
        let places = (0..view.batch * view.grid[0] * view.grid[1]).map(|i| {
            let [height, width] = view.grid;
            (i / width / height, [i / width % height, i % width])
        });
        for (image, at) in places {
            // SAFETY: this channel is this thread's alone.
            unsafe {
                let output = product.output(image, channel, at);
                if output.read().is_nan() {
                    output.write(output_of(product, image, channel, at));
                }
            }
        }
    });
}

/// Takes the gradients of taps anew, of the pixels inside the image alone, that are NaN by an output's
/// gradient that meets the tap beside it.
pub(crate) fn mend_gradient(
    spec: &Conv2d,
    view: &View,
    input: &[f32],
    output_gradient: &[f32],
    weight_gradient: &mut [f32],
) {
    if !reaches_beside(view) {
        return;
    }
    let taps = view.taps.len();
    let [channels_in, channels_out] =
        [spec.channels_in, spec.channels_out].map(|c| c / spec.groups);
    let plane = view.grid[0] * view.grid[1];
    let gradient = |image: usize, channel: usize| {
        &output_gradient[(image * spec.channels_out + channel) * plane..][..plane]
    };
    // An output that has a tap beside the image has the first or the last tap there.
    let rows = weight_gradient.chunks_exact_mut(channels_in * taps).enumerate();
    let suspects = rows.filter(|(channel, sums)| {
        let finite = |image| gradient(image, *channel).iter().all(|g| g.is_finite());
        (sums[0].is_nan() || sums[taps - 1].is_nan()) && !(0..spec.batch).all(finite)
    });
    suspects.collect::<Vec<_>>().into_par_iter().for_each(|(channel, sums)| {
        for (k, sum) in sums.iter_mut().enumerate().filter(|(_, sum)| sum.is_nan()) {
            let (c, tap) = (channel / channels_out * channels_in + k / taps, view.taps[k % taps]);
            let products = (0..spec.batch).flat_map(|image| {
                let first = (image * spec.channels_in + c) * view.size[0];
                let gradient = gradient(image, channel).iter().enumerate();
                gradient.filter_map(move |(i, &g)| {
                    let at = [i / view.grid[1], i % view.grid[1]];
                    let [row, column] = seen(view, at, tap)?;
                    Some(f64::from(g) * f64::from(input[(first + row) * view.size[1] + column]))
                })
            });
            *sum = total(products);
        }
    });
}

/// The first and the last pixel of the grid: a tap that is ever beside the image is so for one of
/// them.
fn corners(view: &View) -> [[usize; 2]; 2] {
    [[0, 0], view.grid.map(|n| n - 1)]
}

/// Whether any tap of any pixel is beside the image.
fn reaches_beside(view: &View) -> bool {
    let beside = |at| view.taps.iter().any(|&tap| seen(view, at, tap).is_none());
    corners(view).into_iter().any(beside)
}

/// The pixel of the input that a tap of a pixel of the grid sees, if it is inside.
fn seen(view: &View, at: [usize; 2], tap: [isize; 2]) -> Option<[usize; 2]> {
    let seen = |i: usize| {
        let at = (at[i] * view.stride[i]).checked_add_signed(tap[i])?;
        (at < view.size[i]).then_some(at)
    };
    Some([seen(0)?, seen(1)?])
}

/// An output of the taps inside the image.
fn output_of(product: &GatheredProduct<'_>, image: usize, channel: usize, at: [usize; 2]) -> f32 {
    let view = &product.view;
    let (taps, channels) = (view.taps.len(), product.channels[0]);
    let first = image * product.groups * channels + channel / product.channels[1] * channels;
    let weights = product.weights_of(channel);
    let products = view.taps.iter().enumerate().flat_map(|(t, &tap)| {
        let inside = seen(view, at, tap).into_iter();
        inside.flat_map(move |[row, column]| {
            (0..channels).map(move |c| {
                let weight = weights[match view.order {
                    Order::Channels => c * taps + t,
                    Order::Taps => t * channels + c,
                }];
                let row = (first + c) * view.size[0] + row;
                f64::from(weight) * f64::from(product.input[row * view.size[1] + column])
            })
        })
    });
    product.activation.of(product.bias.map_or(0.0, |bias| bias[channel]) + total(products))
}

/// The sum, of which no more is taken once it is NaN: it stays so.
fn total(mut products: impl Iterator<Item = f64>) -> f32 {
    let sum = products.try_fold(0.0, |sum, product| {
        let sum = sum + product;
        if f64::is_nan(sum) { None } else { Some(sum) }
    });
    sum.map_or(f32::NAN, |sum| sum as f32)
}
