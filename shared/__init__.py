"""What all four services know: words, events, topics and thin plumbing; knows no service."""
