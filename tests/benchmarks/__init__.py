"""Speed and memory, printed as ratios to a peer in one run: ``python -m tests.benchmarks``.

Not part of the test run: these machines are noisy. Each figure is the median of several rounds in
which both sides take turns, so that a slow minute hits both. ``docs/performance.md`` has what was
measured, with the command.
"""
