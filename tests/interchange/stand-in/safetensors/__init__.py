"""As much of the package safetensors, which Debian does not have, as the commands in our messages use."""
