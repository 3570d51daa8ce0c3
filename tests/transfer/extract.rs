//! Features of images and folders.

use foveate::data::ImageFolder;
use foveate::image::{ImageError, Pixels, Resize, RgbImage};
use foveate::models::{Architecture, LeNetConfig};
use foveate::transfer::{FeatureExtractor, FeatureSpec, Pooling, TransferError};
use tempfile::TempDir;

use super::{SMALL, again, extractor, vgg16};
use crate::data::{folder, image};
use crate::support::close::{relative_error, values};
use crate::support::devices;
use crate::support::golden::{golden_tensors, narrow};

/// PyTorch in f64 on the same weights; f32 sums through at most 15 layers. The practical's relu6 and
/// relu7 among them.
#[test]
fn features_equal_pytorchs() {
    let golden = golden_tensors("transfer.safetensors");
    for chosen in devices::all() {
        let network = narrow(Architecture::Vgg16, 32, "vgg16.safetensors", &chosen.device);
        let bytes = values(golden["pictures"].clone());
        let images: Vec<RgbImage> = bytes
            .chunks_exact(3 * 64 * 48)
            .map(|planes| {
                RgbImage::from_fn(48, 64, |x, y| {
                    let at = |c: usize| planes[c * 64 * 48 + (y * 48 + x) as usize] as u8;
                    image::Rgb([at(0), at(1), at(2)])
                })
            })
            .collect();
        let size = SMALL.with_resize(Resize::Exact { height: 64, width: 48 });
        let names =
            ["classifier.4", "classifier.1", "features", "features:pooled", "features.23:pooled"];
        // Each layer is another program for a rasterizer to compile.
        let names = if chosen.description.starts_with("wgpu") { &names[..1] } else { &names[..] };
        for &name in names {
            let (layer, pooling) = match name.strip_suffix(":pooled") {
                Some(layer) => (layer, Pooling::GlobalAverage),
                None => (name, Pooling::Flatten),
            };
            let extractor = FeatureExtractor::new(network.clone(), size, layer, pooling).unwrap();
            let found = extractor.extract(&images).unwrap();
            let expected = &golden[name];
            assert_eq!([found.rows(), found.columns()], expected.shape()[..], "{name}");
            assert_eq!(extractor.columns(), found.columns());
            let error = relative_error(found.values(), &values(expected.clone()));
            assert!(error < 1e-4, "{name} on {chosen}: {error:e}");
        }
    }
}

/// A mirrored extractor sees an image and its mirror image alike: the mean of both.
#[test]
fn mirrored_features_are_the_mean() {
    let network = vgg16();
    let plain =
        FeatureExtractor::new(network, SMALL, "features.23", Pooling::GlobalAverage).unwrap();
    let mut mirrored = plain.clone();
    mirrored.mirrored = true;
    let device = devices::any();
    let small = |image: &RgbImage| foveate::image::resize(image, SMALL.resize).unwrap();
    let one = small(&image(1));
    let other = image::imageops::flip_horizontal(&one);
    let of = |extractor: &FeatureExtractor, image: &RgbImage| {
        let pixels = Pixels::from_images(std::slice::from_ref(image), &device);
        values(extractor.activations(&pixels).into_data())
    };
    let mean: Vec<f32> =
        of(&plain, &one).iter().zip(of(&plain, &other)).map(|(a, b)| (a + b) / 2.0).collect();
    assert!(relative_error(&of(&mirrored, &one), &mean) < 1e-6);
    assert!(relative_error(&of(&mirrored, &other), &mean) < 1e-6);
}

