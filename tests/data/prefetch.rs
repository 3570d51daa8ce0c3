//! Work ahead.

use std::sync::atomic::{AtomicUsize, Ordering};

use foveate::data::prefetch;

#[test]
fn work_ahead_keeps_order_and_bounds() {
    let items: Vec<usize> = (0..200).collect();
    let (begun, mut taken) = (AtomicUsize::new(0), Vec::new());
    prefetch(
        &items,
        3,
        4,
        |&i| {
            begun.fetch_add(1, Ordering::SeqCst);
            i * i
        },
        |square| {
            // Each thread: one in work, 4 waiting, and one on its way.
            let waiting = begun.load(Ordering::SeqCst) - taken.len();
            assert!(waiting <= 3 * 6, "{waiting} results wait");
            taken.push(square);
            Ok::<(), ()>(())
        },
    )
    .unwrap();
    assert_eq!(taken, items.iter().map(|i| i * i).collect::<Vec<_>>());
    let stop = prefetch(&items, 2, 1, |&i| i, |i| if i == 5 { Err(i) } else { Ok(()) });
    assert_eq!(stop, Err(5));
}
