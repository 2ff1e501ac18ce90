"""stats: what happened, what is coming, what is abnormal."""
