"""The functions of the DAG file that call `thruway task`, as text.

They need Airflow and the standard library only: the interpreter that a task calls may be another
one, and need not have Airflow.
"""

from __future__ import annotations

RUN_STEP = '''
@task
def run_step(step: str, stage: str = "", item: int = 0):
    """Call a step; hand on what its values are called in the store, or its items."""
    context = get_current_context()
    with TemporaryDirectory() as folder:
        record = Path(folder, "record.json")
        words = [step, "--output", str(record)]
        if stage:
            words += ["--stage", stage, "--item", str(item)]
        if link := link_to(context):
            words += ["--link", link]
{given}        status = thruway(context, "task", *words)
        if status in FINAL:
            raise AirflowFailException(f"`{step}` {FINAL[status]}: the log says why")
        if status:
            raise RuntimeError(f"`{step}` ended with {status}: the log says why")
        done = json.loads(record.read_text(encoding="utf-8"))
    if done["state"] == "SKIPPED":
        raise AirflowSkipException(f"`{step}` is not called in this run")
{events}    return list(range(done["count"])) if stage == "items" else done
'''

GIVEN = """\
        given = Path(folder, "given.json")
        given.write_text(json.dumps(parameters(context)), encoding="utf-8")
        words += ["--params", str(given)]
"""

EVENTS = """\
    for asset in context["task"].outlets:
        context["outlet_events"][asset].extra = done
"""

FINISH_RUN = '''
@task(retries=2, retry_delay=timedelta(seconds=10))
def finish_run():
    """Record how the run ended, whatever became of it; fail if it did not end well."""
    status = thruway(get_current_context(), "task-end")
    if status == 1 or status in FINAL:
        raise AirflowFailException("the run failed: the store has what it finished")
    if status:
        raise RuntimeError(f"the end came to {status}: the log says why")
'''

FINAL = """
# Statuses after which another try would give the same.
FINAL = {
    2: "cannot be called like this",
    5: "belongs to a pipeline that cannot be read",
    9: "decided that nothing may be made from this",
}
"""

PARAMETERS = '''
def parameters(context):
    """Return the parameters whose values are not those of the pipeline itself."""
    found = {}
    for name, schema in PARAMETERS.items():
        value = exact(context["params"][name], schema)
{span}        usual = exact(schema["default"], schema) if "default" in schema else None
        if "default" not in schema or json.dumps(value) != json.dumps(usual):
            found[name] = value
    return found


def exact(value, schema):
    """Return a value as its type has it: JSON in a browser writes 1.0 as 1."""
    if isinstance(value, list):
        return [exact(each, schema.get("items", {})) for each in value]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    is_number = "number" in kinds and "integer" not in kinds
    return float(value) if is_number and type(value) is int else value
'''

SPAN = """\
        if name == SPAN and value is None:
            value = span(context)
"""

SPAN_FUNCTION = '''
def span(context):
    """Return the date whose data this run is for."""
    run = context["dag_run"]
    when = run.data_interval_start or run.logical_date or run.run_after
    return {form}
'''

THRUWAY = '''
def thruway(context, command, *words):
    """Call Thruway; what it says is the log of the task. Return its status."""
    run = f"{context['dag'].dag_id}/{context['run_id']}"
    where = {where}
    line = [{program}, command, {project}*words, *where]
    print("$", shlex.join(line))
    process = subprocess.Popen(
        line,
        env={environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    # Airflow calls this when a task is stopped: cleared, marked as failed, or too long.
    context["task"].on_kill = lambda: stop(process)
    try:
        for said in process.stdout:
            print(said, end="")
        return process.wait()
    finally:
        stop(process)


def stop(process):
    """End a call, and what it started, unless it is over."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
'''

LINK = '''
def link_to(context):
    """Return where this run is shown, if the address of Airflow is configured."""
    base = conf.get("api", "base_url", fallback="") or ""
    run = f"/dags/{context['dag'].dag_id}/runs/{quote(context['run_id'])}"
    return base.rstrip("/") + run if base else ""
'''

POD = '''
def pod(cpu, memory="", gpu=""):
    """Return what a task asks of Kubernetes."""
    requests = {"cpu": cpu} | ({"memory": memory} if memory else {})
    limits = ({"memory": memory} if memory else {}) | (
        {"nvidia.com/gpu": gpu} if gpu else {}
    )
    resources = k8s.V1ResourceRequirements(requests=requests, limits=limits)
    container = k8s.V1Container(name="base"{image}, resources=resources)
    return {"pod_override": k8s.V1Pod(spec=k8s.V1PodSpec(containers=[container]))}
'''


def filled(text: str, **parts: str) -> str:
    """Return a text with its blanks filled; other braces stay."""
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part)
    return text.strip("\n") + "\n"
