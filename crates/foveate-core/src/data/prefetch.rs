//! Work done on other threads ahead of its use.

use std::sync::mpsc::sync_channel;
use std::thread;

/// Runs `work` on every item, on other threads, ahead of `take`, which gets the results in the
/// items' order. At most `waiting` results a thread wait to be taken, so that memory stays bounded.
///
/// Stops at the first error of `take`, which is given back; the threads are then left no work.
///
/// # Panics
///
/// If there is no thread, or `work` panics.
pub fn prefetch<T: Sync, R: Send, E>(
    items: &[T],
    threads: usize,
    waiting: usize,
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    assert!(threads > 0, "work needs a thread");
    thread::scope(|scope| {
        let start = |first: usize| {
            let (sender, receiver) = sync_channel(waiting);
            let work = &work;
            scope.spawn(move || {
                for item in items.iter().skip(first).step_by(threads) {
                    if sender.send(work(item)).is_err() {
                        break; // Nobody takes any more.
                    }
                }
            });
            receiver
        };
        let receivers: Vec<_> = (0..threads).map(start).collect();
        for i in 0..items.len() {
            take(receivers[i % threads].recv().expect("the work of an item panicked"))?;
        }
        Ok(())
    })
}
