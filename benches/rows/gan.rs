//! The library's own adversarial training, bytes to weights.

use foveate::burn::tensor::Device;
use foveate::data::digits;
use foveate::generate::GanTraining;
use foveate::models::GanConfig;

/// Four iterations on `batch` images each, as in PyTorch's DCGAN example: the discriminator's step, then
/// the generator's.
pub fn iterations(config: GanConfig, batch: usize, device: &Device) -> impl FnMut() + use<> {
    let images = digits(4 * batch, 0).resized(32, 32);
    let settings = GanTraining { iterations: 4, batch, ..Default::default() };
    let (generator, discriminator) = (config.generator(device), config.discriminator(device));
    move || {
        let made = settings.run(generator.clone(), discriminator.clone(), &images);
        made.expect("digits are learned");
    }
}
