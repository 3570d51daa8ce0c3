//! Data sets from folders, features of their images, and the file they are kept in.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use foveate::data::{DataError, ImageFolder, prefetch};
use foveate::image::{ImageError, Pixels, Preprocessing, Resize, RgbImage};
use foveate::models::{AnyNetwork, Architecture, LeNetConfig, Network, weights};
use foveate::transfer::{
    Extraction, FeatureExtractor, FeatureSpec, Features, Pooling, TransferError,
};
use tempfile::TempDir;

use crate::devices;
use crate::networks::{golden_folder, relative_error, tensors, values};

fn image(seed: u32) -> RgbImage {
    RgbImage::from_fn(40, 30, |x, y| {
        let mix = |k: u32| (x * (7 + k) + y * (3 + seed) + seed * 31 * k) as u8;
        image::Rgb([mix(1), mix(2), mix(3)])
    })
}

/// `root/{cat,dog}/..`: five images, one of them deeper, a text, half a JPEG and a hidden file.
fn folder() -> TempDir {
    let root = TempDir::new().unwrap();
    for (i, name) in
        ["dog/2.png", "cat/b.png", "cat/a.jpg", "dog/deep/1.png", "dog/10.png"].iter().enumerate()
    {
        let file = root.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        image(i as u32).save(file).unwrap();
    }
    let half = fs::read(root.path().join("cat/a.jpg")).unwrap();
    fs::write(root.path().join("cat/half.jpg"), &half[..half.len() / 2]).unwrap();
    fs::write(root.path().join("dog/list.txt"), "not an image").unwrap();
    fs::write(root.path().join("dog/.DS_Store"), "hidden").unwrap();
    fs::write(root.path().join("README"), "beside the classes").unwrap();
    root
}

#[test]
fn folders_are_listed_in_order() {
    let root = folder();
    let found = ImageFolder::open(root.path()).unwrap();
    assert_eq!(found.classes(), ["cat", "dog"]);
    let listed: Vec<_> = found
        .samples()
        .iter()
        .map(|it| (it.path.strip_prefix(root.path()).unwrap().to_str().unwrap(), it.class))
        .collect();
    let expected = [
        ("cat/a.jpg", 0),
        ("cat/b.png", 0),
        ("cat/half.jpg", 0),
        ("dog/10.png", 1),
        ("dog/2.png", 1),
        ("dog/deep/1.png", 1),
        ("dog/list.txt", 1),
    ];
    assert_eq!(listed, expected);
    assert_eq!(found.limited(1).samples().len(), 2);
}

#[test]
fn bad_folders_say_what_is_expected() {
    let root = TempDir::new().unwrap();
    let text = |path: &Path| ImageFolder::open(path).unwrap_err().to_string();
    assert!(text(root.path()).contains("expected one folder a class"));
    assert!(text(&root.path().join("absent")).contains("absent"));
    fs::create_dir_all(root.path().join("cat/nothing")).unwrap();
    assert!(text(root.path()).contains("the class has no image"));
    let (one, two) = (folder(), folder());
    fs::rename(two.path().join("dog"), two.path().join("wolf")).unwrap();
    let error = ImageFolder::open(one.path()).unwrap().open_beside(two.path()).unwrap_err();
    assert!(matches!(error, DataError::Classes { .. }));
    assert!(error.to_string().contains("expected the classes cat, dog, found cat, wolf"));
}

#[test]
fn work_ahead_keeps_order_and_bounds() {
    let items: Vec<usize> = (0..200).collect();
    let (begun, mut taken) = (AtomicUsize::new(0), Vec::new());
    prefetch(
        &items,
        3,
        4,
        |&i| {
            begun.fetch_add(1, Ordering::SeqCst);
            i * i
        },
        |square| {
            // Each thread: one in work, 4 waiting, and one on its way.
            let waiting = begun.load(Ordering::SeqCst) - taken.len();
            assert!(waiting <= 3 * 6, "{waiting} results wait");
            taken.push(square);
            Ok::<(), ()>(())
        },
    )
    .unwrap();
    assert_eq!(taken, items.iter().map(|i| i * i).collect::<Vec<_>>());
    let stop = prefetch(&items, 2, 1, |&i| i, |i| if i == 5 { Err(i) } else { Ok(()) });
    assert_eq!(stop, Err(5));
}

