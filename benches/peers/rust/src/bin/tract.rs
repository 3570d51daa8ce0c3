//! tract on ONNX files, optimized for their fixed shapes.

use anyhow::Result;
use tract_linalg::multithread::{Executor, set_default_executor};
use tract_onnx::prelude::*;

fn main() -> Result<()> {
    foveate_peers::run("tract", |row| {
        let threads = foveate_peers::threads();
        if threads > 1 {
            set_default_executor(Executor::multithread(threads));
        }
        let model = tract_onnx::onnx().model_for_path(row.onnx()?)?;
        let model = model.into_optimized()?.into_runnable()?;
        let images = Tensor::from_shape(&row.shape(), &row.images())?;
        Ok(move || {
            model.run(tvec!(images.clone().into()))?;
            Ok(())
        })
    })
}
