"""Airflow 3: one DAG file, that Airflow reads without the project and its libraries.

`settings` reads what was asked for, `wiring` says what waits for what and under which rule,
`dag` writes the tasks, `calling` the functions under them that call `thruway task`, and
`package` the project as something to install. `text` writes calls as a formatter would.
"""

from thruway.targets.airflow.compile import compile_airflow

__all__ = ["compile_airflow"]
