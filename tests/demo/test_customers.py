import base64
import random
from collections import Counter

from hotfix_deploy_runner.demo.customers import KINDS, Customers, Errand, forged

NAMES = ["alice", "bob", "zoë"]


def customers(seed: int = 1) -> Customers:
    return Customers(NAMES, "open sesame", random.Random(seed), lambda: 1_000.0)


def all_logged_in() -> Customers:
    people = customers()
    for name in NAMES:
        people.learn(Errand("login", name, "POST", "/login"), 200, {"token": f"token of {name}"})
    return people


def test_who_has_no_token_logs_in() -> None:
    errands = [customers(seed).errand() for seed in range(50)]
    assert {errand.kind for errand in errands} <= {"login", "forged"}
    login = next(errand for errand in errands if errand.kind == "login")
    assert login.content == {"user": login.user, "password": "open sesame"}


def test_the_mix_is_as_declared() -> None:
    people = all_logged_in()
    counts = Counter(people.errand().kind for _ in range(5_000))
    assert sum(KINDS.values()) == 1
    for kind, share in KINDS.items():
        assert abs(counts[kind] / 5_000 - share) < 0.03
        assert counts[kind] > 0


def test_tokens_are_used_and_a_refused_one_is_dropped() -> None:
    people = all_logged_in()
    errand = next(e for e in iter(people.errand, None) if e.kind == "session")
    assert errand.token == f"token of {errand.user}"
    people.learn(errand, 401, {})
    again = [e for e in (people.errand() for _ in range(200)) if e.user == errand.user]
    assert {e.kind for e in again} <= {"login", "forged"}


def test_a_refused_forgery_costs_nobody_the_token() -> None:
    people = all_logged_in()
    for name in NAMES:
        people.learn(Errand("forged", name, "GET", "/session"), 401, {})
    assert {people.errand().kind for _ in range(500)} == set(KINDS)


def test_names_are_quoted_in_paths() -> None:
    people = all_logged_in()
    errand = next(e for e in iter(people.errand, None) if (e.kind, e.user) == ("transfer", "zoë"))
    assert errand.path == "/accounts/zo%C3%AB-current/transfers"
    assert errand.content == {"to": "zoë-savings", "amount": 1}


def test_a_forged_token_has_no_signature() -> None:
    assert base64.urlsafe_b64decode(forged("zoë", 12.5)).decode() == "zoë:12:"
