"""What a team shares: who holds an environment, the events of its runs, and what is asked of them."""
