"""How the pictures of the documentation are made: a real terminal, a story, and what is drawn of it."""
