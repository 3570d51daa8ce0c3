//! Animated GIFs.

use std::path::Path;

use foveate::image::{AnimationError, RgbImage, open, save_gif};
use image::AnimationDecoder;
use image::codecs::gif::GifDecoder;

use super::near;

#[test]
fn films_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film.gif");
    let images: Vec<RgbImage> =
        [10, 120, 250].map(|v| RgbImage::from_pixel(6, 4, image::Rgb([v, 255 - v, 40]))).into();
    // Twice: the second replaces the first.
    save_gif(&file, &images[..1], 50).unwrap();
    save_gif(&file, &images, 120).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let reader = std::io::BufReader::new(std::fs::File::open(&file).unwrap());
    let frames = GifDecoder::new(reader).unwrap().into_frames().collect_frames().unwrap();
    assert_eq!(frames.len(), 3);
    for (frame, image) in frames.iter().zip(&images) {
        assert_eq!(frame.delay().numer_denom_ms(), (120, 1));
        let [r, g, b, a] = frame.buffer().get_pixel(5, 3).0;
        assert!(near([r, g, b], image.get_pixel(0, 0).0, 2) && a == 255, "{r} {g} {b} {a}");
    }
    assert_eq!(open(&file).unwrap().dimensions(), (6, 4));
}

#[test]
fn films_that_cannot_be_written_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nowhere/film.gif");
    let image = RgbImage::new(6, 4);
    let error = save_gif(&file, std::slice::from_ref(&image), 100).unwrap_err();
    assert!(matches!(error, AnimationError::Io { .. }));
    assert!(error.to_string().contains("nowhere/film.gif"), "{error}");
    let file = folder.path().join("film.gif");
    let odd = |images: &[RgbImage]| match save_gif(&file, images, 100).unwrap_err() {
        AnimationError::Images { index, found, .. } => (index, found),
        error => panic!("{error}"),
    };
    assert_eq!(odd(&[]), (0, (0, 0)));
    assert_eq!(odd(&[image.clone(), RgbImage::new(5, 4)]), (1, (5, 4)));
    assert_eq!(odd(&[RgbImage::new(0, 4)]), (0, (0, 4)));
    // A folder stands in the way: the new film is not left behind half done.
    let taken: &Path = &folder.path().join("taken");
    std::fs::create_dir_all(taken.join("inside")).unwrap();
    assert!(matches!(save_gif(taken, &[image], 100), Err(AnimationError::Io { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
