//! MNIST-M.

use std::fs;

use foveate::data::{Binarization, Images, TwoDomains, mnist_m, photographs};
use foveate::image::RgbImage;

use super::sha256;
use crate::support::real::real_data;

fn checkered(width: u32, height: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let gray = (x * 31 + y * 17 + seed * 101) as u8;
        image::Rgb([gray, gray.wrapping_mul(3), gray ^ 0x55])
    })
}

/// Every blended digit is somewhere in a photograph, and nowhere else; gray ink keeps its values.
#[test]
fn digits_are_blended_with_patches() {
    let photographs = [checkered(40, 33, 1), checkered(28, 28, 2), checkered(64, 30, 3)];
    let pixels: Vec<u8> =
        (0..20 * 784).map(|i| if i % 5 == 0 { (i % 255) as u8 } else { 0 }).collect();
    let digits = Images { height: 28, width: 28, channels: 1, pixels, labels: (0..20).collect() };
    for (binarization, checksum) in [
        (Binarization::Binary, "c32b81929dc27d7bef58f4f4be6bf57aa554e23279e8b8524defd475e67cfc41"),
        (Binarization::Gray, "3cc083ece3eaac45d7cd07ec9aec13ae07fb686281d6d3d3c4e5fdaa6281e5fe"),
    ] {
        let blended = mnist_m(&digits, &photographs, binarization, 7).unwrap();
        assert_eq!(sha256(&blended.pixels), checksum, "as golden/mnist_m.py");
        assert_eq!(blended.labels, digits.labels);
        let mut used = [0; 3];
        for i in 0..20 {
            let fits = |photograph: &RgbImage, left: u32, top: u32| {
                (0..28).all(|y| {
                    (0..28).all(|x| {
                        let gray = digits.bytes(i)[y * 28 + x];
                        let digit = if binarization == Binarization::Binary && gray > 0 {
                            255
                        } else {
                            gray
                        };
                        let patch = photograph.get_pixel(left + x as u32, top + y as u32).0;
                        let found = &blended.bytes(i)[(y * 28 + x) * 3..][..3];
                        patch
                            .iter()
                            .zip(found)
                            .all(|(p, f)| i32::from(*f) == (i32::from(*p) - i32::from(digit)).abs())
                    })
                })
            };
            let place = photographs.iter().position(|photograph| {
                let (width, height) = photograph.dimensions();
                (0..=width - 28)
                    .any(|left| (0..=height - 28).any(|top| fits(photograph, left, top)))
            });
            used[place.expect("a patch of a photograph")] += 1;
        }
        assert!(used.iter().all(|&count| count > 0), "{used:?}");
        assert_eq!(mnist_m(&digits, &photographs, binarization, 7).unwrap(), blended);
        assert_ne!(mnist_m(&digits, &photographs, binarization, 8).unwrap(), blended);
        // A digit does not depend on those behind it.
        let first = mnist_m(&digits.slice(0..3), &photographs, binarization, 7).unwrap();
        assert_eq!(first, blended.slice(0..3));
    }
}

/// As golden/mnist_m.py makes it, from the photographs as Pillow reads them.
#[test]
fn mnist_m_has_its_checksum() {
    if !real_data("mnist_m_has_its_checksum") {
        return;
    }
    let domains = TwoDomains::mnist(Binarization::Binary, 0).unwrap();
    assert_eq!(
        sha256(&domains.target.pixels),
        "1b5a8ca9a91635e08a252213c4384f56d67c57e57e14e5d9dcac4808376bd9c5"
    );
    assert_eq!(
        sha256(&domains.target_validation.pixels),
        "f5c5a8dad5ab5df28212119285871c6e982947628da99b908b0aded3b9bb8203"
    );
    assert_eq!(domains.target.labels, domains.source.labels);
}

#[test]
fn photographs_are_told_when_they_do_not_serve() {
    let folder = tempfile::tempdir().unwrap();
    let digits =
        Images { height: 28, width: 28, channels: 1, pixels: vec![0; 784], labels: vec![0] };
    fs::write(folder.path().join("README.txt"), "text").unwrap();
    let none = photographs(folder.path()).unwrap_err().to_string();
    assert!(none.contains("photographs") && none.contains("BSDS500"), "{none}");
    fs::write(folder.path().join("1.jpg"), "text").unwrap();
    let broken = photographs(folder.path()).unwrap_err().to_string();
    assert!(broken.contains("1.jpg"), "{broken}");

    let none = mnist_m(&digits, &[], Binarization::Gray, 0).unwrap_err().to_string();
    assert!(none.contains("photographs"), "{none}");
    let small = [checkered(28, 28, 1), checkered(100, 27, 1)];
    let small = mnist_m(&digits, &small, Binarization::Gray, 0).unwrap_err().to_string();
    assert!(small.contains("photograph 1") && small.contains("27x100 pixels"), "{small}");
}
