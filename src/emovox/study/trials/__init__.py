"""The recognizer's trainings: planned, run, scored, exported."""
