//! Draws a digit, names it, and explains why, with nothing but foveate.

use foveate::data::digits;
use foveate::explain::{Attribution, Saliency, Target};
use foveate::image::HeatMap;
use foveate::models::LeNet;
use foveate::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let chosen = foveate::device("auto")?;
    let classifier = LeNet::digits(&chosen.device)?;
    let image = digits(1, 0).image(0);
    let guess = classifier.classify(std::slice::from_ref(&image), 1)?.remove(0).remove(0);
    println!("{chosen}: a {} ({:.1} %)", guess.label, 100.0 * guess.probability);

    let pixels = classifier.preprocessing().pixels(&[image], &chosen.device)?;
    let map: Tensor<4> = Saliency.attribute(&classifier, pixels.tensor(), &Target::Predicted)?;
    assert_eq!(map.dims(), [1, 3, 28, 28]);
    let drawn = HeatMap::default().draw_batch(&map.sum_dim(1)).remove(0);
    println!("explained: {}x{} pixels", drawn.width(), drawn.height());

    // burn itself, of the version that foveate is built on.
    let ones = foveate::burn::tensor::Tensor::<2>::ones([2, 2], &chosen.device);
    assert_eq!(ones.sum().into_scalar::<f32>(), 4.0);
    Ok(())
}
