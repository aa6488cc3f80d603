"""From a benchmark and a board to a submission: what joins model, firmware, engine, runner and results."""
