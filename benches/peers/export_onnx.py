"""Writes torchvision's networks with random weights as ONNX files, for peers that read them.

    pip install torch==2.15.0 torchvision==0.29.2 onnx==1.23.2 onnxscript==0.7.2
    python benches/peers/export_onnx.py FOLDER
"""

import pathlib
import sys

import torch

from pytorch import NETWORKS

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in NETWORKS.items():
        for batch in (1, 8):
            torch.onnx.export(
                make().eval(),
                (torch.randn(batch, 3, 224, 224),),
                folder / f"{name}-{batch}.onnx",
                dynamo=True,
                external_data=False,
            )
