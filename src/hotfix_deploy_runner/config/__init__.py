"""The settings: one typed model, read from `hotfix.toml` or `[tool.hotfix]`, made into what the core understands."""
