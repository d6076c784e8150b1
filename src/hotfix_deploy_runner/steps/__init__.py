"""What each step does: a module a phase. A performer makes one effect and tells what came of it; it decides nothing."""
