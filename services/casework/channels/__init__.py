"""How casework reaches people outside by other ways than mail."""
