"""`python -m hotfix_deploy_runner`: the same as the command."""

from .cli.main import main

main(prog_name="hotfix-deploy-runner")
