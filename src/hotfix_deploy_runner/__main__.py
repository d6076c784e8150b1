"""`python -m hotfix_deploy_runner`: the same as the command."""

from .cli.front import main

main()
