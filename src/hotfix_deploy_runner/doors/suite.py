from ..checks.suite import *
