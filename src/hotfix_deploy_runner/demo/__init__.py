"""The demo's world: a repository, a small web service, a balancer in front of it, and people who use it.

Everything in it is real (git, processes, HTTP, metrics) and lies in one folder. It holds no part of the runner: what
the demo shows is the runner itself, let loose on this world.
"""
