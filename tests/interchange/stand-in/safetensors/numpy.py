"""load_file and save_file as safetensors.numpy has them."""

import plain_safetensors


def load_file(path):
    return plain_safetensors.read(path)[0]


def save_file(tensors, path):
    for name, array in tensors.items():
        assert array.flags.c_contiguous, f"{name} is not contiguous"
    plain_safetensors.write(path, tensors)
