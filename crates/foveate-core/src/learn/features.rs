//! [`Features`]: what a network says of each image, one row an image.

use std::io;
use std::path::Path;

use crate::store;

/// A matrix of features, `rows` x `columns`: one row an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    values: Vec<f32>,
    columns: usize,
}

impl Features {
    /// Takes the values row by row.
    ///
    /// # Panics
    ///
    /// If there are no columns, or the values do not fill the last row.
    pub fn new(values: Vec<f32>, columns: usize) -> Self {
        assert!(columns > 0, "features have at least one column");
        assert_eq!(values.len() % columns, 0, "{} values in rows of {columns}", values.len());
        Self { values, columns }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// Number of columns: the dimensions of the features.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The features of one image.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// The rows, one after the other.
    pub fn iter(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(self.columns)
    }

    /// Row and column of the first value that is NaN or infinite, and the value.
    pub(crate) fn not_finite(&self) -> Option<([usize; 2], f32)> {
        let at = self.values.iter().position(|value| !value.is_finite())?;
        Some(([at / self.columns, at % self.columns], self.values[at]))
    }

    /// The rows of these numbers, in their order.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut values = Vec::with_capacity(rows.len() * self.columns);
        rows.iter().for_each(|&row| values.extend_from_slice(self.row(row)));
        Self { values, columns: self.columns }
    }

    /// Every row divided by its Euclidean length; rows of zeros stay as they are.
    #[must_use]
    pub fn l2_normalized(mut self) -> Self {
        for row in self.values.chunks_exact_mut(self.columns) {
            let square: f64 = row.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
            if square > 0.0 {
                let length = square.sqrt();
                let scale = (1.0 / length) as f32;
                if scale.is_normal() {
                    row.iter_mut().for_each(|value| *value *= scale);
                } else {
                    // A row so short or so long that f32 has no such factor.
                    row.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
                }
            }
        }
        self
    }

    /// Writes the rows as lines of comma-separated values, which read back as the same f32.
    ///
    /// # Errors
    ///
    /// The system's error where the file cannot be written; an old one then stays.
    pub fn save_csv(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let mut text = String::new();
        for row in self {
            let values: Vec<String> = row.iter().map(f32::to_string).collect();
            text += &values.join(",");
            text.push('\n');
        }
        store::replace(path.as_ref(), text.as_bytes())
    }

    /// Writes the matrix `[rows, columns]` of f32 as NumPy's `load` reads it
    /// (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, version 1.0).
    ///
    /// # Errors
    ///
    /// As [`save_csv`](Self::save_csv).
    pub fn save_npy(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let shape = format!("({}, {})", self.rows(), self.columns);
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        // The values start at a multiple of 64 bytes, behind a line's end.
        let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((length as u16).to_le_bytes());
        bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        store::replace(path.as_ref(), &bytes)
    }

    /// The rows of several matrices one below the other.
    ///
    /// # Panics
    ///
    /// If there is no matrix, or their numbers of columns differ.
    pub fn stack(parts: &[Self]) -> Self {
        let columns = parts.first().expect("at least one matrix").columns;
        assert!(parts.iter().all(|part| part.columns == columns), "rows of one length");
        Self { values: parts.iter().flat_map(|part| &part.values).copied().collect(), columns }
    }

    /// The columns of several matrices side by side.
    ///
    /// # Panics
    ///
    /// If there is no matrix, or their numbers of rows differ.
    pub fn concat(parts: &[Self]) -> Self {
        let rows = parts.first().expect("at least one matrix").rows();
        assert!(parts.iter().all(|part| part.rows() == rows), "one row an image in every part");
        let columns = parts.iter().map(|part| part.columns).sum();
        let mut values = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            parts.iter().for_each(|part| values.extend_from_slice(part.row(row)));
        }
        Self { values, columns }
    }
}

impl<'a> IntoIterator for &'a Features {
    type Item = &'a [f32];
    type IntoIter = std::slice::ChunksExact<'a, f32>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
