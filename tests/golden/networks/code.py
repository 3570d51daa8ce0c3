"""PyTorch files that run a command when they are unpickled: code.pth and code_legacy.pth.

    pip install torch==2.15.0
    python code.py
"""

import os

import torch


class Code:
    def __reduce__(self):
        return os.system, ("touch foveate_ran_code",)


state = {"features.0.weight": torch.zeros(2), "features.0.bias": Code()}
torch.save(state, "code.pth")
torch.save(state, "code_legacy.pth", _use_new_zipfile_serialization=False)
