//! Sets of images in memory.

use foveate::data::Images;

use crate::support::close::values;
use crate::support::devices;

#[test]
fn batches_hold_the_images() {
    let pixels: Vec<u8> = (0..2 * 2 * 3 * 3).map(|i| i * 7).collect();
    let color = Images { height: 2, width: 3, channels: 3, pixels, labels: vec![4, 5] };
    let gray = Images { channels: 1, pixels: (0..12).collect(), ..color.clone() };
    for set in [&color, &gray] {
        let batch = set.batch(&[1, 0, 1], &devices::any());
        assert_eq!(batch.tensor().dims(), [3, 3, 2, 3]);
        for (image, at) in batch.to_images().iter().zip([1, 0, 1]) {
            assert_eq!(*image, set.image(at));
            for (x, y, pixel) in image.enumerate_pixels() {
                let from = &set.bytes(at)[(y as usize * 3 + x as usize) * set.channels..];
                let expected = [0, 1, 2].map(|channel: usize| from[channel.min(set.channels - 1)]);
                assert_eq!(pixel.0, expected);
            }
        }
    }
    // Mean and deviation of both sets together, as their normalized pixels have them.
    let preprocessing = Images::preprocessing(&[&color, &gray]);
    let all = [&color, &gray].map(|set| {
        let input = preprocessing.normalize(&set.batch(&[0, 1], &devices::any())).into_tensor();
        values(input.into_data())
    });
    for channel in 0..3 {
        let of_channel: Vec<f64> = all
            .iter()
            .flat_map(|values| values.chunks(6).skip(channel).step_by(3).flatten())
            .map(|&value| value.into())
            .collect();
        let n = of_channel.len() as f64;
        let mean = of_channel.iter().sum::<f64>() / n;
        let variance = of_channel.iter().map(|value| value * value).sum::<f64>() / n;
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
    }
}
