"""Write settings.md and hotfix.schema.json beside this file: `make docs`."""

from pathlib import Path

from hotfix_deploy_runner.reference.page import page
from hotfix_deploy_runner.reference.schema import text

HERE = Path(__file__).parent

if __name__ == "__main__":
    (HERE / "settings.md").write_text(page(), encoding="utf-8")
    (HERE / "hotfix.schema.json").write_text(text(), encoding="utf-8")
