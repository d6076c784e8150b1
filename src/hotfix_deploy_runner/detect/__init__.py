"""What a repository is, as far as its files tell: for `init`. It reads and runs nothing; a guess is told as one."""
