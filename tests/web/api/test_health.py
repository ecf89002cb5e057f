from __future__ import annotations

import os
import signal
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from fastapi.testclient import TestClient

from assistant.web.server.app import create_app
from assistant.web.shared.site import Site
from assistant.web.shared.worker_pool import WorkerPool
from tests.servers import wait_until
from tests.web.worker_assistants import make_assistant


def test_running_process_is_healthy(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_readiness_reports_the_generation_and_each_check(client: TestClient, site: Site) -> None:
    assert client.get("/readyz").json() == {
        "status": "ready",
        "generation": site.assistant.index.manifest.generation,
        "checks": {"index": "ok", "store": "ok", "workers": "off"},
    }


def test_readiness_reports_a_failed_reload_and_a_missing_store(site: Site) -> None:
    with TestClient(create_app(replace(site, store=None, reload_problem="a file is damaged"))) as client:
        checks = client.get("/readyz").json()["checks"]
    assert checks == {"index": "a file is damaged", "store": "off", "workers": "off"}


def test_readiness_counts_the_running_workers(site: Site, tmp_path: Path) -> None:
    with closing(WorkerPool(site.assistant, partial(make_assistant, tmp_path / "index"), 2)) as workers:
        workers.wait_until_started()
        site.snapshot = replace(site.snapshot, worker_pool=workers)
        with TestClient(create_app(site)) as client:
            assert client.get("/readyz").json()["checks"]["workers"] == "ok"
            os.kill(workers.process_ids()[0], signal.SIGKILL)
            wait_until(lambda: client.get("/readyz").json()["checks"]["workers"] == "1 of 2 answer")
            wait_until(lambda: client.get("/readyz").json()["checks"]["workers"] == "ok")