#[test]
fn unreadable_files_are_listed() {
    let (root, cache) = (folder(), TempDir::new().unwrap());
    let data = ImageFolder::open(root.path()).unwrap();
    let found = extractor(cache.path()).extract_folder(&data).unwrap();
    assert_eq!(found.labels, [0, 0, 1, 1, 1]);
    assert_eq!(found.features.rows(), 5);
    assert_eq!(found.files.len(), 5);
    assert_eq!(found.computed, 5);
    assert!(matches!(
        &found.unreadable[..],
        [ImageError::Damaged { path, .. }, ImageError::Format { path: text }]
            if path.ends_with("cat/half.jpg") && text.ends_with("dog/list.txt")
    ));
    // The rows are those of the images, whatever is computed together.
    for (row, file) in found.features.iter().zip(&found.files) {
        let alone =
            extractor(cache.path()).extract(&[foveate::image::open(file).unwrap()]).unwrap();
        assert!(relative_error(alone.values(), row) < 1e-6, "{}", file.display());
    }
}

#[test]
fn unknown_layers_and_specs_say_what_there_is() {
    let error = FeatureExtractor::new(vgg16(), SMALL, "fc7", Pooling::Flatten).unwrap_err();
    assert!(matches!(error, TransferError::Layer(_)));
    assert!(error.to_string().contains("classifier.4"));
    let spec: FeatureSpec = "vgg16_features:features.23:pooled".parse().unwrap();
    assert_eq!(spec.architecture, Architecture::Vgg16Features);
    assert_eq!(spec.to_string(), "vgg16_features:features.23:pooled");
    for bad in ["vgg16", "vgg99:features", "vgg16:features:max", "a:b:c:d", ""] {
        let text = bad.parse::<FeatureSpec>().unwrap_err().to_string();
        assert!(
            text.contains("expected network:layer") || text.contains("there are vgg11"),
            "{text}"
        );
    }
}

/// A broken link is an image that cannot be read, not the end of the whole set; what is too small for
/// the network is an error, not a row that is missing.
#[cfg(unix)]
#[test]
fn broken_links_are_listed_and_small_images_refused() {
    let (root, cache) = (folder(), TempDir::new().unwrap());
    std::os::unix::fs::symlink("nowhere", root.path().join("cat/link.png")).unwrap();
    let found = again(&extractor(cache.path()), root.path());
    assert_eq!((found.features.rows(), found.unreadable.len()), (5, 3));
    assert!(found.unreadable.iter().any(|error| error.to_string().contains("cat/link.png")));

    let tiny = SMALL.with_resize(Resize::Exact { height: 16, width: 32 });
    let tiny = extractor(cache.path()).with_preprocessing(tiny);
    let data = ImageFolder::open(root.path()).unwrap();
    for error in [tiny.extract_folder(&data).map(|_| ()), tiny.extract(&[image(1)]).map(|_| ())] {
        assert!(error.unwrap_err().to_string().contains("nothing leaves"));
    }
    let crop = SMALL.with_resize(Resize::ShortSideCrop { short_side: 40, crop: 48 });
    let crop = extractor(cache.path()).with_preprocessing(crop);
    assert!(crop.extract(&[image(1)]).unwrap_err().to_string().contains("crop: 48"));
    // 28 pixels end as none, of which an average or a fully connected layer would make numbers all the same.
    let vgg = Architecture::Vgg16.init_with_width_divisor(16, &devices::any());
    for layer in ["avgpool", "classifier.4"] {
        let tiny = SMALL.with_resize(Resize::Exact { height: 28, width: 28 });
        let vgg = FeatureExtractor::new(vgg.clone(), tiny, layer, Pooling::Flatten).unwrap();
        let error = vgg.extract(&[image(1)]).unwrap_err().to_string();
        assert!(error.contains("28x28") && error.contains("features.30"), "{error}");
    }
    let lenet = LeNetConfig::new().init(&devices::any());
    let lenet = FeatureExtractor::new(lenet, SMALL, "classifier.3", Pooling::Flatten).unwrap();
    let error = lenet.extract(&[image(1)]).unwrap_err().to_string();
    assert!(error.contains("classifier.0") && error.contains("Linear(400, 120)"), "{error}");
    let mut none = extractor(cache.path());
    none.batch = 0;
    assert!(none.extract_folder(&data).is_err() && none.extract(&[image(1)]).is_err());
}
