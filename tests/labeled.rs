//! Images to train on in memory, as a set, and in a folder; features and sets on disk.

use std::fs;

use foveate::data::{DataError, ImageFolder, Images, digits};
use foveate::generate::metrics::{Score, Scorer};
use foveate::models::{LeNet, LeNetConfig, Pooling, initialized};
use foveate::train::CropAndFlip;
use foveate::transfer::{Features, FineTune, Labeled, TransferError};

use crate::devices;
use crate::networks::state;

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

#[test]
fn weights_of_classes_are_checked() {
    let set = digits(20, 0);
    let preprocessing = Images::preprocessing(&[&set]);
    for weights in [vec![1.0; 9], vec![0.0; 10], vec![f32::NAN; 10]] {
        let settings = FineTune { class_weights: Some(weights), ..Default::default() };
        let network = initialized(LeNetConfig::new().init(&devices::any()), 0);
        let error = settings.run(network, &preprocessing, Labeled::from(&set), None).unwrap_err();
        assert!(error.to_string().starts_with("class_weights is ["), "{error}");
    }
}

/// NumPy's format by another reader, and text that says each f32 exactly.
#[test]
fn features_are_saved_for_others() {
    let values = vec![0.1, -2.5e-30, 3.0, 1.0 / 3.0, 1e30, -0.0];
    let features = Features::new(values.clone(), 3);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("features.npy");
    features.save_npy(&file).unwrap();
    let bytes = fs::read(&file).unwrap();
    assert_eq!(bytes.len() % 64, 24);
    let read = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(read.shape(), [2, 3]);
    let read: Vec<f32> = read.into_vec().unwrap();
    assert!(read.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));

    let file = folder.path().join("features.csv");
    features.save_csv(&file).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let read = text.lines().flat_map(|line| line.split(','));
    let read: Vec<f32> = read.map(|value| value.parse().unwrap()).collect();
    assert!(read.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
    assert_eq!(text.lines().count(), 2);
    assert!(features.save_csv(folder.path().join("a/b.csv")).is_err());
}

/// Files of a set's images are measured as the set is; a folder beside itself is at no distance.
#[test]
fn folders_are_scored_as_their_images() {
    let set = digits(40, 5);
    let folder = tempfile::tempdir().unwrap();
    for (i, image) in set.images().iter().enumerate() {
        image.save(folder.path().join(format!("{i:02}.png"))).unwrap();
    }
    let files = ImageFolder::flat(folder.path()).unwrap();
    let scorer = Scorer::digits(&devices::any()).unwrap();
    assert_eq!(scorer.folder(&files).unwrap(), scorer.activations(&set));
    // More rows than columns: pooled features of a convolution.
    let classifier = LeNet::digits(&devices::any()).unwrap();
    let scorer = Scorer::new(classifier, "features.5", Pooling::GlobalAverage).unwrap();
    let score = Score::of_folders(&scorer, &files, &files).unwrap();
    assert!(score.frechet.abs() < 1e-6 && score.prdc.precision == 1.0, "{score}");
    fs::write(folder.path().join("99.png"), "not an image").unwrap();
    let files = ImageFolder::flat(folder.path()).unwrap();
    assert!(scorer.folder(&files).unwrap_err().to_string().contains("99.png"));
}
