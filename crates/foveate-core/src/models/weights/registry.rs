//! The weights that are known: where they come from, what they are, where they are found.

use std::env;
use std::path::{Path, PathBuf};

use super::download::Downloader;
use super::error::WeightsError;
use super::file;
use crate::models::architecture::{AnyNetwork, Architecture};
use burn::tensor::Device;

/// Weights of one training of one network.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The network they belong to.
    pub architecture: Architecture,
    /// Who trained them, and how they are called there.
    pub training: &'static str,
    /// Where the file stands below a data folder (`FOVEATE_DATA`, or [`cache_folder`]).
    pub file: &'static str,
    /// Where it can be downloaded.
    pub url: Option<&'static str>,
    /// The file's SHA-256, or its first digits, in lower-case hex.
    pub sha256: &'static str,
    /// The file's size in MiB.
    pub mebibytes: f32,
    /// License of the weights.
    pub license: &'static str,
    /// Published accuracy on ImageNet's validation images, one 224x224 crop, in percent: first
    /// prediction correct, one of the first five correct.
    pub accuracy: Option<(f32, f32)>,
    /// Whether the file's batch norms were folded into its convolutions.
    folded: bool,
}

/// An official file of torchvision (BSD-3-Clause), as its documentation lists it.
const fn torchvision(
    architecture: Architecture,
    file: &'static str,
    url: &'static str,
    sha256: &'static str,
    mebibytes: f32,
    top1: f32,
    top5: f32,
) -> Source {
    Source {
        architecture,
        training: "torchvision IMAGENET1K_V1",
        file,
        url: Some(url),
        sha256,
        mebibytes,
        license: "BSD-3-Clause",
        accuracy: Some((top1, top5)),
        folded: false,
    }
}

macro_rules! official {
    ($architecture:ident, $name:literal, $sha256:literal, $mebibytes:literal, $top1:literal, $top5:literal) => {
        torchvision(
            Architecture::$architecture,
            concat!("weights/torchvision/", $name, "-", $sha256, ".pth"),
            concat!("https://download.pytorch.org/models/", $name, "-", $sha256, ".pth"),
            $sha256,
            $mebibytes,
            $top1,
            $top5,
        )
    };
}

/// All weights that are known. Of several for one network, the first that is present is taken, or
/// else the first with an address is downloaded.
pub const SOURCES: &[Source] = &[
    official!(Vgg11, "vgg11", "8a719046", 506.84, 69.02, 88.628),
    official!(Vgg13, "vgg13", "19584684", 507.545, 69.928, 89.246),
    official!(Vgg16, "vgg16", "397923af", 527.796, 71.592, 90.382),
    official!(Vgg19, "vgg19", "dcbb9e9d", 548.051, 72.376, 90.876),
    official!(SqueezeNet1_0, "squeezenet1_0", "b66bff10", 4.778, 58.092, 80.42),
    official!(SqueezeNet1_1, "squeezenet1_1", "b8a52dc0", 4.729, 58.178, 80.624),
    official!(ResNet18, "resnet18", "f37072fd", 44.661, 69.758, 89.078),
    official!(ResNet34, "resnet34", "b627a593", 83.275, 73.314, 91.42),
    official!(GoogLeNet, "googlenet", "1378be20", 49.731, 69.778, 89.53),
    Source {
        architecture: Architecture::SqueezeNet1_1,
        training: "DeepScale, Caffe, SqueezeNet v1.1",
        file: "weights/squeezenet1_1/squeezenet1_1.safetensors",
        url: None,
        sha256: "79e6b41304f1be5060cd56a242278526c988ba5667fb6f1bbd22695496d9ab3f",
        mebibytes: 4.718,
        license: "BSD-2-Clause",
        accuracy: None,
        folded: false,
    },
    Source {
        architecture: Architecture::GoogLeNetPublished,
        training: "BVLC, Caffe, bvlc_googlenet, f16",
        file: "weights/googlenet_bvlc/googlenet_bvlc_f16.safetensors",
        url: None,
        sha256: "8c27b3981dd786670ee244fe9efb7c4cf0d3ee5b76d20030e5436d53f440efbb",
        mebibytes: 13.359,
        license: "unrestricted use (Caffe model zoo)",
        accuracy: Some((68.7, 88.9)),
        folded: false,
    },
    Source {
        architecture: Architecture::Vgg16Features,
        training: "torchvision IMAGENET1K_V1, the convolutions alone, f16",
        file: "weights/vgg16_features/vgg16_features_f16.safetensors",
        url: None,
        sha256: "783325924a52193b39653ffec4c699521f59571c4ee89cf219113870e391ec3a",
        mebibytes: 28.068,
        license: "BSD-3-Clause",
        accuracy: None,
        folded: false,
    },
    Source {
        architecture: Architecture::ResNet18Layer3,
        training: "torchvision IMAGENET1K_V1 up to layer3, batch norms folded",
        file: "weights/resnet18_partial/resnet18_bnfolded_without_layer4_3x3.safetensors",
        url: None,
        sha256: "60c0d2476eaeedef6573064d46118cf62e4ca56104432c84c2c2b30f970edfb3",
        mebibytes: 13.077,
        license: "BSD-3-Clause",
        accuracy: None,
        folded: true,
    },
];

