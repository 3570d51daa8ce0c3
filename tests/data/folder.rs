//! Folders of images, with what programs, file servers and cameras leave in them.

use std::fs;
use std::path::Path;

use foveate::data::{DataError, ImageFolder, photographs};
use foveate::image::{Resize, RgbImage};
use tempfile::TempDir;

use super::folder;

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
fn folders_are_loaded_in_order() {
    let root = folder();
    let size = Resize::Exact { height: 32, width: 32 };
    let data = ImageFolder::open(root.path()).unwrap();
    let loaded = data.load(size);
    assert_eq!((loaded.labels, loaded.unreadable.len()), (vec![0, 0, 1, 1, 1], 2));
    for (image, file) in loaded.images.iter().zip(&loaded.files) {
        let alone = foveate::image::open(file).unwrap();
        assert_eq!(*image, foveate::image::resize(&alone, size).unwrap());
    }
}

/// A small image, its folders made.
fn image(path: impl AsRef<Path>) {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let gray = path.to_str().unwrap().len() as u8;
    RgbImage::from_pixel(30, 20, image::Rgb([gray, 0, 255])).save(path).unwrap();
}

fn text(path: impl AsRef<Path>) {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "no image").unwrap();
}

/// `root/{cat,dog}`, with three images.
fn classes() -> TempDir {
    let root = TempDir::new().unwrap();
    ["cat/1.png", "dog/1.png", "dog/2.png"].iter().for_each(|name| image(root.path().join(name)));
    root
}

/// The samples below `root`, as text.
fn listed(folder: &ImageFolder) -> Vec<String> {
    let below = |path: &Path| path.strip_prefix(folder.root()).unwrap().display().to_string();
    folder.samples().iter().map(|sample| below(&sample.path)).collect()
}

#[test]
fn what_programs_leave_is_passed_over() {
    let root = classes();
    for name in [
        "@eaDir/cat/1.png",
        "__MACOSX/cat/1.png",
        ".ipynb_checkpoints/1.png",
        "dog/@eaDir/1.png",
        "dog/.ipynb_checkpoints/1.png",
        "dog/__MACOSX/._1.png",
        "cat/.DS_Store",
    ] {
        text(root.path().join(name));
    }
    let found = ImageFolder::open(root.path()).unwrap();
    assert_eq!(found.classes(), ["cat", "dog"]);
    assert_eq!(listed(&found), ["cat/1.png", "dog/1.png", "dog/2.png"]);
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_are_not_followed() {
    use std::os::unix::fs::symlink;
    let (root, beside) = (classes(), TempDir::new().unwrap());
    let at = |name: &str| root.path().join(name);
    fs::create_dir(at("cat/deep")).unwrap();
    let links = [
        (root.path(), "cat/up"),
        (root.path(), "cat/deep/up"),
        (&at("cat"), "cat/itself"),
        (Path::new(".."), "dog/relative"),
        (root.path(), "again"),
        (root.path().parent().unwrap(), "dog/far"),
    ];
    links.iter().for_each(|(target, name)| symlink(target, at(name)).unwrap());
    // By way of another folder.
    symlink(root.path(), beside.path().join("back")).unwrap();
    image(beside.path().join("3.png"));
    symlink(beside.path(), at("dog/more")).unwrap();
    let found = ImageFolder::open(root.path()).unwrap();
    assert_eq!(found.classes(), ["cat", "dog"]);
    let expected = ["cat/1.png", "dog/1.png", "dog/2.png", "dog/more/3.png"];
    assert_eq!(listed(&found), expected, "links elsewhere are followed");
}

/// A folder without classes, and the same with all that is not meant.
#[test]
fn flat_folders_hold_the_same_images() {
    let root = TempDir::new().unwrap();
    (0..9).for_each(|i| image(root.path().join(format!("{i}.png"))));
    assert!(matches!(ImageFolder::open(root.path()), Err(DataError::NoClasses { .. })));
    let clean = ImageFolder::flat(root.path()).unwrap();
    assert_eq!(clean.samples().len(), 9);
    for name in [".DS_Store", "Thumbs.db", "README.md", ".hidden/1.png", "@eaDir/1.png", "._3.png"]
    {
        text(root.path().join(name));
    }
    fs::write(root.path().join("photo.jpg"), b"\0\0\0\x18ftypheic\0\0\0\0mif1heic").unwrap();
    assert!(matches!(ImageFolder::open(root.path()), Err(DataError::NoClasses { .. })));
    let (found, others) = ImageFolder::flat(root.path()).unwrap().recognized();
    assert_eq!(found, clean);
    let told: Vec<_> = others.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].contains("README.md") && told[1].contains("Thumbs.db"), "{told:?}");
    assert!(told[2].contains("photo.jpg: this is a HEIC image"), "{told:?}");
}

#[test]
fn folders_that_are_none_are_told() {
    let root = classes();
    let file = root.path().join("cat/1.png");
    for error in [ImageFolder::open(&file).unwrap_err(), ImageFolder::flat(&file).unwrap_err()] {
        assert!(matches!(error, DataError::Io { .. }), "{error}");
    }
    let error = ImageFolder::flat(root.path()).unwrap_err();
    assert!(matches!(error, DataError::NoFiles { .. }), "{error}");
}

#[test]
fn hidden_photographs_are_none() {
    let root = TempDir::new().unwrap();
    image(root.path().join("1.png"));
    text(root.path().join("._1.png"));
    assert_eq!(photographs(root.path()).unwrap().len(), 1);
}
