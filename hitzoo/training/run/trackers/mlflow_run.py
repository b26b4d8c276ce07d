"""MLflow. Its own variables say where: MLFLOW_TRACKING_URI, by default its data base here; MLFLOW_EXPERIMENT_NAME."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hitzoo.training.run.trackers.tracked_run import PROJECT, TrackedRun

_TAG: Final = "hitzoo.run"
_FORBIDDEN: Final = re.compile(r"[^\w/. :-]")  # in the name of a metric
_LONGEST: Final = 500  # letters of a parameter
_MOST: Final = 100  # parameters of a call
_PATIENCE: Final = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}


class MlflowRun:
    """A run in MLflow's experiment `hitzoo`; it is found again by a tag. Steps wait for a server at most a minute."""

    writing = True

    def __init__(self, run: TrackedRun) -> None:
        for name, value in _PATIENCE.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient
        from mlflow.entities import Metric, Param

        for talker in ("alembic", "mlflow"):  # which tell of every table of a new data base
            logging.getLogger(talker).setLevel(logging.WARNING)
        self._metric = Metric
        self._client: Any = MlflowClient()
        experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
        found = self._client.get_experiment_by_name(experiment)
        place = found.experiment_id if found is not None else self._client.create_experiment(experiment)
        before = self._client.search_runs([place], f"tags.`{_TAG}` = '{run.identity}'", max_results=1)
        if before:
            self._id = before[0].info.run_id
            self._client.update_run(self._id, status="RUNNING")
            return
        self._id = self._client.create_run(place, run_name=run.name, tags={_TAG: run.identity}).info.run_id
        params = [Param(name[:_LONGEST], value[:_LONGEST]) for name, value in _leaves(run.config)]
        for start in range(0, len(params), _MOST):
            self._client.log_batch(self._id, params=params[start : start + _MOST])

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve."""
        now = int(1000 * time.time())
        metrics = [self._metric(_FORBIDDEN.sub("_", name), value, now, step) for name, value in values.items()]
        self._client.log_batch(self._id, metrics=metrics)

    def grid(self, step: int, name: str, pixels: NDArray[np.uint8]) -> None:
        """A picture (H, W, 1|3|4)."""
        self._client.log_image(self._id, pixels, key=name, step=step)

    def close(self) -> None:
        """Tell that the session has ended."""
        self._client.set_terminated(self._id)


def _leaves(data: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value by its path: `training.optimizer.betas.0`."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, str(data)
