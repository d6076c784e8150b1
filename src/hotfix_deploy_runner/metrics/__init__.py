"""Where error rate and latency are read. Sources read and difference; judging is the core's."""
