"""Collections on disk: atomic metadata, optimizer, snapshots."""
