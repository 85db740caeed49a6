"""The recognizer's own networks: a speech encoder, a head that knows voices, their training."""
