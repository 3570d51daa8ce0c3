//! Images as sums of waves.

use foveate::burn::tensor::{Device, Tensor, TensorData, s};
use foveate::explain::visualize::FourierImage;

use crate::support::close::{difference, values_of};
use crate::support::devices;

/// A spectrum of sines, for the numbers below.
fn sines([h, w]: [usize; 2], device: &Device) -> Tensor<4> {
    let shape = [1, 1, 2 * h, w / 2 + 1];
    let count: usize = shape.iter().product();
    let sines: Vec<f32> = (0..count).map(|i| (0.7 * i as f64 + 1.0).sin() as f32).collect();
    Tensor::from_data(TensorData::new(sines, shape), device)
}

/// `torch.fft.irfft2((real + i imaginary) * scale, s=(h, w), norm="ortho") / 4` in f64.
#[test]
fn waves_are_pytorchs() {
    let golden: [([usize; 2], [f32; 12]); 2] = [
        (
            [3, 4],
            [
                0.3092222, -0.1874525, -0.1529167, 0.2737098, 1.2621482, -0.7784388, -0.384501,
                0.5618101, 1.1674628, -0.3114763, -0.1589767, 1.31435,
            ],
        ),
        (
            [4, 3],
            [
                0.1740533, -0.0703394, 0.1799532, -0.1062754, -0.8767596, 0.2703874, 0.5243587,
                -0.1928559, 0.3124162, 2.0971243, -0.0228599, 0.6257382,
            ],
        ),
    ];
    for chosen in devices::all() {
        for (size, golden) in golden {
            let image = FourierImage::new(size, 1.0, &chosen.device).unwrap();
            let off = difference(&values_of(&image.waves(sines(size, &chosen.device))), &golden);
            assert!(off < 1e-6, "{chosen}, {size:?}: {off}");
        }
    }
}

/// Every pixel as the sum of all its waves in f64, each frequency of the right half and its mirror
/// image in the left. Tolerance: f32 sums of 20 * 21 waves of up to 20 * 2 / 4.
#[test]
fn waves_are_the_direct_sum() {
    let device = devices::any();
    for [h, w] in [[20, 21], [21, 20], [1, 1], [1, 6], [5, 1]] {
        let image = FourierImage::new([h, w], 1.0, &device).unwrap();
        let spectrum = sines([h, w], &device);
        let found = values_of(&image.waves(spectrum.clone()));
        let (s, half) = (values_of(&spectrum), w / 2 + 1);
        let mut expected = Vec::new();
        for (y, x) in (0..h * w).map(|i| (i / w, i % w)) {
            let mut sum = 0.0;
            for (k, l) in (0..h * half).map(|i| (i / half, i % half)) {
                let signed = if 2 * k > h { k as f64 - h as f64 } else { k as f64 };
                let frequency = (signed / h as f64).hypot(l as f64 / w as f64);
                let scale = 1.0 / frequency.max(1.0 / h.max(w) as f64);
                let turns = (k * y) as f64 / h as f64 + (l * x) as f64 / w as f64;
                let (sin, cos) = (std::f64::consts::TAU * turns).sin_cos();
                let [re, im] = [s[k * half + l], s[(h + k) * half + l]].map(f64::from);
                let mirrored = l > 0 && 2 * l != w;
                let waves = if mirrored { 2.0 } else { 1.0 };
                sum += waves * scale * (re * cos - im * sin);
            }
            expected.push((sum / ((h * w) as f64).sqrt() / 4.0) as f32);
        }
        let off = difference(&found, &expected);
        assert!(off < 1e-5, "{h}x{w}: {off}");
    }
}

/// The columns of lucid's `color_correlation_normalized`, as NumPy prints them.
#[test]
fn colors_are_lucids() {
    let device = devices::any();
    let image = FourierImage::new([1, 1], 1.0, &device).unwrap();
    let lucid = [
        [0.5628285, 0.5844758, 0.5844758],
        [0.1948252, 0.0, -0.1948252],
        [0.0432945, -0.1082362, 0.0649417],
    ];
    for (color, expected) in lucid.into_iter().enumerate() {
        // A constant of 1 in one independent color: 4 is divided by.
        let spectrum = Tensor::<4>::zeros([1, 3, 2, 1], &device);
        let spectrum = spectrum.slice_fill(s![.., color, 0, ..], 4.0);
        let found = values_of(image.pixels(spectrum).tensor());
        let logits: Vec<f32> = found.iter().map(|p| (p / (1.0 - p)).ln()).collect();
        assert!(difference(&logits, &expected) < 1e-6, "{logits:?}");
    }
}