fn narrow() -> AnyNetwork {
    let network = Architecture::Vgg16.init_narrow(32, &devices::any()).with_classes(10);
    weights::load(network, golden_folder().join("networks/vgg16.safetensors")).unwrap()
}

const SMALL: Preprocessing =
    Preprocessing { resize: Resize::Exact { height: 32, width: 32 }, ..Preprocessing::IMAGENET };

fn extractor(cache: &Path) -> FeatureExtractor {
    let mut extractor =
        FeatureExtractor::new(narrow(), SMALL, "features", Pooling::Flatten).unwrap();
    extractor.cache = Some(cache.into());
    extractor.batch = 2;
    extractor
}

/// PyTorch in f64 on the same weights; f32 sums through at most 15 layers. The practical's relu6 and
/// relu7 among them.
#[test]
fn features_equal_pytorchs() {
    let golden = tensors(&golden_folder().join("transfer.safetensors"));
    for chosen in devices::all() {
        let network = Architecture::Vgg16.init_narrow(32, &chosen.device).with_classes(10);
        let file = golden_folder().join("networks/vgg16.safetensors");
        let network = weights::load(network, file).unwrap();
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
    let network = narrow();
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

fn again(extractor: &FeatureExtractor, root: &Path) -> Extraction {
    extractor.extract_folder(&ImageFolder::open(root).unwrap()).unwrap()
}

/// What the features depend on is computed again, and nothing else.
#[test]
fn kept_features_are_of_the_same_weights_layer_and_images() {
    let (root, cache) = (folder(), TempDir::new().unwrap());
    let whole = extractor(cache.path());
    let first = again(&whole, root.path());
    let second = again(&extractor(cache.path()), root.path());
    assert_eq!((second.computed, &second.features), (0, &first.features));
    let changed = root.path().join("dog/2.png");
    image(77).save(&changed).unwrap();
    let third = again(&whole, root.path());
    assert_eq!(third.computed, 1);
    for (i, file) in third.files.iter().enumerate() {
        let equal = third.features.row(i) == first.features.row(i);
        assert_eq!(equal, *file != changed, "{}", file.display());
    }
    let other = |extractor: FeatureExtractor| {
        let mut extractor = extractor;
        extractor.cache = Some(cache.path().into());
        again(&extractor, root.path()).computed
    };
    let new = |network, preprocessing, layer, pooling| {
        FeatureExtractor::new(network, preprocessing, layer, pooling).unwrap()
    };
    assert_eq!(other(new(narrow(), SMALL, "features", Pooling::Flatten)), 0);
    assert_eq!(other(new(narrow(), SMALL, "features.23", Pooling::Flatten)), 5);
    assert_eq!(other(new(narrow(), SMALL, "features", Pooling::GlobalAverage)), 5);
    let larger = SMALL.with_resize(Resize::Exact { height: 32, width: 64 });
    assert_eq!(other(new(narrow(), larger, "features", Pooling::Flatten)), 5);
    let mut mirrored = whole.clone();
    mirrored.mirrored = true;
    assert_eq!(other(mirrored), 5);
    // The same architecture with other weights, in the last layer only.
    let retrained = narrow().with_classes(10);
    assert_eq!(other(new(retrained, SMALL, "features", Pooling::Flatten)), 5);
}

/// A killed run leaves part of a record; a disk, other bytes; a stranger, another file.
#[test]
fn damaged_and_foreign_caches_are_rebuilt() {
    let (root, cache) = (folder(), TempDir::new().unwrap());
    let extractor = extractor(cache.path());
    let first = again(&extractor, root.path());
    let file = fs::read_dir(cache.path()).unwrap().next().unwrap().unwrap().path();
    let length = fs::metadata(&file).unwrap().len();
    let record = 64 + 4 * first.features.columns() as u64;
    assert_eq!(length, 56 + 5 * record);

    let spoiled = |spoil: &dyn Fn(&mut fs::File)| {
        spoil(&mut OpenOptions::new().write(true).open(&file).unwrap());
        let found = again(&extractor, root.path());
        assert_eq!(found.features, first.features);
        assert_eq!(again(&extractor, root.path()).computed, 0, "it is whole again");
        found.computed
    };
    assert_eq!(spoiled(&|it| it.set_len(length - 3).unwrap()), 1);
    assert_eq!(spoiled(&|it| it.set_len(length - record).unwrap()), 1);
    let write = |it: &mut fs::File, at: u64| {
        it.seek(SeekFrom::Start(at)).unwrap();
        it.write_all(&[0x5a, 0xa5, 0x5a]).unwrap();
    };
    assert_eq!(spoiled(&|it| write(it, 56 + record + 50)), 1);
    assert_eq!(spoiled(&|it| write(it, 56 + 2 * record + 5)), 1);
    assert_eq!(spoiled(&|it| write(it, 20)), 5);
    assert_eq!(spoiled(&|it| it.set_len(11).unwrap()), 5);
    assert_eq!(
        spoiled(&|it| {
            it.set_len(0).unwrap();
            it.write_all(&[7; 1000]).unwrap()
        }),
        5
    );
}

#[test]
fn unknown_layers_and_specs_say_what_there_is() {
    let error = FeatureExtractor::new(narrow(), SMALL, "fc7", Pooling::Flatten).unwrap_err();
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
    let vgg = Architecture::Vgg16.init_narrow(16, &devices::any());
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

/// Another run holds the file: the features are computed all the same.
#[test]
fn a_cache_in_use_is_done_without() {
    let (root, cache) = (folder(), TempDir::new().unwrap());
    let first = again(&extractor(cache.path()), root.path());
    let file = fs::read_dir(cache.path()).unwrap().next().unwrap().unwrap().path();
    let held = fs::File::open(file).unwrap();
    held.lock().unwrap();
    let second = again(&extractor(cache.path()), root.path());
    assert_eq!((second.computed, second.features), (5, first.features));
}

#[test]
fn folders_are_loaded_in_order() {
    let root = folder();
    let data = ImageFolder::open(root.path()).unwrap();
    let loaded = data.load(SMALL.resize);
    assert_eq!((loaded.labels, loaded.unreadable.len()), (vec![0, 0, 1, 1, 1], 2));
    for (image, file) in loaded.images.iter().zip(&loaded.files) {
        let alone = foveate::image::open(file).unwrap();
        assert_eq!(*image, foveate::image::resize(&alone, SMALL.resize).unwrap());
    }
}

#[test]
fn features_are_rows() {
    let features = Features::new(vec![3.0, 4.0, 0.0, 0.0, 1.0, 0.0], 2);
    let unit = features.clone().l2_normalized();
    assert_eq!(unit.values(), [0.6, 0.8, 0.0, 0.0, 1.0, 0.0]);
    let both = Features::concat(&[unit, features.clone()]);
    assert_eq!(both.row(0), [0.6, 0.8, 3.0, 4.0]);
    // 1 / length is beyond f32, or below its normal numbers.
    let extremes = Features::new(vec![1e-42, 0.0, 1e-45, 1e-45, 3e38, 3e38], 2).l2_normalized();
    let half = 0.5_f32.sqrt();
    assert_eq!(extremes.values(), [1.0, 0.0, half, half, half, half]);
    assert_eq!(features.select(&[2, 0]).values(), [1.0, 0.0, 3.0, 4.0]);
    assert_eq!([features.rows(), features.columns()], [3, 2]);
    assert_eq!(Features::stack(&[features.clone(), features.clone()]).rows(), 6);
}
