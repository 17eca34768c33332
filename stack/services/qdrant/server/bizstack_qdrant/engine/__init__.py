"""Translation between REST JSON and the engine's objects."""
