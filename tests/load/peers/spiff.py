# SPDX-License-Identifier: EUPL-1.2
"""SpiffWorkflow on the models of the engine's own measurement: instances per second, one JSON object.

    spiff.py MODELS_FOLDER [SECONDS]

Line and fork run in memory; three user tasks save the whole state to SQLite (`synchronous=FULL`) at each wait."""
import json
import pathlib
import sqlite3
import sys
import tempfile
import time

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

folder, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 3


def spec(name):
    parser = BpmnParser()
    parser.add_bpmn_file(str(folder / f"{name}.py.bpmn"))
    return parser.get_spec(name)


def rate(run):
    run()
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        run()
        count += 1
    return round(count / (time.perf_counter() - began))


def in_memory(name):
    model = spec(name)

    def run():
        workflow = BpmnWorkflow(model)
        for task in workflow.get_tasks(state=TaskState.READY):
            task.data["n"] = 0
        workflow.do_engine_steps()
        assert workflow.completed

    return rate(run)


def durable(name):
    model, serializer = spec(name), BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
    with tempfile.TemporaryDirectory() as data:
        db = sqlite3.connect(f"{data}/peer.db", isolation_level=None)
        db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE instance (id INTEGER PRIMARY KEY, state TEXT NOT NULL)")

        def save(key, workflow):
            db.execute("INSERT INTO instance (id, state) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET state = excluded.state", (key, serializer.serialize_json(workflow)))

        keys = iter(range(1 << 30))

        def run():
            key = next(keys)
            workflow = BpmnWorkflow(model)
            workflow.do_engine_steps()
            save(key, workflow)
            for _ in range(3):
                (text,) = db.execute("SELECT state FROM instance WHERE id = ?", (key,)).fetchone()
                workflow = serializer.deserialize_json(text)
                workflow.get_tasks(state=TaskState.READY, manual=True)[0].run()
                workflow.do_engine_steps()
                save(key, workflow)
            assert workflow.completed

        return rate(run)


print(json.dumps({"line": in_memory("line"), "fork": in_memory("fork"), "three_tasks_sqlite": durable("three")}))
