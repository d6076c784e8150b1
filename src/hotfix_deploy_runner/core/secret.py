"""What gives a secret away before its value does: the name that it goes by."""

import re

_NAME = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|WEBHOOK|_DSN$", re.IGNORECASE
)


def is_secret_name(name: str) -> bool:
    """Whether a variable or a key called `name` is likely to hold a secret. It errs towards yes."""
    return _NAME.search(name) is not None
