"""How right a bundle is: figures with their intervals, drawn and told."""
