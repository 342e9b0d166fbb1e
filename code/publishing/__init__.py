"""From results to print: LaTeX, colophon, proofs, the comparison with reference.json."""
