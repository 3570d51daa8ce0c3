//! Digits: MNIST's files, MNIST-M, and the drawn ones.

use std::env;
use std::fs;
use std::path::Path;

use foveate::data::{
    Binarization, Images, Split, TwoDomains, idx_images, mnist, mnist_m, photographs,
};
use foveate::image::RgbImage;
use sha2::{Digest, Sha256};

use crate::devices;
use crate::networks::values;

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the real data are at hand; or a word on what is left out without them.
pub fn real_data(test: &str) -> bool {
    let there = env::var_os("FOVEATE_DATA").is_some();
    if !there {
        crate::tell(&format!("SKIPPED {test}: FOVEATE_DATA is not set"));
    }
    there
}

/// MD5 of the published files' content, which the data's notes hold; SHA-256 of the same bytes here.
#[test]
fn mnist_is_whole() {
    if !real_data("mnist_is_whole") {
        return;
    }
    for (split, count, pixels, labels) in [
        (
            Split::Train,
            60_000,
            "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
            "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        ),
        (
            Split::Test,
            10_000,
            "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
            "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        ),
    ] {
        let set = mnist(split).unwrap();
        assert_eq!((set.len(), set.height, set.width, set.channels), (count, 28, 28, 1));
        assert_eq!(sha256(&set.pixels), pixels);
        assert_eq!(
            sha256(&set.labels.iter().map(|&label| label as u8).collect::<Vec<_>>()),
            labels
        );
    }
}

/// An IDX file of these sizes and bytes.
fn idx(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(bytes);
    file
}

#[test]
fn idx_files_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [images, labels] = ["images", "labels"].map(|name| folder.path().join(name));
    let pixels: Vec<u8> = (0..24).collect();
    let good = [idx(&[2, 3, 4], &pixels), idx(&[2], &[7, 200])];
    let found = |[a, b]: [&[u8]; 2]| {
        fs::write(&images, a).unwrap();
        fs::write(&labels, b).unwrap();
        idx_images(&images, &labels)
    };
    let set = found([&good[0], &good[1]]).unwrap();
    let expected =
        Images { height: 3, width: 4, channels: 1, pixels: pixels.clone(), labels: vec![7, 200] };
    assert_eq!(set, expected);

    let refused = |files: [&[u8]; 2], words: &[&str]| {
        let text = found(files).unwrap_err().to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    };
    refused([&good[1], &good[0]], &["images", "IDX file of images", "[0, 0, 8, 1]"]);
    refused([&good[0], &good[0]], &["labels", "IDX file of labels", "[0, 0, 8, 3]"]);
    refused([&good[0], b""], &["labels", "found []"]);
    refused([&good[0][..10], &good[1]], &["images", "header is cut short"]);
    refused([&good[0][..30], &good[1]], &["images", "expected 2x3x4 bytes", "found 14"]);
    refused([&[&good[0][..], &[1]].concat(), &good[1]], &["found 25"]);
    refused([&good[0], &idx(&[3], &[1, 2, 3])], &["expected 2 labels", "found 3"]);
    refused([&idx(&[0, 28, 28], &[]), &idx(&[0], &[])], &["there is none"]);
    refused([&idx(&[u32::MAX; 3], &[]), &good[1]], &["4294967295x", "found 0"]);
    refused([&[0x1f, 0x8b, 8, 0, 0, 0], &good[1]], &["gzip", "cut short"]);
    let missing = idx_images(folder.path().join("none"), &labels).unwrap_err().to_string();
    assert!(missing.contains("none"), "{missing}");
}

#[test]
fn truncated_gzip_is_refused() {
    if !real_data("truncated_gzip_is_refused") {
        return;
    }
    let data = Path::new(&env::var_os("FOVEATE_DATA").unwrap()).join("mnist");
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read(data.join("t10k-images-idx3-ubyte.gz")).unwrap();
    let cut = folder.path().join("cut.gz");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let text = idx_images(&cut, data.join("t10k-labels-idx1-ubyte.gz")).unwrap_err().to_string();
    assert!(text.contains("cut.gz") && text.contains("cut short"), "{text}");
}

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

#[test]
fn batches_hold_the_images() {
    let pixels: Vec<u8> = (0..2 * 2 * 3 * 3).map(|i| i * 7).collect();
    let color = Images { height: 2, width: 3, channels: 3, pixels, labels: vec![4, 5] };
    let gray = Images { channels: 1, pixels: (0..12).collect(), ..color.clone() };
    for set in [&color, &gray] {
        let batch = set.batch(&[1, 0, 1], &devices::any());
        assert_eq!(batch.tensor().dims(), [3, 3, 2, 3]);
        for (image, at) in batch.to_images().iter().zip([1, 0, 1]) {
            assert_eq!(*image, set.image(at));
            for (x, y, pixel) in image.enumerate_pixels() {
                let from = &set.bytes(at)[(y as usize * 3 + x as usize) * set.channels..];
                let expected = [0, 1, 2].map(|channel: usize| from[channel.min(set.channels - 1)]);
                assert_eq!(pixel.0, expected);
            }
        }
    }
    // Mean and deviation of both sets together, as their normalized pixels have them.
    let preprocessing = Images::preprocessing(&[&color, &gray]);
    let all = [&color, &gray].map(|set| {
        let input = preprocessing.normalize(&set.batch(&[0, 1], &devices::any())).into_tensor();
        values(input.into_data())
    });
    for channel in 0..3 {
        let of_channel: Vec<f64> = all
            .iter()
            .flat_map(|values| values.chunks(6).skip(channel).step_by(3).flatten())
            .map(|&value| value.into())
            .collect();
        let n = of_channel.len() as f64;
        let mean = of_channel.iter().sum::<f64>() / n;
        let variance = of_channel.iter().map(|value| value * value).sum::<f64>() / n;
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
    }
}
