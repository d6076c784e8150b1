"""The only ways out of the process: commands, git, HTTP. Each with time limits, redaction and cancellation."""
