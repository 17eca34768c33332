"""What all requests share."""

from __future__ import annotations

import time

from .metrics import Metrics
from .settings import Settings
from .storage.maintenance import Maintenance
from .storage.registry import Registry


class State:
    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.registry = Registry(settings.storage)
        self.maintenance = Maintenance(settings, self.registry.all)
        self.started = time.time()

    def start(self) -> None:
        """Opens the storage; raises when it cannot be used."""
        self.registry.open()
        self.maintenance.start()

    def stop(self) -> None:
        """Ends background work, flushes and closes every collection."""
        self.maintenance.stop()
        self.registry.close()
