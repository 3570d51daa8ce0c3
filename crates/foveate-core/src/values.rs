//! The largest of some values, by one rule: of equal ones the first, 0.0 and -0.0 are equal, and a NaN is less than
//! any number.

use std::cmp::Ordering;

use burn::tensor::Tensor;

/// Orders the larger first.
pub(crate) fn descending<T: PartialOrd>(a: &T, b: &T) -> Ordering {
    let is_nan = |value: &T| value.partial_cmp(value).is_none();
    b.partial_cmp(a).unwrap_or_else(|| is_nan(a).cmp(&is_nan(b)))
}

/// Index of the largest value; 0 if there is none.
pub(crate) fn argmax<T: PartialOrd>(values: impl IntoIterator<Item = T>) -> usize {
    let largest = values.into_iter().enumerate().min_by(|(_, a), (_, b)| descending(a, b));
    largest.map_or(0, |(index, _)| index)
}

/// Index of the largest value of each row.
pub(crate) fn argmax_rows(rows: &Tensor<2>) -> Vec<usize> {
    let columns = rows.dims()[1];
    let values: Vec<f32> = rows.to_data().iter().collect();
    values.chunks_exact(columns).map(argmax).collect()
}

/// Indices of all values, in descending order of these.
pub(crate) fn ranked<T: PartialOrd>(values: &[T]) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..values.len()).collect();
    indices.sort_by(|&a, &b| descending(&values[a], &values[b]));
    indices
}

#[cfg(test)]
mod tests {
    use super::{argmax, ranked};

    #[test]
    fn the_first_of_equal_values_and_no_nan() {
        let none: [f32; 0] = [];
        assert_eq!(argmax(none), 0);
        assert_eq!(argmax([1.0, 3.0, 3.0]), 1);
        assert_eq!([argmax([-0.0, 0.0]), argmax([0.0, -0.0])], [0, 0]);
        for nan in [f32::NAN, -f32::NAN] {
            assert_eq!(argmax([nan, f32::NEG_INFINITY, nan]), 1);
            assert_eq!(argmax([nan, nan]), 0);
            let values = [nan, -0.0, 2.0, f32::NEG_INFINITY, 0.0, nan, f32::INFINITY, 2.0];
            assert_eq!(ranked(&values), [6, 2, 7, 1, 4, 3, 0, 5]);
            assert_eq!(ranked(&values)[0], argmax(values));
        }
    }
}
