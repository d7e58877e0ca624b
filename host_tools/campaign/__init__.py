"""Many sessions at once: a plan of cohorts, drawn, played in two tiers, judged from outside, and told on a page."""
