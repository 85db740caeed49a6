"""What the figures of a study say, in words: made from the figures, never written by hand."""
