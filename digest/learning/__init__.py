"""Takes stored papers; gives models as versioned rows, and papers' vectors by them.

`corpus` (what a fit may see), `fitting` (a fit, stored), `keeping` (the row in use, its bytes, old rows), `vectors`
(papers and texts in a space of meaning). A model that is absent, damaged or of another make is logged and done without.
"""

from digest.learning import vectors
from digest.learning.fitting import fit
from digest.learning.keeping import current, forget_old

__all__ = ["current", "fit", "forget_old", "vectors"]
