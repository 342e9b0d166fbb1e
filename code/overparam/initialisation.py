"""The random network at time 0: w_r ~ N(0, I_d), a_r uniform on {−1, +1}, all independent.

Report: `sec:setting`.  Source: Du et al. (2019), Section 3.  NumPy alone, so that what looks at
H(0) need not load PyTorch; float64.
"""


def draw(input_size, hidden_size, generator):
    """Hidden weights (m, d) and output weights (m,).

    Args:
        input_size: d.
        hidden_size: m, at least 1.
        generator: numpy.random.Generator; draws the hidden weights first, then the output weights.

    Raises:
        ValueError: a size is below 1.
    """
    if input_size < 1 or hidden_size < 1:
        raise ValueError(f"sizes must be at least 1, got d = {input_size}, m = {hidden_size}")
    weights = generator.standard_normal((hidden_size, input_size))
    return weights, generator.choice([-1.0, 1.0], hidden_size)
