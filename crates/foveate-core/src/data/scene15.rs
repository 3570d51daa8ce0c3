//! 15-Scene: Svetlana Lazebnik, Cordelia Schmid, Jean Ponce, *Beyond Bags of Features: Spatial
//! Pyramid Matching for Recognizing Natural Scene Categories*, CVPR 2006.

use std::env;

use super::error::DataError;
use super::folder::ImageFolder;
use crate::models::weights::cache_folder;

/// The training and the test set of 15-Scene as the practical splits it: 100 pictures of each class,
/// and the other 2,985. Looked for as `scene15/train` and `scene15/test` below the folder that
/// `FOVEATE_DATA` names, and below [`cache_folder`].
///
/// # Errors
///
/// [`DataError::Absent`] says where to get it and where to put it.
pub fn scene15() -> Result<(ImageFolder, ImageFolder), DataError> {
    let data = env::var_os("FOVEATE_DATA").map(Into::into);
    let places: Vec<_> = data.into_iter().chain([cache_folder()]).collect();
    let found = places.iter().map(|place| place.join("scene15")).find(|place| place.is_dir());
    let Some(root) = found else {
        let advice = format!(
            "put its folders train/<class>/*.jpg and test/<class>/*.jpg (the split of \
             github.com/rogerlucena/rdfia, TDs/8/15SceneData) into {}",
            places[0].join("scene15").display()
        );
        return Err(DataError::Absent { name: "15-Scene", advice });
    };
    let train = ImageFolder::open(root.join("train"))?;
    let test = train.open_beside(root.join("test"))?;
    Ok((train, test))
}
