//! 15-Scene; see [`scene15`].

use super::dataset_roots::dataset_roots;
use super::error::DataError;
use super::folder::ImageFolder;

/// The training and the test set of 15-Scene as the practical splits it: 100 images of each class,
/// and the other 2,985. Looked for as `scene15/train` and `scene15/test` below the folder that
/// `FOVEATE_DATA` names, and below the [cache
/// folder](crate::models::weights::cache_folder).
///
/// Svetlana Lazebnik, Cordelia Schmid, Jean Ponce, *Beyond Bags of Features: Spatial Pyramid Matching for
/// Recognizing Natural Scene Categories*, 2006, <https://doi.org/10.1109/CVPR.2006.68>.
///
/// # Errors
///
/// [`DataError::Absent`] says where to get it and where to put it.
pub fn scene15() -> Result<(ImageFolder, ImageFolder), DataError> {
    let places = dataset_roots("scene15");
    let Some(root) = places.iter().find(|place| place.is_dir()) else {
        let advice = format!(
            "put its folders train/<class>/*.jpg and test/<class>/*.jpg (the split of \
             github.com/rogerlucena/rdfia, TDs/8/15SceneData) into {}",
            places[0].display()
        );
        return Err(DataError::Absent { name: "15-Scene", advice });
    };
    let train = ImageFolder::open(root.join("train"))?;
    let test = train.open_beside(root.join("test"))?;
    Ok((train, test))
}
