"""What was done at the bench: slides, fields, cells, reviews, records, and who did it when."""
