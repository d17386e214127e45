"""How dates are written where a template does not say: short, unambiguous, 24 hours."""
