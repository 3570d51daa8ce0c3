//! What can be wrong with weights.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::download::DownloadError;

/// A tensor whose shape is not the network's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misshaped {
    /// Torchvision's name of the tensor.
    pub name: String,
    /// The network's shape.
    pub expected: Vec<usize>,
    /// The file's shape.
    pub found: Vec<usize>,
}

/// Weights that cannot be had, read, or put into the network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be opened or written.
    #[error("{path}: {reason}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
    /// The file's first bytes are of no known format.
    #[error(
        "{path}: expected a safetensors file or a PyTorch file (.pth, zip or legacy pickle), found {found}",
        path = .path.display()
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What its first bytes look like.
        found: String,
    },
    /// The file is of a known format and cannot be read.
    #[error(
        "{path}: this {format} file is damaged or holds more than tensors ({reason}); get it again, or save the \
         state dict alone: torch.save(model.state_dict(), ...)",
        path = .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// `safetensors` or `PyTorch`.
        format: &'static str,
        /// The reader's words.
        reason: String,
    },
    /// The file holds weights, and not how the network takes images.
    #[error("{path}: expected a file written by Classifier::save, found weights alone", path = .path.display())]
    NoClassifier {
        /// The file.
        path: PathBuf,
    },
    /// What the file says of images and classes is not this network's.
    #[error("{path}: {reason}; open it with the network that it was written of", path = .path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// The file does not say which generator its weights are of, or tells sizes that none can have.
    #[error("{path}: expected a file written by GanConfig::save, found no generator's sizes", path = .path.display())]
    NoGenerator {
        /// The file.
        path: PathBuf,
    },
    /// The file holds no dictionary of tensors.
    #[error(
        "{path}: expected a state dict, tensors by their names, found {found}; save one: \
         torch.save(model.state_dict(), ...)", path = .path.display()
    )]
    StateDict {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// The file holds the network more than once.
    #[error(
        "{path}: this network's tensors are there more than once, below `{}` and `{}`; save one of them alone",
        .places[0], .places[1], path = .path.display()
    )]
    Several {
        /// The file.
        path: PathBuf,
        /// Two of the places: keys and prefixes.
        places: [String; 2],
    },
    /// The tensors are not those of the network. The message names ten of them.
    #[error(
        "{path}: the tensors{} are not this network's: {}; is it the file of another network, or of another number of \
         classes?", below(.prefix), lists(.missing, .unexpected, .misshaped), path = .path.display()
    )]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// Keys and prefix that stand before the names in the file, with their dots; or nothing.
        prefix: Box<str>,
        /// Tensors that the network has and the file has not.
        missing: Vec<String>,
        /// Tensors that the file has and the network has not.
        unexpected: Vec<String>,
        /// Tensors of the right name and another shape.
        misshaped: Vec<Misshaped>,
    },
    /// A tensor holds an infinity or NaN.
    #[error("{path}: {name} holds numbers that are not finite; take the weights of an earlier epoch", path = .path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// Torchvision's name of the tensor.
        name: String,
    },
    /// A tensor does not fit 16 bits.
    #[error("{path}: {name} holds a number beyond 65,504; save it with Precision::Single", path = .path.display())]
    NoHalf {
        /// The file that was not written.
        path: PathBuf,
        /// Torchvision's name of the tensor.
        name: String,
    },
    /// The weights are neither present nor to be downloaded.
    #[error("the weights of {model} are not found and have no address to download them from; put {file} into {folder}",
        folder = .folder.display())]
    Absent {
        /// The model.
        model: &'static str,
        /// The file's place below the folder.
        file: &'static str,
        /// Where to put it.
        folder: PathBuf,
    },
    /// The download failed.
    #[error("{reason}; or fetch {url} yourself and put it at {target}", target = .target.display())]
    Download {
        /// The address.
        url: String,
        /// Where the file belongs.
        target: PathBuf,
        /// What went wrong.
        reason: DownloadError,
    },
    /// The network has no class scores to give.
    #[error("{0} ends in features, not in class scores; use Pretrained, or a whole network")]
    NoClasses(&'static str),
}

fn below(prefix: &str) -> String {
    if prefix.is_empty() { String::new() } else { format!(" below `{prefix}`") }
}

/// What is wrong, with ten names of it in all.
fn lists(missing: &[String], unexpected: &[String], misshaped: &[Misshaped]) -> String {
    let kinds = [missing.len(), unexpected.len(), misshaped.len()];
    let each = 10 / kinds.iter().filter(|&&count| count > 0).count().max(1);
    let lists = [
        list("missing", missing, each),
        list("unexpected", unexpected, each),
        list("misshaped", misshaped, each),
    ];
    lists.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn list<T: fmt::Display>(title: &str, items: &[T], most: usize) -> Option<String> {
    let shown: Vec<_> = items.iter().take(most).map(T::to_string).collect();
    let more = if items.len() > most { ", ..." } else { "" };
    (!items.is_empty()).then(|| format!("{title} ({}): {}{more}", items.len(), shown.join(", ")))
}

impl fmt::Display for Misshaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} expected {:?} found {:?}", self.name, self.expected, self.found)
    }
}