impl Source {
    /// All weights of `architecture`, the preferred first.
    pub fn of(architecture: Architecture) -> impl Iterator<Item = &'static Source> {
        SOURCES.iter().filter(move |source| source.architecture == architecture)
    }

    /// The weights of `architecture` that are present, and their file. Looked for, in this order:
    /// below the folder that `FOVEATE_DATA` names, below [`cache_folder`], and, for torchvision's
    /// files, in PyTorch's own cache (`~/.cache/torch/hub/checkpoints`).
    pub fn find(architecture: Architecture) -> Option<(&'static Source, PathBuf)> {
        let below = |folder: PathBuf| {
            Self::of(architecture).map(move |source| (source, folder.join(source.file)))
        };
        let data = env::var_os("FOVEATE_DATA").map(|folder| below(folder.into()));
        let hub = torch_hub().map(|folder| {
            Self::of(architecture).filter(|source| source.url.is_some()).filter_map(move |source| {
                Some((source, folder.join(Path::new(source.file).file_name()?)))
            })
        });
        let mut places = data
            .into_iter()
            .flatten()
            .chain(below(cache_folder()))
            .chain(hub.into_iter().flatten());
        places.find(|(_, path)| path.is_file())
    }

    /// The weights of `architecture` that are present, or else those that can be downloaded: that
    /// is done, with a progress bar, and the SHA-256 checked. (Files that are present are not
    /// checked again.)
    ///
    /// # Errors
    ///
    /// [`WeightsError::Download`] or [`WeightsError::Absent`]: both say which file is wanted and
    /// where to put it.
    pub fn fetch(architecture: Architecture) -> Result<(&'static Source, PathBuf), WeightsError> {
        if let Some(found) = Self::find(architecture) {
            return Ok(found);
        }
        let downloadable = Self::of(architecture).find_map(|source| Some((source, source.url?)));
        let Some((source, url)) = downloadable else {
            let file = Self::of(architecture).map(|source| source.file).next().unwrap_or_default();
            let folder = env::var_os("FOVEATE_DATA").map_or_else(cache_folder, PathBuf::from);
            return Err(WeightsError::Absent { model: architecture.name(), file, folder });
        };
        let target = cache_folder().join(source.file);
        eprintln!("downloading {url} ({} MiB) to {}", source.mebibytes, target.display());
        Downloader::default().fetch(url, &target, source.sha256).map_err(|error| {
            WeightsError::Download { url: url.into(), target: target.clone(), reason: error }
        })?;
        Ok((source, target))
    }

    /// The network with the weights in `path`, which is of this source's kind.
    ///
    /// # Errors
    ///
    /// As [`load`](super::load).
    pub fn load(&self, path: &Path, device: &Device) -> Result<AnyNetwork, WeightsError> {
        let network = self.architecture.init(device);
        if self.folded { file::load_folded(network, path) } else { file::load(network, path) }
    }
}

/// Where downloads go: `foveate` in the user's cache folder (`~/.cache/foveate` on Linux).
pub fn cache_folder() -> PathBuf {
    dirs::cache_dir().unwrap_or_else(env::temp_dir).join("foveate")
}

/// Where PyTorch keeps what it downloads, the same on every platform.
fn torch_hub() -> Option<PathBuf> {
    let torch = match env::var_os("TORCH_HOME") {
        Some(torch) => torch.into(),
        None => {
            let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            cache.or_else(|| Some(dirs::home_dir()?.join(".cache")))?.join("torch")
        }
    };
    Some(torch.join("hub/checkpoints"))
}
