"""Asking the demo's service as its customers do."""

import json
import random
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

from hotfix_deploy_runner.demo.customers import Customers, Errand


def ask(url: str, errand: Errand) -> tuple[int, bytes]:
    """Status and body of the answer."""
    headers = {"Authorization": f"Bearer {errand.token}"} if errand.token else {}
    data = None if errand.content is None else json.dumps(errand.content).encode()
    request = urllib.request.Request(url + errand.path, data, headers, method=errand.method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def get(url: str, path: str) -> tuple[int, bytes]:
    """The same for a path, without a token."""
    return ask(url, Errand("", "", "GET", path))


def share_of_500(url: str, repository: Path, requests: int) -> float:
    """The share of the customers' requests that get 500, one after the other, always the same ones."""
    names = (repository / "service/customers.json").read_text()
    customers = Customers.from_json(names, random.Random(7), lambda: 4e9)
    statuses: Counter[int] = Counter()
    for _ in range(requests):
        errand = customers.errand()
        status, body = ask(url, errand)
        customers.learn(errand, status, json.loads(body))
        statuses[status] += 1
    assert not [status for status in statuses if status > 500]
    return statuses[500] / requests
