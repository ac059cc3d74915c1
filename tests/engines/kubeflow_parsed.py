"""What KFP itself says of packages: its parsers read them, strictly; its client has our words.

python kubeflow_parsed.py package.yaml … schedule.py
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from unittest import mock

import kfp
import yaml
from google.protobuf import json_format
from kfp import components
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2


def parse(file: Path) -> None:
    """Read a package as the backend does: a field that it does not know is an error."""
    spec, *platforms = yaml.safe_load_all(file.read_text())
    json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    for platform in platforms:
        json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())
        executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        for each in executors.values():
            json_format.ParseDict(each, kubernetes_executor_config_pb2.KubernetesExecutorConfig())
    components.load_component_from_file(str(file))


def schedule(file: Path) -> None:
    """Run the program that schedules, with a client that takes what the real one takes."""
    client = mock.create_autospec(kfp.Client, instance=True)
    client.get_pipeline_id.return_value = None
    client.upload_pipeline.return_value = mock.Mock(pipeline_id="p")
    client.upload_pipeline_version.return_value = mock.Mock(pipeline_version_id="v")
    client.create_experiment.return_value = mock.Mock(experiment_id="e")
    before = mock.Mock(recurring_run_id="before")
    client.list_recurring_runs.return_value = mock.Mock(recurring_runs=[before])
    with (
        mock.patch("kfp.Client", autospec=True, return_value=client),
        mock.patch("sys.argv", [str(file), "--host", "http://ml"]),
    ):
        names = {"__name__": "__main__", "__file__": str(file)}
        exec(compile(file.read_text(), str(file), "exec"), names)
    given = client.create_recurring_run.call_args.kwargs
    assert (given["pipeline_id"], given["version_id"]) == ("p", "v")
    assert Path(client.upload_pipeline.call_args.args[0]).is_file()
    client.delete_recurring_run.assert_called_once_with("before")
    assert "cron_expression" in inspect.signature(kfp.Client.create_recurring_run).parameters


if __name__ == "__main__":
    for name in sys.argv[1:]:
        (parse if name.endswith(".yaml") else schedule)(Path(name))
