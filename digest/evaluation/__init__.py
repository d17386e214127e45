"""Takes a folder of recorded papers, votes, lists and searches, and rankers; gives figures of how well they rank.

Plain Python and numpy. `streams` reads the folder, `tasks` asks the rankers and never shows them an answer,
`ranking.metrics` judges, `today` is what the product's ranking can do.
"""

from digest.evaluation.streams import Recording, open_recording
from digest.evaluation.tasks import Figures, Rankers, evaluate

__all__ = ["Figures", "Rankers", "Recording", "evaluate", "open_recording"]
