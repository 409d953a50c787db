"""How device profiles are made: from spectral sensitivities, from charts, from dark frames, flat frames and stacks."""
