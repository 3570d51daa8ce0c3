//! MNIST's files.

use std::env;
use std::fs;
use std::path::Path;

use foveate::data::{Images, Split, idx_images, mnist};

use super::sha256;
use crate::support::real::real_data;

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
