"""What uploads a pipeline and has it run on a schedule: a short program with the KFP client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thruway.errors import UsageError
from thruway.targets.kubeflow.names import dashed

if TYPE_CHECKING:
    from thruway.targets.tasks import Tasks
    from thruway.targets.types import CompileOptions

_WORDS = {
    "@hourly": "0 0 * * * *",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@weekly": "0 0 0 * * 0",
    "@monthly": "0 0 0 1 * *",
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
}

_PROGRAM = '''\
"""Schedule the pipeline `{pipeline}` on Kubeflow Pipelines.

    python {pipeline}_schedule.py --host URL [--namespace NAME]

It uploads {pipeline}.yaml as a new version, and puts a recurring run of it in the place of the
one before. It needs the package kfp. Compiled by Thruway: change the pipeline, and compile again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import kfp

PIPELINE = "{name}"
PACKAGE = str(Path(__file__).parent / "{pipeline}.yaml")


def main() -> None:
    """Upload the pipeline and schedule it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", help="URL of the API of Kubeflow Pipelines")
    parser.add_argument("--namespace", help="namespace of the runs")
    asked = parser.parse_args()
    client = kfp.Client(host=asked.host, namespace=asked.namespace or "kubeflow")
    pipeline, version = upload(client)
    experiment = client.create_experiment(PIPELINE, namespace=asked.namespace)
    before = client.list_recurring_runs(experiment_id=experiment.experiment_id)
    client.create_recurring_run(
        experiment_id=experiment.experiment_id,
        job_name=f"{{PIPELINE}} {{version}}",
        cron_expression="{cron}",  # seconds come first
        start_time={start},
        no_catchup={no_catchup},
        max_concurrency=1,
        pipeline_id=pipeline,
        version_id=version,
    )
    for one in before.recurring_runs or []:
        client.delete_recurring_run(one.recurring_run_id)


def upload(client: kfp.Client) -> tuple[str, str]:
    """Upload the package; return the ids of the pipeline and of its new version."""
    name = f"{{PIPELINE}} {{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}}"
    pipeline = client.get_pipeline_id(PIPELINE)
    if pipeline is None:
        pipeline = client.upload_pipeline(PACKAGE, PIPELINE).pipeline_id
    version = client.upload_pipeline_version(PACKAGE, name, pipeline_id=pipeline)
    return pipeline, version.pipeline_version_id


if __name__ == "__main__":
    main()
'''


def recurring_file(tasks: Tasks, options: CompileOptions) -> str:
    """Return the text of the program that schedules a pipeline.

    Raises:
        UsageError: the schedule is no cron expression, or nobody would give a parameter.
    """
    required = [parameter.name for parameter in tasks.parameters if parameter.required]
    if required:
        raise UsageError(
            f"a run that begins by itself has no value for `{required[0]}`",
            fix="give the parameter a default, or leave --schedule out",
        )
    return _PROGRAM.format(
        pipeline=tasks.pipeline,
        name=dashed(tasks.pipeline),
        cron=cron_of(options.schedule),
        start=repr(_moment(options.start)).replace("'", '"'),
        no_catchup=not options.catchup,
    )


def cron_of(schedule: str) -> str:
    """Return a schedule as KFP has it: six fields, seconds first.

    Raises:
        UsageError: it is neither a word nor five or six fields.

    >>> cron_of("30 6 * * 1"), cron_of("@daily")
    ('0 30 6 * * 1', '0 0 0 * * *')
    """
    fields = _WORDS.get(schedule, schedule).split()
    if len(fields) == 5:
        fields = ["0", *fields]
    if len(fields) != 6 or '"' in schedule or "\\" in schedule:
        raise UsageError(
            f"`{schedule}` is not a schedule",
            fix=f'write a cron expression, such as "30 6 * * 1", or one of: {", ".join(_WORDS)}',
        )
    return " ".join(fields)


def _moment(start: str) -> str | None:
    """Return a date as the API takes it."""
    if not start:
        return None
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(start)
    except ValueError as error:
        raise UsageError(f"`{start}` is not a date", fix="write it as 2026-01-31") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
