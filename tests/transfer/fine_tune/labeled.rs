//! Images to train on in memory, as a set, and in a folder.

use std::fs;

use foveate::data::{DataError, ImageFolder, Images, digits};
use foveate::models::{LeNetConfig, initialized};
use foveate::train::CropAndFlip;
use foveate::transfer::{FineTune, Labeled, TransferError};

use crate::support::devices;
use crate::support::golden::state;

/// The same images give the same bits, wherever they are.
#[test]
fn sets_and_folders_train_as_images_in_memory() {
    let set = digits(20, 0);
    let folder = tempfile::tempdir().unwrap();
    for (i, image) in set.images().iter().enumerate() {
        let class = folder.path().join(set.labels[i].to_string());
        fs::create_dir_all(&class).unwrap();
        image.save(class.join(format!("{i:02}.png"))).unwrap();
    }
    let files = ImageFolder::open(folder.path()).unwrap();
    // In the folder's order.
    let loaded = files.load(foveate::image::Resize::Exact { height: 28, width: 28 });
    let (sorted, unreadable) = Images::from_folder(&files, [28, 28]).unwrap();
    assert!(unreadable.is_empty() && sorted.labels == loaded.labels);
    assert_eq!(sorted.images(), loaded.images);

    let device = devices::any();
    let preprocessing = Images::preprocessing(&[&sorted]);
    let settings = FineTune {
        epochs: 2,
        batch: 8,
        augmentation: CropAndFlip { flip: true, crop: Some(Default::default()) },
        checkpoint: Some(folder.path().join("checkpoint")),
        ..FineTune::from_scratch()
    };
    let run = |data: Labeled<'_>| {
        let network = initialized(LeNetConfig::new().init(&device), 0);
        let trained = settings.run(network, &preprocessing, data, Some(data)).unwrap();
        fs::remove_file(settings.checkpoint.as_ref().unwrap()).unwrap();
        state(&trained.network)
    };
    let expected = run(Labeled::new(&loaded.images, &loaded.labels));
    assert_eq!(run(Labeled::from(&sorted)), expected);
    assert_eq!(run(Labeled::from(&files)), expected);

    fs::write(folder.path().join("0/0.png"), "not an image").unwrap();
    let files = ImageFolder::open(folder.path()).unwrap();
    let network = initialized(LeNetConfig::new().init(&device), 0);
    let settings = FineTune { checkpoint: None, ..settings };
    let error = settings.run(network, &preprocessing, Labeled::from(&files), None).unwrap_err();
    assert!(matches!(&error, TransferError::Image(_)), "{error}");
    assert!(error.to_string().contains("0.png"), "{error}");
    let (_, unreadable) = Images::from_folder(&files, [28, 28]).unwrap();
    assert_eq!(unreadable.len(), 1);
    let flat = ImageFolder::flat(folder.path().join("0")).unwrap().limited(1);
    assert!(matches!(Images::from_folder(&flat, [28, 28]), Err(DataError::NoImages)));
}
