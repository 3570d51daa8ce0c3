//! What the peers share: the command line, the timing and the answer of foveate's `benches/rows`.

use std::path::PathBuf;
use std::time::Instant;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use clap::Parser;

/// A forward pass over a batch of 224x224 images.
pub struct Row {
    /// torchvision's name of the network.
    pub network: String,
    /// Images.
    pub batch: usize,
    /// The folder that `export_onnx.py` wrote.
    onnx: Option<PathBuf>,
}

impl Row {
    /// `[batch, 3, 224, 224]`.
    pub fn shape(&self) -> [usize; 4] {
        [self.batch, 3, 224, 224]
    }

    /// Numbers in `[-1, 1)`.
    pub fn images(&self) -> Vec<f32> {
        let mut state = 1_u32;
        let number = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..self.shape().iter().product()).map(number).collect()
    }

    /// The network's file.
    pub fn onnx(&self) -> Result<PathBuf> {
        let folder = self.onnx.as_ref().context("--onnx names the folder of the ONNX files")?;
        Ok(folder.join(format!("{}-{}.onnx", self.network, self.batch)))
    }
}

/// Times one row.
#[derive(Parser)]
struct Arguments {
    /// As in foveate's `benches/rows`; forward passes alone
    row: String,
    /// The folder that `export_onnx.py` wrote
    #[arg(long)]
    onnx: Option<PathBuf>,
    /// Repetitions that are not counted
    #[arg(long, default_value_t = 2)]
    warm_up: usize,
    /// Repetitions that are counted
    #[arg(long, default_value_t = 10)]
    repetitions: usize,
    /// No repetition starts later than this many seconds after the first
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
}

/// The threads that `RAYON_NUM_THREADS` asks for, or else one for each processor.
pub fn threads() -> usize {
    let asked = env::var("RAYON_NUM_THREADS").ok().and_then(|number| number.parse().ok());
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Runs the row of the command line, whose forward pass `prepare` gives, and prints the answer.
pub fn run<F: FnMut() -> Result<()>>(
    peer: &str,
    prepare: impl FnOnce(&Row) -> Result<F>,
) -> Result<()> {
    let arguments = Arguments::parse();
    let parts: Vec<&str> = arguments.row.split('-').collect();
    let [network, "forward", batch] = parts[..] else { bail!("only forward passes") };
    let row = Row { network: network.into(), batch: batch.parse()?, onnx: arguments.onnx };
    let start_mib = peak();
    let mut forward = prepare(&row)?;

    for _ in 0..arguments.warm_up {
        forward()?;
    }
    let mut milliseconds = Vec::new();
    let start = Instant::now();
    while milliseconds.len() < arguments.repetitions
        && (milliseconds.is_empty() || start.elapsed().as_secs_f64() < arguments.seconds)
    {
        let start = Instant::now();
        forward()?;
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
    }

    let mut sorted = milliseconds.clone();
    sorted.sort_by(f64::total_cmp);
    let (minimum, middle) = (sorted[0], sorted.len() / 2);
    let median = (sorted[middle] + sorted[(sorted.len() - 1) / 2]) / 2.0;
    let ms: Vec<String> = milliseconds.iter().map(|ms| format!("{ms:.3}")).collect();
    let fields = [
        ("row", format!("{:?}", arguments.row)),
        ("device", format!("{peer:?}")),
        ("threads", threads().to_string()),
        ("median_ms", format!("{median:.3}")),
        ("min_ms", format!("{minimum:.3}")),
        ("ms", format!("[{}]", ms.join(", "))),
        ("start_mib", format!("{start_mib:.1}")),
        ("peak_mib", format!("{:.1}", peak())),
    ];
    let fields = fields.map(|(name, value)| format!("{name:?}: {value}"));
    println!("{{{}}}", fields.join(", "));
    Ok(())
}

/// MiB of resident memory, at the most so far; NaN where it is not known.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}
