"""The report in a real browser: choosing a step marks it, its cells and its wires; no errors."""

import re
import shutil
import subprocess

import project_plans
import pytest

from thruway.project.report import render_report

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=4000", "--dump-dom",
]  # fmt: skip
PROBE = """
<script>
const errors = [];
addEventListener("error", (event) => errors.push(event.message));
addEventListener("load", () => {
  const step = "STEP";
  const of = (all) => all.filter((each) => (each.dataset.step || "").split(" ").includes(step));
  const everything = [...document.querySelectorAll("[data-step]")];
  of(everything).find((each) => each.matches(".passage")).click();
  const on = everything.filter((each) => each.classList.contains("on"));
  const result = { errors, own: of(everything).length, on: on.length, right: of(on).length };
  document.body.setAttribute("data-result", JSON.stringify(result).replaceAll('"', "'"));
});
</script>
"""

pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium here")


def opened(page, profile):
    words = [BROWSER, *OPTIONS, f"--user-data-dir={profile}", page.as_uri()]
    done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=False)
    return re.search(r'data-result="([^"]*)"', done.stdout)


@pytest.mark.slow
def test_a_chosen_step_is_marked_everywhere(tmp_path):
    plan = project_plans.churn(tmp_path)
    step = plan.steps[0].name
    report = render_report(plan, None, None)
    page = tmp_path / "report.html"
    page.write_text(report.replace("</body>", PROBE.replace("STEP", step) + "</body>"), "utf-8")
    found = opened(page, tmp_path / "profile")
    assert found, "the page's own script did not run to its end"
    result = found[1].replace("&quot;", '"')
    numbers = dict(re.findall(r"'(\w+)':(\d+)", result))
    assert "'errors':[]" in result
    assert int(numbers["own"]) >= 2
    assert numbers["on"] == numbers["right"] == numbers["own"]
