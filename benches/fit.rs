//! One fit in one process, for `benches/fit.py`, which runs it and scikit-learn in turn.
//!
//! - `fit write FOLDER`: VGG16's features of 15-Scene (kept from an earlier run, if there was one) as
//!   raw f32, whole (25,088 columns) and their first 4,096 columns; labels as u32.
//! - `fit TASK COLUMNS FOLDER`: `svc`, `linfa`, `logistic`, `pca128` or `pca1024` on them; prints seconds,
//!   MiB at the start and at the peak, and, of classifiers, the accuracy; writes their answers.

use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, bail};
use foveate::data::{ImageFolder, scene15};
use foveate::image::{Preprocessing, Resize};
use foveate::transfer::{FeatureSpec, Features, LinearSvc, LinfaSvm, LogisticRegression, Pca};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const COLUMNS: [usize; 2] = [4096, 25_088];
const CLASSES: usize = 15;

fn main() -> anyhow::Result<()> {
    // Cargo adds --bench.
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    match &words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", folder] => write(Path::new(folder)),
        [task, columns, folder] => fit(task, columns.parse()?, Path::new(folder)),
        [] => Ok(()), // `cargo bench` without a choice.
        _ => bail!("expected write FOLDER, or TASK COLUMNS FOLDER"),
    }
}

fn write(folder: &Path) -> anyhow::Result<()> {
    let device = foveate::device("auto")?.device;
    let spec: FeatureSpec = "vgg16_features:features".parse()?;
    let size = Resize::Exact { height: 224, width: 224 };
    let extractor =
        spec.extractor(&device)?.with_preprocessing(Preprocessing::IMAGENET.with_resize(size));
    let (train, test) = scene15()?;
    fs::create_dir_all(folder)?;
    let part = |name: &str, data: &ImageFolder| -> anyhow::Result<()> {
        let found = extractor.extract_folder(data)?;
        for columns in COLUMNS {
            let rows = found.features.iter().flat_map(|row| &row[..columns]).copied();
            let features = Features::new(rows.collect(), columns).l2_normalized();
            let bytes: Vec<u8> =
                features.values().iter().flat_map(|value| value.to_le_bytes()).collect();
            fs::write(folder.join(format!("{name}{columns}.f32")), bytes)?;
        }
        write_labels(&folder.join(format!("{name}.u32")), &found.labels)
    };
    part("train", &train)?;
    part("test", &test)
}

fn fit(task: &str, columns: usize, folder: &Path) -> anyhow::Result<()> {
    let train = read(&folder.join(format!("train{columns}.f32")), columns)?;
    let labels = read_labels(&folder.join("train.u32"))?;
    let before = memory("VmRSS:");
    let start = Instant::now();
    let done = |extra: String| {
        let seconds = start.elapsed().as_secs_f64();
        println!("{seconds:.3} {before} {} {extra}", memory("VmHWM:"));
    };
    let classifier = match task {
        "svc" => LinearSvc::default().fit(&train, &labels, CLASSES)?.classifier,
        "linfa" => LinfaSvm::default().fit(&train, &labels, CLASSES)?,
        "logistic" => LogisticRegression::default().fit(&train, &labels, CLASSES)?.classifier,
        "pca128" | "pca1024" => {
            let components = task.trim_start_matches("pca").parse()?;
            let pca = Pca::fit(&train, components)?;
            done(format!("{:.6}", pca.explained_variance_ratio().iter().sum::<f32>()));
            return Ok(());
        }
        other => bail!("no task is named {other}"),
    };
    done("-".into());
    let test = read(&folder.join(format!("test{columns}.f32")), columns)?;
    write_labels(&folder.join(format!("{task}{columns}.u32")), &classifier.predict(&test)?)
}

fn read(file: &Path, columns: usize) -> anyhow::Result<Features> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    let values = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    Ok(Features::new(values.collect(), columns))
}

fn read_labels(file: &Path) -> anyhow::Result<Vec<usize>> {
    let bytes = fs::read(file).with_context(|| file.display().to_string())?;
    let labels = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    Ok(labels.map(|label| label as usize).collect())
}

fn write_labels(file: &Path, labels: &[usize]) -> anyhow::Result<()> {
    let bytes: Vec<u8> = labels.iter().flat_map(|&label| (label as u32).to_le_bytes()).collect();
    fs::write(file, bytes).with_context(|| file.display().to_string())
}

/// MiB of this process, on Linux; 0 elsewhere.
fn memory(entry: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes =
        status.lines().find_map(|line| line.strip_prefix(entry)?.split_whitespace().next());
    kibibytes.and_then(|number| number.parse::<usize>().ok()).map_or(0, |number| number / 1024)
}
