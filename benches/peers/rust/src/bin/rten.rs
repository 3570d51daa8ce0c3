//! rten on ONNX files, with its options for speed.

use std::sync::Arc;

use anyhow::Result;
use rten::{ModelOptions, RunOptions, ThreadPool};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;

fn main() -> Result<()> {
    foveate_peers::run("rten", |row| {
        let model = ModelOptions::with_all_ops().prepack_weights(true).load_file(row.onnx()?)?;
        let images = NdTensor::from_data(row.shape(), row.images());
        let pool = Arc::new(ThreadPool::with_num_threads(foveate_peers::threads()));
        Ok(move || {
            let options = RunOptions::default().with_thread_pool(Some(pool.clone()));
            model.run_one(images.view().into(), Some(options))?;
            Ok(())
        })
    })
}
