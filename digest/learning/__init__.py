"""Takes stored papers; gives models as versioned rows, and papers' vectors by them.

`schedule` (what is to be fitted now), `process` (a fit in a process of its own), `corpus` (what it may see), `fitting`
(a fit, stored), `keeping` (the row in use, its bytes, old rows), `vectors` (papers and texts in a space of meaning),
`about` (topics as they are offered, and papers' relevance to them). A model that is absent, damaged or of another make
is logged and done without.
"""

from digest.learning import about, vectors
from digest.learning.fitting import fit
from digest.learning.keeping import current, forget_old
from digest.learning.likely import likely_to_be_listed
from digest.learning.process import start
from digest.learning.schedule import due

__all__ = ["about", "current", "due", "fit", "forget_old", "likely_to_be_listed", "start", "vectors"]
