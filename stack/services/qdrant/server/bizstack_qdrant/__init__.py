"""Qdrant's REST interface over the embedded engine qdrant-edge."""

# The REST version that clients negotiate on; the engine's own version is reported beside it.
REST_VERSION = "1.19.0"
SERVER_NAME = "bizstack-qdrant"
