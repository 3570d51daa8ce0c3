//! The file that features are kept in.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};

use foveate::image::Resize;
use foveate::models::Network;
use foveate::transfer::{FeatureExtractor, Pooling};
use tempfile::TempDir;

use super::{SMALL, again, extractor, vgg16};
use crate::data::{folder, image};

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
    assert_eq!(other(new(vgg16(), SMALL, "features", Pooling::Flatten)), 0);
    assert_eq!(other(new(vgg16(), SMALL, "features.23", Pooling::Flatten)), 5);
    assert_eq!(other(new(vgg16(), SMALL, "features", Pooling::GlobalAverage)), 5);
    let larger = SMALL.with_resize(Resize::Exact { height: 32, width: 64 });
    assert_eq!(other(new(vgg16(), larger, "features", Pooling::Flatten)), 5);
    let mut mirrored = whole.clone();
    mirrored.mirrored = true;
    assert_eq!(other(mirrored), 5);
    // The same architecture with other weights, in the last layer only.
    let retrained = vgg16().with_classes(10);
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
