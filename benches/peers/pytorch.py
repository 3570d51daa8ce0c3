"""PyTorch's time for the work of benches/models.rs: forward pass, random weights, 224x224, f32.

    pip install torch==2.15.0 torchvision==0.29.2
    python benches/peers/pytorch.py

Prints the median of 20 passes (after 3 that are not counted) and pictures a second.
"""

import os
import statistics
import time

import torch
import torchvision.models as M

NETWORKS = {
    "squeezenet1_1": M.squeezenet1_1,
    "resnet18": M.resnet18,
    "googlenet": lambda: M.googlenet(aux_logits=False, init_weights=False),
    "vgg16": M.vgg16,
}


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("RAYON_NUM_THREADS", os.cpu_count())))
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
    with torch.inference_mode():
        for name, make in NETWORKS.items():
            network = make().eval()
            for batch in (1, 8):
                x = torch.randn(batch, 3, 224, 224)
                seconds = []
                for _ in range(23):
                    start = time.perf_counter()
                    network(x)
                    seconds.append(time.perf_counter() - start)
                median = statistics.median(seconds[3:])
                print(f"{name}/pytorch/{batch}  {median * 1e3:8.1f} ms  {batch / median:7.1f} pictures/s")
