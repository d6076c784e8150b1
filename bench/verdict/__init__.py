"""The verdict beside its peers: the same seeded streams of requests, five rules, and the targets they are held to."""
