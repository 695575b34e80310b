"""save_file as safetensors.torch has it, with what it refuses."""

import plain_safetensors
import torch


def save_file(tensors, path):
    storages = set()
    for name, tensor in tensors.items():
        assert isinstance(tensor, torch.Tensor), f"{name} is no tensor"
        assert tensor.is_contiguous(), f"{name} is not contiguous"
        assert tensor.data_ptr() not in storages, f"{name} shares memory with another tensor"
        storages.add(tensor.data_ptr())
    plain_safetensors.write(path, {name: tensor.numpy() for name, tensor in tensors.items()})
